// The captcha for forms on another origin than its server's. Load this script as a module, and put this into the form:
//
//   <captcha-site data-sitekey="shop"></captcha-site>
//
// The element puts the captcha's field into itself, in the language of the nearest element with lang. Until then it
// shows what the page wrote into it. When the visitor sends the form, the element first exchanges the solved challenge
// for a response. It then sends the form with the response in a hidden field, captcha_response.
//
// Attributes, all optional:
//
//   data-response      one or more names for that field: g-recaptcha-response h-captcha-response
//   data-input-class   classes for the text field
//   data-button-class  classes for the buttons
//
// If your page sends its form by script, get the response by await document.querySelector("captcha-site").response().
// It is "" if the visitor has to do something first; the element says what. A response is good once, so call refresh()
// if the form was refused. The events are those of the field.
//
// A Content-Security-Policy of the page has to allow img-src data:, worker-src blob:, and the server's origin in
// script-src, style-src, connect-src and media-src.
//
// It needs Chrome 64, Edge 79, Firefox 62 or Safari 11.1.

import "../captcha/assets/field.js";

const api = new URL("../captcha/", import.meta.url).href;
const exchange = new URL("response", import.meta.url).href;
const patience = 15000; // milliseconds to wait for a reply
const margin = 10000; // milliseconds before a response ends in which it is not used, at most half its life

class CaptchaSite extends HTMLElement {
  get form() { return this.closest("form"); }

  connectedCallback() {
    if (!this.field) this.build();
    this.held = this.held || ((event) => this.hold(event));
    this.page = this.field.page;
    this.page.addEventListener("submit", this.held, true);
  }

  disconnectedCallback() { this.page.removeEventListener("submit", this.held, true); }

  build() {
    const { sitekey, response, inputClass, buttonClass } = this.dataset;
    const copied = this.querySelector("captcha-field"); // if the element was copied with its field
    if (copied) this.textContent = "";
    const field = (this.field = document.createElement("captcha-field"));
    while (this.firstChild) field.appendChild(this.firstChild);
    Object.assign(field.dataset, { api, purpose: "site_" + sitekey });
    if (inputClass) field.dataset.inputClass = inputClass;
    if (buttonClass) field.dataset.buttonClass = buttonClass;
    this.inputs = (response || "captcha_response").split(/\s+/).filter(Boolean).map((name) =>
      Object.assign(document.createElement("input"), { type: "hidden", name, autocomplete: "off" }));
    for (const part of [field, ...this.inputs]) this.appendChild(part);
    this.addEventListener("refreshed", () => this.keep("", 0));
  }

  keep(response, seconds) {
    for (const input of this.inputs) input.value = response;
    this.until = Date.now() + seconds * 1000 - Math.min(margin, seconds * 500);
  }

  refresh() { return this.field.refresh(); }

  // hold stops a form that has no response yet.
  hold(event) {
    const { form } = this, { submitter } = event;
    if (event.target !== form || this.good() || (submitter && submitter.formMethod === "dialog")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (this.pending) return void this.field.say(this.field.dataset.sending);
    this.response().then((response) => {
      if (!response) return;
      if (form.requestSubmit) form.requestSubmit(submitter);
      else form.submit();
    });
  }

  good() { return this.inputs[0].value !== "" && Date.now() < this.until; }

  response() {
    if (this.good()) return Promise.resolve(this.inputs[0].value);
    if (!this.pending) {
      const done = () => { this.pending = null; };
      this.pending = this.ask();
      this.pending.then(done, done);
    }
    return this.pending;
  }

  async ask() {
    const { field } = this, answer = field.part("answer");
    if (field.replacing) await field.replacing; // the old challenge may have expired
    if (!answer || (answer.reportValidity && !answer.reportValidity())) return "";
    const { dataset } = field, body = new URLSearchParams();
    for (const input of field.querySelectorAll("input[name]")) body.set(input.name, input.value);
    const purpose = new URL(dataset.create, location.href).searchParams.get("purpose");
    const given = window.AbortController ? new AbortController() : {};
    const limit = setTimeout(() => given.abort && given.abort(), patience);
    try {
      const headers = { Accept: "application/json", "Accept-Language": field.lang };
      const options = { method: "POST", cache: "no-store", headers, body, signal: given.signal };
      const reply = await fetch(exchange + "?purpose=" + purpose, options);
      const told = await reply.json();
      if (reply.ok) {
        this.keep(told.response, told.expires_in);
        return told.response;
      }
      if (reply.status === 400) await this.blame(told.message);
      else field.say(reply.status === 429 ? dataset.tooMany : dataset.unavailable);
    } catch (failure) {
      field.say(navigator.onLine === false ? dataset.offline : dataset.unavailable);
    } finally {
      clearTimeout(limit);
      field.unsay(dataset.sending);
    }
    return "";
  }

  // blame shows a new challenge, and says at its text field why the answer was refused.
  async blame(sentence) {
    const { field } = this;
    await field.refresh();
    const answer = field.part("answer");
    let error = field.part("error");
    if (!error) {
      error = document.createElement("p");
      error.className = "captcha-error";
      error.id = answer.id + "-error";
      answer.parentNode.insertBefore(error, answer.nextSibling);
    }
    error.classList.remove("captcha-gone");
    error.textContent = sentence;
    answer.setAttribute("aria-invalid", "true");
    answer.setAttribute("aria-describedby", error.id);
    answer.focus();
  }
}

if (window.customElements && !customElements.get("captcha-site")) customElements.define("captcha-site", CaptchaSite);
