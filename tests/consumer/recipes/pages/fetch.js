// A component calls this when it appears and after a refusal. It shows src in an img, and keeps the key.
export async function challenge() {
  const { captcha_key, captcha_image } = await (await fetch("/api/captcha/", { method: "POST" })).json();
  return { captcha_key, src: `data:image/png;base64,${captcha_image}` };
}

// The form's onSubmit calls this with the fields, captcha_key and captcha_value among them. It resolves to nothing if
// they were accepted, or to what is wrong by field.
export async function send(fields) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch("/api/contact", { method: "POST", headers, body: JSON.stringify(fields) });
  if (!response.ok) return response.json();
}
