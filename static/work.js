// Makes this browser do the work of one challenge, as a form would, and says how long it took and what it costs in
// native code.

// Iterations of PBKDF2-HMAC-SHA-256 a second: tests/tools/price measured them for Go on one core of an AMD EPYC, and
// computes them for an RTX 4090 from a published benchmark. The usual price of a core's hour.
const native = 7.2e6, card = 8.86e9, dollarsAnHour = 0.04;

const numbers = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

// failures says in sentences what some of the worker's reasons mean.
const failures = {
  insecure: "Browsers can do this only on a page that comes over HTTPS or from the same machine.",
  limit: "This browser needed more than 30 seconds. A form would show letters instead.",
};

let busy = false;

// work shows in an element what the work took, or why it failed.
export async function work(said) {
  if (busy) return;
  busy = true;
  said.textContent = "Your browser is working.";
  try {
    said.replaceChildren(facts(...await solve()));
  } catch (problem) {
    said.textContent = typeof problem === "string" ? problem : "This browser could not do the work. A form would show letters instead.";
  }
  busy = false;
}

async function solve() {
  const reply = await fetch("/api/captcha/altcha", { cache: "no-store" });
  if (reply.status === 429) throw "Too many challenges were asked for from your network. Try again in a minute.";
  if (!reply.ok) throw "Sorry, the server can’t make a challenge at the moment. Try again in a few seconds.";
  const challenge = (await reply.json()).parameters;
  const worker = new Worker("/api/captcha/assets/work.js");
  const done = await new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = () => resolve({ type: "failed" });
    worker.postMessage({ type: "start", challenge });
  });
  worker.terminate();
  if (done.type !== "solved") throw failures[done.reason];
  return [challenge, done];
}

function facts({ cost, range }, { tries, time }) {
  const seconds = time / 1000, mean = (range + 1) / 2 * cost;
  const price = 1000 * mean / native / 3600 * dollarsAnHour;
  const list = document.createElement("dl");
  list.className = "facts";
  for (const [name, text] of Object.entries({
    "This browser": `${numbers.format(seconds)} s for ${whole.format(tries)} of at most ${whole.format(range)} tries`,
    "At worst": `${numbers.format(seconds / tries * range)} s, if the last try is the right one`,
    "Native code": `${numbers.format(tries * cost / native)} s on one core of a server for as many tries; ` +
      `1,000 average challenges cost ${numbers.format(price)} USD`,
    "A graphics card": `an RTX 4090 solves about ${numbers.format(card / mean)} average challenges a second`,
  })) {
    list.append(Object.assign(document.createElement("dt"), { textContent: name }));
    list.append(Object.assign(document.createElement("dd"), { textContent: text }));
  }
  return list;
}
