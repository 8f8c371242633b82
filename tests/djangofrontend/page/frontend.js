// A front end as it was written for django-rest-captcha. It knows that server's four fields, and its three kinds of
// complaint: by field, about the submission as a whole, and a sentence. It has never heard of this one.

const settings = new URLSearchParams(location.search);
const api = settings.get("api");
const imageField = settings.get("image"); // captcha_value in the original's documentation, captcha_image in its code
const encoding = settings.get("encoding"); // json, urlencoded or multipart

const form = document.querySelector("form");
const complaints = document.querySelector("ul");
const status = document.querySelector("[role=status]");
let key;

async function newChallenge() {
  const response = await fetch(api + "/api/captcha/", { method: "POST" });
  const challenge = await response.json();
  if (!response.ok) return complain({ captcha: [challenge.detail] });
  key = challenge.captcha_key;
  document.querySelector("img").src =
    `data:${challenge.image_type};${challenge.image_decode},${challenge[imageField]}`;
  document.body.dataset.key = key;
}

function submission() {
  const fields = { email: form.email.value, captcha_key: key, captcha_value: form.captcha_value.value };
  if (encoding === "urlencoded") return { method: "POST", body: new URLSearchParams(fields) };
  if (encoding === "multipart") {
    const body = new FormData();
    for (const name in fields) body.append(name, fields[name]);
    return { method: "POST", body };
  }
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields) };
}

function complain(byField) {
  complaints.replaceChildren();
  for (const [field, messages] of Object.entries(byField)) {
    for (const message of messages) {
      const item = document.createElement("li");
      item.textContent = `${field}: ${message}`;
      complaints.append(item);
    }
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  status.textContent = "";
  complain({});
  const response = await fetch(api + "/api/contact", submission());
  const reply = await response.json();
  if (response.ok) {
    status.textContent = "Sent.";
    return;
  }
  complain(reply.detail ? { detail: [reply.detail] } : reply);
  if (reply.non_field_errors) await newChallenge(); // the challenge is used up
  status.textContent = "Not sent.";
});

newChallenge();
