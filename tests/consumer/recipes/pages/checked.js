document.querySelector("form").addEventListener("submit", async function (event) {
  if (this.captcha_receipt.value) return; // it was checked
  event.preventDefault();
  const response = await fetch("/api/captcha/receipt/", { method: "POST", body: new URLSearchParams(new FormData(this)) });
  this.captcha_receipt.value = response.ok ? (await response.json()).captcha_receipt : "";
  if (response.ok) return this.requestSubmit();
  this.querySelector("[role=alert]").textContent = "That was not accepted. Type the new characters.";
  this.querySelector("captcha-field").refresh();
});
