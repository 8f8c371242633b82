// A program on the client that openapi-typescript and openapi-fetch make of the description: it asks the server whose
// address it is given for a challenge, leaves a message with a wrong key and then with the right answer. It prints the
// challenge's key, reads the answer from its input, and prints what came of it.
import { createInterface } from "node:readline/promises";
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const client = createClient<paths>({ baseUrl: process.argv[2] ?? "" });

const created = await client.POST("/api/captcha/");
if (created.error) throw new Error(created.error.detail);
const { captcha_key, captcha_image, image_type } = created.data;
const type: "image/png" = image_type; // the description says that it is nothing else
console.log(captcha_key, type, captcha_image.length > 0);

const send = (answer: components["schemas"]["Answer"]) =>
  client.POST("/api/contact", {
    body: { name: "Ada", email: "ada@example.org", message: "Hello", ...answer },
  });

const lines = createInterface({ input: process.stdin });
const captcha_value = (await lines[Symbol.asyncIterator]().next()).value as string;
lines.close();

const refused = await send({ captcha_key: "unknown", captcha_value });
console.log(refused.response.status, JSON.stringify(refused.error));

const sent = await send({ captcha_key, captcha_value });
if (!sent.data) throw new Error(JSON.stringify(sent.error));
const url: string = sent.data.url;
console.log(sent.response.status, url);
