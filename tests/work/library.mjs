// ALTCHA's published library, for library_test.go: node library.mjs create|verify|solve, with JSON on standard input
// and output.
import { readFileSync } from "node:fs";
import { createChallenge, solveChallenge, verifySolution } from "altcha-lib";
import { deriveKey } from "altcha-lib/algorithms/pbkdf2";

const input = JSON.parse(readFileSync(0, "utf8"));
const doThis = {
  // A list of options makes a list of challenges.
  create: () => Promise.all(input.map((options) => createChallenge({ ...options, deriveKey }))),
  // A list of what a widget submits, each with the secret, makes a list of results.
  verify: () => Promise.all(input.map(({ challenge, solution, hmacSignatureSecret }) =>
    verifySolution({ challenge, solution, hmacSignatureSecret, deriveKey }))),
  // A list of challenges makes a list of what a widget submits.
  solve: () => Promise.all(input.map(async ({ parameters, signature }) => {
    const challenge = { parameters, signature };
    const solution = await solveChallenge({ challenge, deriveKey });
    return btoa(JSON.stringify({ challenge, solution }));
  })),
};
console.log(JSON.stringify(await doThis[process.argv[2]]()));
