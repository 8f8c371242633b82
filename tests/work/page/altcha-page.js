// What a page has to say to ALTCHA's widget where a policy forbids it to make workers out of its own source.
$altcha.algorithms.set("PBKDF2/SHA-256", () => new Worker("/dist/workers/pbkdf2.js"));

// At #alone the page needs nobody to click: for a browser that is only opened.
if (location.hash === "#alone") {
  const widget = document.querySelector("altcha-widget");
  widget.addEventListener("verified", () => document.querySelector("form").requestSubmit());
  customElements.whenDefined("altcha-widget").then(() => widget.verify());
}
