"use strict";

// Makes the four steps live: each button sends its request and shows what went over the wire.
const part = (id) => document.getElementById(id);
const shownHeaders = ["Content-Type", "Cache-Control", "Allow", "Retry-After"];
let sent; // the body of the last message, to send again

async function exchange(step, path, body) {
  const headers = body === undefined ? {} : {"Content-Type": "application/json"};
  const lines = Object.entries({Host: location.host, ...headers}).map(([name, value]) => `${name}: ${value}`);
  part("request-" + step).textContent = [`POST ${path} HTTP/1.1`, ...lines].join("\n") + (body === undefined ? "" : "\n\n" + body);
  part("said-" + step).textContent = "Sending the request.";
  try {
    const reply = await fetch(path, {method: "POST", headers, body});
    const text = await reply.text();
    const status = `${reply.status} ${reply.statusText}`.trim();
    const received = shownHeaders.filter((name) => reply.headers.has(name)).map((name) => `${name}: ${reply.headers.get(name)}`);
    part("reply-" + step).textContent = [`HTTP/1.1 ${status}`, ...received].join("\n") + "\n\n" + pretty(text);
    part("said-" + step).textContent = `The server answered ${status}.`;
    return reply.ok ? JSON.parse(text) : null;
  } catch {
    part("said-" + step).textContent = "The server can’t be reached. Check your internet connection, then try again.";
    return null;
  }
}

// pretty indents JSON, and shortens the pictures in it.
function pretty(text) {
  const short = (_, value) => typeof value === "string" && value.length > 100 ? `${value.slice(0, 24)}… (${value.length} characters)` : value;
  try {
    return JSON.stringify(JSON.parse(text), short, 2);
  } catch {
    return text;
  }
}

async function ask() {
  const challenge = await exchange(1, "/api/captcha/");
  if (!challenge) return;
  if (!part("picture")) return location.reload(); // The page came while there were no challenges.
  const key = challenge[part("key").name];
  part("picture").removeAttribute("height"); // it was that of a form's picture
  part("picture").src = `data:${challenge.image_type};base64,${challenge[part("ask").dataset.picture]}`;
  part("sound").src = `/api/captcha/${key}/audio.wav`;
  part("key").value = key;
  part("captcha_value").value = "";
}

function message() {
  return Object.fromEntries(new FormData(part("send")));
}

const refusals = {
  again: () => sent ?? JSON.stringify(message(), null, 2),
  wrong: () => JSON.stringify({...message(), captcha_value: "WRONG"}, null, 2),
  missing: () => JSON.stringify({...message(), captcha_value: undefined}, null, 2),
  unread: () => `{"name": "Ada", "${part("key").name}": "`,
};

part("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});

part("send").addEventListener("submit", (event) => {
  event.preventDefault();
  sent = JSON.stringify(message(), null, 2);
  exchange(3, "/api/contact", sent);
});

part("refuse").hidden = false;
part("refuse").addEventListener("click", (event) => {
  const refusal = refusals[event.target.dataset.refusal];
  if (refusal) exchange(4, "/api/contact", refusal());
});
