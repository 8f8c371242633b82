// What a component does when it appears, and after a refusal: the picture is its img's src, and the key is kept.
export async function challenge() {
  const { captcha_key, captcha_image } = await (await fetch("/api/captcha/", { method: "POST" })).json();
  return { captcha_key, src: `data:image/png;base64,${captcha_image}` };
}

// What its form's onSubmit does with the fields, captcha_key and captcha_value among them. It resolves to nothing, or to what
// is wrong by field.
export async function send(fields) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch("/api/contact", { method: "POST", headers, body: JSON.stringify(fields) });
  if (!response.ok) return response.json();
}
