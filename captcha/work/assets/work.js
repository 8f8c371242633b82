// Solves one challenge of package captcha/work in a dedicated worker: one thread, which can be paused while nobody
// looks at the page, and stopped at any time with terminate(). It makes no requests.
//
// The page sends:
//
//   {type: "start", challenge, limit}  Once. The challenge is the JSON from the server, parsed. The worker gives up
//                                      after limit milliseconds, by default 30,000; pauses don't count.
//   {type: "pause"}, {type: "resume"}  At any time. Pause before the start if the page opens in the background.
//
// The worker sends one message, at the end:
//
//   {type: "solved", solution, tries, time}  The text to submit, how many counters were tried, and for how many ms.
//   {type: "failed", reason, tries, time}    The visitor has to pass the captcha in another way. The reason is
//     "insecure"     the page was loaded over plain HTTP, where browsers have no crypto.subtle
//     "unsupported"  this script does not know the algorithm
//     "limit"        the time is up
//     "exhausted"    no counter is the answer: the challenge was probably damaged on its way
//     "error"        the browser's cryptography failed
"use strict";

const limitDefault = 30000;

let started = false;
let paused = false;
let wake = () => {};

self.addEventListener("message", ({ data }) => {
  if (data.type === "pause") paused = true;
  if (data.type === "resume") {
    paused = false;
    wake();
  }
  if (data.type !== "start" || started) return;
  started = true;
  const spent = { tries: 0, time: 0 };
  search(data.challenge, data.limit || limitDefault, spent)
    .catch((error) => ({ type: "failed", reason: error.reason || "error" }))
    .then((result) => self.postMessage(Object.assign(result, spent)));
});

function refuse(reason) {
  throw Object.assign(new Error(reason), { reason });
}

async function search(challenge, limit, spent) {
  if (!(self.crypto && self.crypto.subtle)) refuse("insecure");
  if (challenge.algorithm !== "PBKDF2/SHA-256") refuse("unsupported");

  const nonce = bytes(challenge.nonce);
  const password = new Uint8Array(nonce.length + 4);
  password.set(nonce);
  const counter = new DataView(password.buffer, nonce.length);
  const derivation = { name: "PBKDF2", hash: "SHA-256", salt: bytes(challenge.salt), iterations: challenge.cost };
  const prefix = bytes(challenge.keyPrefix);

  for (let n = 0; n < challenge.range; n++) {
    if (paused) await new Promise((resume) => (wake = resume));
    if (spent.time >= limit) refuse("limit");
    const begin = performance.now();
    counter.setUint32(0, n);
    const source = await self.crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const key = new Uint8Array(await self.crypto.subtle.deriveBits(derivation, source, 8 * challenge.keyLength));
    spent.tries++;
    spent.time += performance.now() - begin;
    if (prefix.every((byte, i) => byte === key[i])) {
      return { type: "solved", solution: hex(key.subarray(prefix.length)) + challenge.seal };
    }
  }
  return refuse("exhausted");
}

function bytes(text) {
  const all = new Uint8Array(text.length / 2);
  for (let i = 0; i < all.length; i++) all[i] = parseInt(text.substr(2 * i, 2), 16);
  return all;
}

function hex(all) {
  return Array.from(all, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
