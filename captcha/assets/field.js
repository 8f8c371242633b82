// The behaviour of the captcha's form field: new characters when they are asked for and before the old ones expire, and
// one button for the sound. Without this script the field can be answered too; the browser's own control plays the sound.
//
// An app that sends its form by script asks for new characters with document.querySelector("captcha-field").refresh().

// Milliseconds.
const early = 10_000; // A challenge is replaced this long before its end: an answer sent just then still arrives in time.
const again = 10_000; // Until a failed replacement is tried again, where the server names no time.
const patience = 15_000; // That a reply may take.
const nap = 30_000; // At most between two looks at the clock, for timers stand still while a computer sleeps.

class CaptchaField extends HTMLElement {
  #due; // when the challenge is to be replaced, as Date.now() counts
  #timer;
  #replacing = false;
  #heard = false; // the sound was asked for
  #sent = false; // the form was submitted, so that the challenge may be used up
  #gone;

  get #picture() { return this.querySelector(".captcha-picture"); }
  get #answer() { return this.querySelector(".captcha-answer"); }
  get #key() { return this.querySelector("input[type=hidden]"); }
  get #audio() { return this.querySelector(".captcha-audio"); }
  get #listenButton() { return this.querySelector(".captcha-listen"); }
  get #refreshButton() { return this.querySelector(".captcha-refresh"); }
  get #status() { return this.querySelector(".captcha-status"); }

  connectedCallback() {
    this.#gone = new AbortController();
    const on = (target, type, action) => target.addEventListener(type, action, { signal: this.#gone.signal });

    on(this.#refreshButton, "click", () => this.refresh());
    this.#refreshButton.hidden = false;
    if (this.#audio) {
      on(this.#listenButton, "click", () => this.#listen());
      on(this.#audio, "play", () => this.#showPlaying(true));
      on(this.#audio, "pause", () => this.#showPlaying(false));
      this.#listenButton.hidden = false;
      this.#audio.hidden = true;
    }
    if (this.#answer.form) on(this.#answer.form, "submit", () => (this.#sent = true));
    on(document, "visibilitychange", () => this.#check());
    on(window, "online", () => this.#check());
    on(window, "pageshow", (event) => (event.persisted && this.#sent ? this.#renew() : this.#check()));

    if (this.#due === undefined) this.#expect(Number(this.dataset.left));
    else this.#check(); // it was moved to another place in the page
    // A page out of the browser's cache is from before its form was sent.
    const [visit] = performance.getEntriesByType("navigation");
    if (visit?.type === "back_forward" && visit.transferSize === 0) this.#renew();
  }

  disconnectedCallback() {
    this.#gone.abort();
    clearTimeout(this.#timer);
  }

  // refresh shows a new challenge and says so. It resolves to whether there is one.
  refresh() {
    this.#say("");
    return this.#replace(this.dataset.refreshed);
  }

  // renew replaces a challenge that nobody asked to replace. It speaks up only to a visitor who was about to answer.
  #renew() {
    const engaged = this.#answer.value !== "" || this.#heard || this.contains(document.activeElement);
    return this.#replace(engaged ? this.dataset.expired : "");
  }

  async #replace(sentence) {
    if (this.#replacing) return false;
    this.#replacing = true;
    this.#refreshButton.classList.add("captcha-busy");
    try {
      await this.#show(await this.#challenge());
      this.#say(sentence);
      this.#expect(Number(this.dataset.lifetime));
      return true;
    } catch (failure) {
      this.#say(failure.sentence ?? this.dataset.unavailable);
      this.#due = Math.max(this.#due, Date.now() + (failure.seconds * 1000 || again));
      this.#check();
      return false;
    } finally {
      this.#replacing = false;
      this.#refreshButton.classList.remove("captcha-busy");
    }
  }

  async #challenge() {
    const response = await fetch(this.dataset.create, {
      method: "POST",
      cache: "no-store",
      headers: { Accept: "application/json", "Accept-Language": this.lang },
      signal: AbortSignal.timeout(patience),
    }).catch(() => {
      throw { sentence: this.dataset.offline };
    });
    if (!response.ok) {
      throw {
        sentence: response.status === 429 ? this.dataset.tooMany : this.dataset.unavailable,
        seconds: Number(response.headers.get("Retry-After")),
      };
    }
    return response.json();
  }

  // show puts a challenge's picture, key and sound in at once, as soon as the picture can be drawn.
  async #show(challenge) {
    const picture = new Image();
    picture.src = `data:${challenge.image_type};base64,${challenge[this.dataset.image]}`;
    await picture.decode();
    const scale = this.#picture.getAttribute("width") / this.#picture.naturalWidth || 1;
    this.#picture.src = picture.src;
    this.#picture.setAttribute("width", Math.round(picture.naturalWidth * scale));
    this.#picture.setAttribute("height", Math.round(picture.naturalHeight * scale));

    const key = challenge[this.#key.name];
    if (this.#audio) {
      this.#audio.pause();
      this.#audio.src = this.#audio.getAttribute("src").replace(this.#key.value, key);
    }
    this.#key.value = key;
    this.#answer.value = "";
    this.#heard = this.#sent = false;
  }

  #expect(left) {
    this.#due = Date.now() + left - Math.min(early, left / 4);
    this.#check();
  }

  // check renews a challenge that is due. One that nobody can see waits until it is looked at.
  #check() {
    const left = this.#due - Date.now();
    clearTimeout(this.#timer);
    if (left > 0) this.#timer = setTimeout(() => this.#check(), Math.min(left, nap));
    else if (!document.hidden) this.#renew();
  }

  async #listen() {
    const audio = this.#audio;
    if (!audio.paused) return audio.pause();
    this.#heard = true;
    if (audio.error) audio.load();
    audio.currentTime = 0;
    try {
      await audio.play();
    } catch (error) {
      if (error.name !== "AbortError") this.#say(this.dataset.silent);
    }
  }

  #showPlaying(playing) {
    const [listen, stop] = this.#listenButton.children;
    listen.hidden = playing;
    stop.hidden = !playing;
  }

  #say(sentence) {
    this.#status.textContent = sentence;
  }
}

if (!customElements.get("captcha-field")) customElements.define("captcha-field", CaptchaField);
