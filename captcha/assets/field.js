// This script gets new characters when the visitor asks for them and before the old ones expire. It plays the sound
// with one button, has the browser do work in place of the visitor, and keeps a form from being sent twice. The field
// works without it too: its button for new characters then sends the form, and the browser's control plays the sound.
//
// It needs Chrome 61, Edge 79, Firefox 63 or Safari 11: modules, custom elements, async functions. It checks that newer
// features are there before it uses them. In older browsers the field works as it does without script.
//
// State that must survive a copy of the element, such as the snapshots of Turbo and htmx, is kept in attributes:
//
//   data-until    when the challenge expires, as Date.now() counts
//   data-heard    the visitor asked for the sound
//   data-sent     the form was submitted, so the challenge may be used up
//   data-state    "checked": the browser has done the work
//   data-letters  the visitor chose to type letters
//
// The element sends events, which bubble:
//
//   refreshed  there is a new challenge
//   expired    the challenge expired while its answer was being typed
//   failed     something did not work; detail.reason is "offline", "limited", "unavailable", "sound" or "work"
//   verified   the browser has done the work, so the form can be sent unless it needs letters too
//
// If your app sends its form by script, call document.querySelector("captcha-field").refresh() for new characters.
//
// In a page that the server does not render, write <captcha-field data-api="/api/captcha/"></captcha-field>. Add
// data-purpose if the form has a purpose, and lang if the language is not the page's. The element then builds itself.
// data-api may be on another origin if that one allows the page by CORS.

// Milliseconds.
const early = 10000; // A challenge is replaced this long before it ends: an answer sent just then arrives in time.
const enough = 60000; // A visitor who starts to answer has at least this long, or a quarter of the challenge's life.
const again = 10000; // Wait after a failed replacement, if the server names no time.
const patience = 15000; // The longest wait for a reply.
const slow = 3000; // A visitor who waits this long is told so.
const nap = 30000; // The longest time between looks at the clock: timers stop while a computer sleeps.
const once = 10000; // For this long a form is not sent again.
const pressed = 5000; // While a pointer is pressed, nothing moves for this long.
const clicked = 500; // A click comes this soon after the release, or not at all.
const workLimit = 30000; // The longest the browser works on one challenge.

// Pages with Trusted Types take HTML and workers' URLs only from a policy such as this.
const trusted = (() => {
  const same = { createHTML: (text) => text, createScriptURL: (url) => url };
  try {
    return window.trustedTypes ? window.trustedTypes.createPolicy("captcha-field", same) : same;
  } catch (refused) {
    return same;
  }
})();

// post resolves to the reply of a success, or throws {reason, seconds}.
async function post(url, language, kind) {
  const given = window.AbortController ? new AbortController() : {};
  const limit = setTimeout(() => given.abort && given.abort(), patience);
  try {
    const headers = { Accept: kind };
    if (language) headers["Accept-Language"] = language;
    const sent = fetch(url, { method: "POST", cache: "no-store", headers, signal: given.signal });
    const response = await sent.catch(() => {
      throw { reason: "offline" };
    });
    if (!response.ok) {
      throw {
        reason: response.status === 429 ? "limited" : "unavailable",
        seconds: Number(response.headers.get("Retry-After")),
      };
    }
    return await (kind === "text/html" ? response.text() : response.json());
  } finally {
    clearTimeout(limit);
  }
}

const copies = {}; // of workers' scripts, by their URLs

// local resolves to a URL of the page's origin: browsers start workers from no other.
function local(url) {
  if (new URL(url, location.href).origin === location.origin) return url;
  const copy = async () => {
    const response = await fetch(url);
    if (!response.ok) throw "unavailable";
    return URL.createObjectURL(await response.blob());
  };
  if (!copies[url]) {
    copies[url] = copy();
    copies[url].catch(() => delete copies[url]);
  }
  return copies[url];
}

// fromCache reports whether the page is from the browser's cache, as it was when its form was sent.
function fromCache() {
  const [visit] = performance.getEntriesByType ? performance.getEntriesByType("navigation") : [];
  return Boolean(visit) && visit.type === "back_forward" && !visit.transferSize;
}

class CaptchaField extends HTMLElement {
  part(name) { return this.querySelector(".captcha-" + name); }
  get key() { return this.querySelector("input[type=hidden]:not(.captcha-work)"); }
  get focused() { return this.getRootNode().activeElement; } // in the page, or in the shadow tree that the field is in
  get page() { return this.getRootNode() === document ? window : this.getRootNode(); } // where the form is heard of
  get left() { return Number(this.dataset.until) - Date.now(); }
  // share returns time, or a quarter of the challenge's life if that is shorter.
  share(time) { return Math.min(time, Number(this.dataset.lifetime) / 4); }

  connectedCallback() {
    if (this.part("answer")) this.begin();
    else if (this.dataset.api) this.build();
  }

  disconnectedCallback() {
    (this.listeners || []).forEach(([target, ...listener]) => target.removeEventListener(...listener));
    this.listeners = [];
    clearTimeout(this.timer);
    this.rest();
    this.catchUp();
  }

  // build gets the field from the server. Until it is there, the element shows what the page put into it.
  async build() {
    const near = this.closest("[lang]");
    const query = new URLSearchParams();
    if (near) query.set("language", near.lang);
    if (this.dataset.purpose) query.set("purpose", this.dataset.purpose);
    try {
      const template = document.createElement("template");
      template.innerHTML = trusted.createHTML(await post(this.dataset.api + "field?" + query, "", "text/html"));
      if (this.part("answer")) return;
      const made = template.content.querySelector("captcha-field");
      made.removeChild(made.querySelector("script"));
      this.rebase(made);
      for (const { name, value } of Array.from(made.attributes)) this.setAttribute(name, value);
      this.dataset.until = Date.now() + Number(this.dataset.left);
      while (this.firstChild) this.removeChild(this.firstChild);
      while (made.firstChild) this.appendChild(made.firstChild);
      for (const [kind, chosen] of [["answer", this.dataset.inputClass], ["button", this.dataset.buttonClass]]) {
        if (chosen) for (const one of this.querySelectorAll(".captcha-" + kind)) one.className += " " + chosen;
      }
      if (this.isConnected) this.begin();
    } catch (failure) {
      this.emit("failed", { reason: failure.reason || "unavailable" });
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.isConnected && this.build(), failure.seconds * 1000 || again);
    }
  }

  // rebase completes the relative URLs of a field from another origin.
  rebase(made) {
    const base = new URL(this.dataset.api, document.baseURI);
    if (base.origin === location.origin) return;
    for (const name of ["src", "href", "data-create", "data-work", "data-worker"]) {
      for (const part of [made, ...made.querySelectorAll(`[${name}]`)]) {
        if (part.hasAttribute(name)) part.setAttribute(name, new URL(part.getAttribute(name), base).href);
      }
    }
    const audio = made.querySelector("audio");
    if (audio) audio.crossOrigin = "anonymous"; // so that the browser sends the page's origin
  }

  on(target, type, action, capture) {
    target.addEventListener(type, action, Boolean(capture));
    (this.listeners = this.listeners || []).push([target, type, action, Boolean(capture)]);
  }

  begin() {
    const refresh = this.part("refresh"), listen = this.part("listen"), audio = this.part("audio");
    const answer = this.part("answer"), enter = this.part("enter"), letters = this.part("letters");
    if (enter) enter.parentNode.removeChild(enter);
    refresh.type = "button";
    this.on(refresh, "click", () => this.refresh());
    if (audio) {
      listen.hidden = false;
      audio.hidden = true;
      this.on(listen, "click", () => this.listen());
      this.on(audio, "play", () => this.showPlaying(true));
      this.on(audio, "pause", () => this.showPlaying(false));
      this.showPlaying(!audio.paused);
    }
    if (letters) this.on(letters, "click", () => this.chooseLetters());
    this.on(answer, "input", () => this.typed());
    this.on(answer, "focus", () => this.answering());
    this.on(this, "focusout", (event) => this.contains(event.relatedTarget) || this.putAway());
    for (const button of [refresh, listen]) if (button) this.on(button, "click", () => this.stayWith(button));
    for (const sign of ["focusin", "input"]) this.on(answer.form || this, sign, () => this.touch()); // or autofill
    // At a click the browser needs to show it. Before, the page only looks whether its form is filled in.
    this.on(answer, "invalid", (event) => this.hold(event) || (this.pressed && this.catchUp()));
    this.on(this.page, "click", (event) => this.press(event), true);
    this.on(this.page, "submit", (event) => this.sends(event) && this.sending(event), true);
    this.on(this.page, "submit", (event) => this.sends(event) && this.sent(event));
    this.on(window, "pointerdown", () => this.keepStill(pressed), true);
    this.on(window, "pointerup", () => this.keepStill(clicked), true);
    for (const end of ["click", "pointercancel"]) this.on(window, end, () => this.keepStill(0), true);
    this.on(document, "visibilitychange", () => this.look());
    this.on(window, "online", () => this.look());
    this.on(window, "pagehide", () => this.rest());
    this.on(window, "pageshow", (event) => event.persisted && this.returned());

    const fresh = !("until" in this.dataset);
    // If the challenge has expired already, the page is from a cache or the visitor's clock is wrong. Get another.
    const over = Date.now() > Number(this.dataset.expires);
    if (fresh) this.dataset.until = over ? 0 : Date.now() + Number(this.dataset.left);
    if ((fresh && document.readyState !== "complete" && fromCache()) || "sent" in this.dataset) this.replace("stale");
    else this.look();
    const work = this.part("work"); // solved already if the form came back because of another field
    if (work && work.value && !("letters" in this.dataset)) this.met();
    if (this.wasTouched || (answer.form && answer.form.contains(this.focused))) this.touch();
  }

  // refresh shows a new challenge and says so. It resolves to true if there is one.
  refresh() {
    this.held = null;
    this.say("");
    return this.replace("asked");
  }

  // replace gets another challenge if one was "asked" for, or if the old one is "due" to end or "stale". If it is only
  // due, the visitor keeps what was typed or heard. Who asks while another is on its way has asked for that one.
  replace(why) {
    if (this.replacing && why !== "asked") return this.replacing;
    this.why = why;
    this.rest();
    if (!this.replacing) this.replacing = this.another();
    return this.replacing;
  }

  async another() {
    const { dataset } = this, checked = dataset.state === "checked", asked = () => this.why === "asked";
    const dull = setTimeout(() => asked() && this.say(dataset.slow), slow);
    this.part("refresh").classList.add("captcha-busy");
    try {
      const challenge = await post(dataset.create, this.lang, "application/json");
      // The old solution stays until there is a new one: nobody has to type only because time has passed.
      const solution = checked && !asked() ? await this.solve(challenge[this.key.name]).catch(() => "") : "";
      const next = await this.drawn(challenge);
      if (this.why === "due" && (!this.untouched() || this.goes)) return false;
      const attentive = this.contains(this.focused) || this.part("answer").value !== "";
      this.show(challenge, next, solution);
      const news = asked() ? dataset.refreshed : attentive || checked ? dataset.expired : "";
      this.say(this.held ? dataset.sending : solution ? dataset.checked : news);
      this.emit("refreshed", { reason: this.why });
      return true;
    } catch (failure) {
      const reason = failure.reason || "unavailable";
      const said = { offline: dataset.offline, limited: dataset.tooMany }[reason] || dataset.unavailable;
      if (asked() || this.left < 0 || this.why === "stale") this.say(said);
      this.retry = Date.now() + (failure.seconds * 1000 || again);
      this.emit("failed", { reason });
      return false;
    } finally {
      clearTimeout(dull);
      this.part("refresh").classList.remove("captcha-busy");
      this.replacing = null;
      this.look();
      if (this.wasTouched) this.work();
      if (!this.working) this.release();
    }
  }

  // drawn resolves to a challenge's picture once it can be shown without delay.
  async drawn(challenge) {
    const next = new Image();
    next.src = `data:${challenge.image_type};base64,${challenge[this.dataset.image]}`;
    if (next.decode) await next.decode();
    else await new Promise((drawn, failed) => Object.assign(next, { onload: drawn, onerror: failed }));
    return next;
  }

  show(challenge, next, solution) {
    const { dataset } = this, picture = this.part("picture"), audio = this.part("audio");
    const work = this.part("work"), answer = this.part("answer");
    const scale = picture.getAttribute("width") / picture.naturalWidth || 1;
    picture.src = next.src;
    picture.setAttribute("width", Math.round(next.naturalWidth * scale));
    picture.setAttribute("height", Math.round(next.naturalHeight * scale));

    const old = this.key.value, key = challenge[this.key.name];
    if (audio) {
      audio.pause();
      audio.setAttribute("src", audio.getAttribute("src").replace(old, key));
    }
    this.key.value = key;
    this.ask(challenge);
    answer.value = "";
    answer.removeAttribute("value"); // that the page came with
    this.forgive();
    for (const name of ["heard", "sent"]) delete this.dataset[name];
    this.lastSent = 0;
    if (work) {
      this.dataset.work = this.dataset.work.replace(old, key);
      work.value = solution;
      if (!solution || dataset.asks === "both") this.bringBack();
    }
    this.dataset.until = Date.now() + Number(this.dataset.lifetime);
  }

  // ask shows how many letters a challenge has, and notes whether work counts: under attack a site may ask for more.
  ask({ captcha_asks: asks, captcha_length: length }) {
    if (!asks) return;
    if (this.part("work")) this.dataset.asks = asks;
    if (length > 1) this.part("count").textContent = `(${this.dataset.count.replace("{n}", length)})`;
  }

  get goes() { return Date.now() - (this.lastSent || 0) < once; } // whether the form was sent just now
  untouched() { return this.part("answer").value === "" && !("heard" in this.dataset && this.left > 0); }

  // look does what is due by now. While the page is hidden, everything waits, except a form that was sent.
  look() {
    clearTimeout(this.timer);
    const waits = document.hidden;
    if (this.worker) this.worker.postMessage({ type: waits && !this.held ? "pause" : "resume" });
    if (waits || this.replacing || !this.isConnected) return;
    const now = Date.now(), sending = this.goes;
    const before = this.dataset.state === "checked" ? this.share(enough) : this.share(early);
    const due = Math.max(Number(this.dataset.until) - before, this.retry || 0);
    if (now >= due && !sending && this.untouched()) return void this.replace("due");
    if (this.left <= 0 && !sending && !this.untouched() && this.told !== this.key.value) {
      this.told = this.key.value;
      this.say(this.dataset.over);
      this.emit("expired");
    }
    const next = [due, Number(this.dataset.until), (this.lastSent || 0) + once, now + nap].filter((time) => time > now);
    this.timer = setTimeout(() => this.look(), Math.min(...next) - now);
  }

  // answering makes sure that a visitor who starts to answer has enough time.
  async answering() {
    if (this.left < this.share(enough) && this.untouched() && !(this.retry > Date.now())) await this.replace("due");
  }

  typed() {
    this.letGo();
    if (this.part("answer").value !== "") this.forgive();
    this.look();
  }

  // forgive hides an error that is no longer true. Nothing below it moves.
  forgive() {
    const error = this.part("error"), answer = this.part("answer");
    if (!error) return;
    error.classList.add("captcha-gone");
    answer.removeAttribute("aria-invalid");
    answer.removeAttribute("aria-describedby");
  }

  // sends reports whether an event sends the field's form. It may also close the dialog that the form is in.
  sends({ target, submitter }) {
    return target === this.part("answer").form && ((submitter && submitter.formMethod) || target.method) !== "dialog";
  }

  sending(event) { return this.hold(event) || this.refuseTwice(event); }

  refuseTwice(event) {
    if (!this.goes) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.say(this.dataset.sending);
  }

  sent(event) {
    this.dataset.sent = "";
    if (!event.defaultPrevented) this.lastSent = Date.now();
  }

  // returned is called when the browser shows the page again from its cache.
  returned() {
    this.lastSent = 0;
    this.letGo();
    if ("sent" in this.dataset) this.replace("stale");
    else this.look();
    if (this.wasTouched) this.work();
  }

  async listen() {
    const audio = this.part("audio");
    if (!audio.paused) return audio.pause();
    await this.answering();
    this.dataset.heard = "";
    if (audio.error) audio.load();
    audio.currentTime = 0;
    try {
      await audio.play();
      this.unsay(this.dataset.silent);
    } catch (error) {
      if (error.name === "AbortError") return;
      delete this.dataset.heard;
      this.say(navigator.onLine === false ? this.dataset.offline : this.dataset.silent);
      this.emit("failed", { reason: "sound" });
    }
  }

  showPlaying(playing) {
    const [listen, stop] = this.part("listen").children;
    listen.hidden = playing;
    stop.hidden = !playing;
  }

  // Work.

  touch() {
    this.wasTouched = true;
    this.work();
  }

  async work() {
    const { dataset } = this, input = this.part("work");
    if (!input || input.value || dataset.asks === "letters" || "letters" in dataset) return;
    if (this.working || this.replacing || this.failedFor === this.key.value) return;
    const key = this.key.value;
    try {
      const solution = await this.solve(key);
      if (this.key.value !== key || "letters" in dataset) return;
      input.value = solution;
      this.met();
      this.emit("verified");
      this.look();
      this.release();
    } catch (reason) {
      if (reason === "ended") return;
      this.failedFor = key; // The letters remain.
      this.emit("failed", { reason: "work" });
      this.release();
    }
  }

  // solve does the work of the challenge with this key and resolves to the solution.
  async solve(key) {
    const mine = (this.working = {});
    const ended = () => this.working !== mine;
    try {
      if (!window.isSecureContext || !window.Worker) throw "insecure";
      const load = async () => {
        const response = await fetch(this.dataset.work.replace(this.key.value, key), { cache: "no-store" });
        if (!response.ok) throw "unavailable";
        return [await response.json(), await local(this.dataset.worker)];
      };
      const late = new Promise((_, fail) => setTimeout(fail, patience, "late"));
      const [challenge, script] = await Promise.race([load(), late]);
      if (ended()) throw "ended";
      return await new Promise((solved, failed) => {
        const worker = (this.worker = new Worker(trusted.createScriptURL(script)));
        this.end = () => failed("ended");
        worker.onmessage = ({ data }) => (data.type === "solved" ? solved(data.solution) : failed(data.reason));
        worker.onerror = () => failed("error");
        if (document.hidden && !this.held) worker.postMessage({ type: "pause" });
        worker.postMessage({ type: "start", challenge, limit: workLimit });
      });
    } finally {
      if (!ended()) this.rest();
    }
  }

  // rest stops work that has begun.
  rest() {
    if (this.worker) this.worker.terminate();
    if (this.end) this.end();
    this.worker = this.end = this.working = null;
  }

  // press notes the click by which the form is about to be sent, if it is. Not all browsers tell by which button.
  press(click) {
    const { target } = click, by = target.closest && target.closest("button, input");
    if (!by || !by.form || by.form !== this.part("answer").form || !/^(submit|image)$/.test(by.type)) return;
    this.pressed = { by, click };
    setTimeout(() => (this.pressed = null));
    this.touch();
  }

  // hold keeps a form back that is sent while the browser still works in place of its visitor, or is about to. If it
  // refuses another of the form's fields as well, it says so now, and the visitor sends the form again. A field may be
  // called invalid also because the page looks whether its form is filled in: then nobody has sent it.
  hold(event) {
    const { dataset } = this, answer = this.part("answer"), work = this.part("work");
    const refused = (one) => one !== answer && one.willValidate && !one.validity.valid;
    const letters = !work || /letters|both/.test(dataset.asks) || "letters" in dataset || answer.value !== "";
    if (letters || !(this.working || this.replacing)) return false;
    if (work.value && !("sent" in dataset) && this.left > 0) return false; // it is good until there is another
    if (event.type === "invalid" && !this.pressed) return false;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.type === "invalid" && Array.from(answer.form.elements).some(refused)) return true;
    this.held = this.pressed || { by: event.submitter };
    this.say(dataset.sending);
    return true;
  }

  // letGo forgets that the form was held back.
  letGo() {
    const { held } = this;
    this.held = null;
    if (held) this.unsay(this.dataset.sending);
    return held;
  }

  // release sends the form that was held back. Without work, the browser asks for the letters. The page has seen the
  // click on the form's button already. It gets another only if it sends the form itself when it sees one.
  release() {
    const held = this.letGo(), { form } = this.part("answer");
    if (!held || !form) return;
    this.catchUp(); // the browser may need to show the letters
    const by = held.by && held.by.form === form ? held.by : undefined; // Chrome 76 to 80 refuse null
    const button = by || form.querySelector("[type=submit], button:not([type])");
    const disabled = Boolean(by) && by.disabled; // since the click, against another: its name is sent all the same
    if (disabled) by.disabled = false;
    if (form.requestSubmit && !(held.click && held.click.defaultPrevented)) form.requestSubmit(by);
    else if (button) button.click();
    if (disabled) by.disabled = true;
  }

  // met tells the visitor that there is nothing to type, unless letters are needed too.
  met() {
    if (this.dataset.asks === "both") return;
    this.dataset.state = "checked";
    this.part("answer").required = false;
    this.forgive();
    this.say(this.dataset.checked);
    this.putAway();
  }

  // stayWith gives a button of the letters the focus, by which they stay. Some browsers don't do so at a click.
  stayWith(button) {
    if (!this.part("group").contains(this.focused)) button.focus();
  }

  // putAway hides the letters once they are not needed and nobody is typing them or hears them.
  putAway() {
    this.change(() => {
      const group = this.part("group");
      if (this.dataset.state !== "checked" || group.contains(this.focused) || !this.untouched()) return;
      group.hidden = true;
      this.part("letters").hidden = false;
    });
  }

  bringBack() {
    delete this.dataset.state;
    this.part("answer").required = true;
    this.change(() => {
      this.part("group").hidden = false;
      this.part("letters").hidden = true;
    });
  }

  chooseLetters() {
    this.rest();
    this.catchUp(); // phones show a keyboard only for a focus that is given at the click
    this.dataset.letters = "";
    this.part("work").value = "";
    this.bringBack();
    this.say("");
    this.part("answer").focus();
  }

  say(sentence) {
    this.change(() => {
      const status = this.part("status");
      if (status.textContent !== sentence) status.textContent = sentence;
    });
  }

  unsay(sentence) {
    this.change(() => {
      const status = this.part("status");
      if (status.textContent === sentence) status.textContent = "";
    });
  }

  // A button that moves while it is pressed is not clicked.

  // change makes a change that moves what is below. If a pointer is pressed, it waits until that has clicked, and the
  // page and the browser have done what the click is for: a label, for one, gives its field the focus.
  change(make) {
    if (this.pressing) (this.changes = this.changes || []).push(make);
    else make();
  }

  keepStill(time) {
    clearTimeout(this.pressing);
    this.pressing = setTimeout(() => this.catchUp(), time);
  }

  catchUp() {
    const changes = this.changes || [];
    clearTimeout(this.pressing);
    this.pressing = this.changes = null;
    for (const make of changes) make();
  }

  emit(type, detail) { this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail: detail || {} })); }
}

if (window.customElements && !customElements.get("captcha-field")) customElements.define("captcha-field", CaptchaField);
