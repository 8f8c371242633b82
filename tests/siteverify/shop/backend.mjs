// A shop's backend, which serves index.html and has fibercaptcha verify what its form brings:
//
//   CAPTCHA=http://localhost:3000 SECRET=... PORT=8080 node backend.mjs
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

const { CAPTCHA, SECRET, PORT } = process.env;
const page = readFileSync(new URL("index.html", import.meta.url), "utf8").replace("{captcha}", CAPTCHA);
const policy = `default-src 'none'; img-src 'self' data:; worker-src blob:; script-src ${CAPTCHA}; style-src ${CAPTCHA}; ` +
  `connect-src ${CAPTCHA}; media-src ${CAPTCHA}; form-action 'self'`;

// verify resolves to what the captcha's server says of a response.
async function verify(response) {
  const reply = await fetch(CAPTCHA + "/api/siteverify", { method: "POST", body: new URLSearchParams({ secret: SECRET, response }) });
  return reply.json();
}

createServer(async (request, response) => {
  response.setHeader("Content-Security-Policy", policy);
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  if (request.method !== "POST") return response.end(page);
  const form = new URLSearchParams(await text(request));
  const verdict = await verify(form.get("captcha_response") || "");
  response.end(verdict.success ? `<h1>Thank you</h1><p>${verdict.hostname}` : `<h1>Refused</h1><p>${verdict["error-codes"]}`);
}).listen(PORT, "127.0.0.1", () => console.log("listening"));
