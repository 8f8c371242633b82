// Has published server libraries verify responses, one after the other: reads a JSON list of {library, secret, response,
// key}, and prints one of {ok, hostname, codes}.
const { text } = require("node:stream/consumers");

const hcaptcha = require("hcaptcha");
const { RecaptchaV2 } = require("express-recaptcha");
const { TurnstileVerify } = require("turnstile-verify");

const libraries = {
  async hcaptcha({ secret, response }) {
    const data = await hcaptcha.verify(secret, response, "192.0.2.1", "shop");
    return { ok: data.success, hostname: data.hostname, codes: data["error-codes"], moment: data.challenge_ts };
  },
  recaptcha({ secret, response }) {
    const request = { body: { "g-recaptcha-response": response } };
    return new Promise((told) => new RecaptchaV2("shop", secret).verify(request, (error, data) =>
      told({ ok: !error, hostname: data ? data.hostname : "", codes: error ? [error] : [] })));
  },
  async turnstile({ secret, response, key }) {
    const { valid, messages } = await new TurnstileVerify({ token: secret }).validate({ response, idempotency_key: key });
    return { ok: valid, codes: valid ? [] : messages };
  },
};

(async () => {
  const told = [];
  for (const call of JSON.parse(await text(process.stdin))) told.push(await libraries[call.library](call));
  console.log(JSON.stringify(told));
})();
