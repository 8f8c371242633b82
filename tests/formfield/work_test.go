package field_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
)

const checked = "Checked. You do not need to type anything."

// light is work that takes a browser a moment, however busy the machine is.
var light = work.Config{Cost: 500, Range: 20}

// heavy is work that takes longer than any test.
var heavy = work.Config{Cost: 20_000, Range: 1_000_000}

func withWork(cfg work.Config) captcha.Config { return captcha.Config{Work: work.New(cfg)} }

// solution is what a form would submit for its work, and whether its letters are shown.
type solution struct {
	Work            string
	Shown, Required bool
	Other           string // the button for letters, where it is shown
}

func solutionOf(p *browser.Page, form string) solution {
	return browser.Value[solution](p, fmt.Sprintf(`((one) => ({
		Work: one("[name=captcha_work]").value, Shown: one("img").offsetWidth > 0,
		Required: one(".captcha-answer").required,
		Other: one(".captcha-letters").offsetWidth > 0 ? one(".captcha-letters").innerText.trim() : "",
	}))((selector) => document.querySelector("#%s " + selector))`, form))
}

// In every browser, a visitor who fills in a form types nothing for the captcha: the browser works while they write.
func TestEveryBrowserWorks(t *testing.T) {
	t.Parallel()
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		s := start(t, withWork(light))
		p.Visit(s.url)
		listenFor(p, "verified")
		if got := solutionOf(p, "one"); got.Work != "" || !got.Shown || !got.Required || got.Other != "" {
			t.Errorf("before anybody touches the form: %+v", got)
		}
		p.Type("#one [name=note]", "Hello")
		awaitStatus(p, "one", checked)
		got := solutionOf(p, "one")
		if got.Work == "" || got.Shown || got.Required || got.Other != "Type the characters instead" {
			t.Errorf("after the work: %+v", got)
		}
		if got := solutionOf(p, "two"); got.Work != "" || !got.Shown {
			t.Errorf("the other form: %+v", got)
		}
		if got := heard(p, "one"); len(got) != 1 {
			t.Errorf("events %q", got)
		}
		p.Submit("#one [name=send]")
		wantHeading(t, p, "Thanks for one")

		// A visitor who comes back gets another challenge, whose work the browser does, and can send again.
		p.Back()
		p.Type("#one [name=note]", "Again")
		p.Await(`document.querySelector("#one [name=captcha_work]").value !== "" &&
			!("sent" in document.querySelector("#one captcha-field").dataset)`)
		p.Submit("#one [name=send]")
		wantHeading(t, p, "Thanks for one")
		p.WantNoProblems()
	})
}

// A form that is sent before the work is done waits for it, and is then sent as it is.
func TestEveryBrowserHoldsTheFormForWork(t *testing.T) {
	t.Parallel()
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		s := start(t, withWork(work.Config{Cost: 5_000, Range: 2_000}))
		p.Visit(s.url)
		p.Submit("#one [name=send]")
		wantHeading(t, p, "Thanks for one")
		p.WantNoProblems()
	})
}

// The form is held as well if the browser leaves the checking of its fields to the server.
func TestHeldFormGoesUnchecked(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(work.Config{Cost: 5_000, Range: 2_000})), browser.Open(t)
	p.Visit(s.url)
	browser.Value[bool](p, `(document.querySelector("#one").noValidate =
		document.querySelector("#one [name=note]").required = true)`)
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// delayWork keeps the page's next work from beginning until the page calls begin().
func delayWork(p *browser.Page) {
	browser.Value[bool](p, `((real) => {
		const wait = new Promise((begin) => (window.begin = () => begin() === undefined));
		window.fetch = async (url, options) => (/\/work\b/.test(url) && await wait, real(url, options));
		return true;
	})(window.fetch)`)
}

// heldForm returns a page whose form was sent and waits for its work, which begins when the page calls begin().
func heldForm(t *testing.T) (*site, *browser.Page) {
	t.Helper()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Visit(s.url)
	delayWork(p)
	p.Click("#one [name=send]")
	awaitStatus(p, "one", sending)
	return s, p
}

// A page may look at each key whether its form is filled in. That does not send the form.
func TestEveryBrowserSendsNoFormThatIsOnlyLookedAt(t *testing.T) {
	t.Parallel()
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		s := start(t, withWork(light))
		p.Visit(s.url)
		delayWork(p)
		browser.Value[bool](p, `((form) => form.addEventListener("input", () => {
			form.elements.send.disabled = !form.checkValidity();
		}) === undefined)(document.querySelector("#one"))`)
		p.Type("#one [name=note]", "Hello")
		if got := fieldOf(p, "one").Status; got == sending {
			t.Errorf("the visitor is told %q", got)
		}
		browser.Value[bool](p, `begin()`)
		awaitStatus(p, "one", checked)
		browser.Value[bool](p, `new Promise((resolve) => setTimeout(resolve, 500, true))`)
		wantHeading(t, p, "Forms")
		p.Type("#one [name=note]", ", there")
		p.Submit("#one [name=send]")
		wantHeading(t, p, "Thanks for one")
		p.WantNoProblems()
	})
}

// A form that was held is sent by the button that was pressed, wherever that is, and as if it had not been held: the
// page hears of one click, even if it lets nobody press twice.
func TestEveryBrowserSendsAHeldFormByItsButton(t *testing.T) {
	t.Parallel()
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		s := start(t, withWork(light))
		p.Visit(s.url)
		delayWork(p)
		browser.Value[bool](p, `((button) => {
			Object.assign(button, {id: "outside", name: "outside", textContent: "Send"}).setAttribute("form", "one");
			button.addEventListener("click", () => {
				sessionStorage.clicks = Number(sessionStorage.clicks ?? 0) + 1;
				setTimeout(() => (button.disabled = true));
			});
			window.addEventListener("submit", (event) => (sessionStorage.by = event.submitter.name));
			document.querySelector("main").append(button);
			return true;
		})(document.createElement("button"))`)
		p.Click("#outside")
		awaitStatus(p, "one", sending)
		p.Await(`document.querySelector("#outside").disabled`)
		p.Follow(func() { browser.Value[bool](p, `begin()`) })
		wantHeading(t, p, "Thanks for one")
		if got := browser.Value[string](p, `sessionStorage.clicks + " " + sessionStorage.by`); got != "1 outside" {
			t.Errorf("the page heard of clicks and a button: %s", got)
		}
		p.WantNoProblems()
	})
}

// The name of the button is sent too, although the page disables the button once it was clicked.
func TestHeldFormWhoseButtonIsDisabled(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Visit(s.url)
	delayWork(p)
	browser.Value[bool](p, `((button) => {
		button.value = "yes";
		button.addEventListener("click", () => { setTimeout(() => (button.disabled = true)); });
		button.form.addEventListener("formdata", ({formData}) => {
			sessionStorage.sent = (sessionStorage.sent ?? "") + (formData.get("send") ?? "");
		});
		return true;
	})(document.querySelector("#one [name=send]"))`)
	p.Click("#one [name=send]")
	awaitStatus(p, "one", sending)
	p.Await(`document.querySelector("#one [name=send]").disabled`)
	p.Follow(func() { browser.Value[bool](p, `begin()`) })
	wantHeading(t, p, "Thanks for one")
	if got := browser.Value[string](p, `sessionStorage.sent`); got != "yes" {
		t.Errorf("the button's value that was sent is %q", got)
	}
	p.WantNoProblems()
}

// A click on an icon in the button is a click on the button, also if the icon is an element with a shadow tree.
func TestHeldFormWhoseButtonHasAnIcon(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Visit(s.url)
	delayWork(p)
	browser.Value[bool](p, `((icon, drawing) => {
		icon.id = "icon";
		drawing.textContent = "Send";
		icon.attachShadow({mode: "open"}).append(drawing);
		return document.querySelector("#one [name=send]").append(icon) === undefined;
	})(document.createElement("span"), document.createElement("b"))`)
	p.Click("#icon")
	awaitStatus(p, "one", sending)
	p.Follow(func() { browser.Value[bool](p, `begin()`) })
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// A form that the page sends without a button is held as well, also where no button must not be given as null.
func TestHeldFormThatNoButtonSends(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Before(`HTMLFormElement.prototype.requestSubmit = ((real) => function (by) {
		if (by === null) throw new TypeError("not an element");
		real.call(this, by);
	})(HTMLFormElement.prototype.requestSubmit);`)
	p.Visit(s.url)
	delayWork(p)
	browser.Value[bool](p, `document.querySelector("#one [name=note]").focus() === undefined`)
	p.Await(`document.querySelector("#one captcha-field").working`)
	browser.Value[bool](p, `((form) => {
		form.noValidate = true;
		return form.requestSubmit() === undefined;
	})(document.querySelector("#one"))`)
	awaitStatus(p, "one", sending)
	p.Follow(func() { browser.Value[bool](p, `begin()`) })
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// A page that sends its form itself when the button is clicked hears of another click once the work is done.
func TestHeldFormThatThePageSends(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Visit(s.url)
	delayWork(p)
	browser.Value[bool](p, `((form) => form.elements.send.addEventListener("click", (event) => {
		event.preventDefault();
		if (form.reportValidity()) window.sent = new FormData(form).get("captcha_work");
	}) === undefined)(document.querySelector("#one"))`)
	p.Click("#one [name=send]")
	awaitStatus(p, "one", sending)
	browser.Value[bool](p, `begin()`)
	p.Await(`window.sent`)
	wantHeading(t, p, "Forms")
	p.WantNoProblems()
}

// Nobody is told that a form is being sent which is not, nor is it sent later, when nobody expects it.
func TestHeldFormIsLetGo(t *testing.T) {
	t.Parallel()
	for name, letGo := range map[string]func(*site, *browser.Page){
		"typed":          func(s *site, p *browser.Page) { p.Type("#one .captcha-answer", "A") },
		"new characters": func(s *site, p *browser.Page) { p.Click("#one .captcha-refresh") },
		"gone and back":  func(s *site, p *browser.Page) { p.Visit(s.url + "/thanks/nobody"); p.Back() },
	} {
		t.Run(name, func(t *testing.T) {
			s, p := heldForm(t)
			letGo(s, p)
			p.Await(`document.querySelector("#one [role=status]").textContent !== "` + sending + `"`)
			browser.Value[bool](p, `begin()`)
			awaitStatus(p, "one", checked)
			browser.Value[bool](p, `new Promise((resolve) => setTimeout(resolve, 500, true))`)
			wantHeading(t, p, "Forms")
		})
	}
}

// If the work of a form that was held fails, the browser asks for the letters, and nobody is told to wait.
func TestHeldFormWhoseWorkFails(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Visit(s.url)
	delayWork(p)
	browser.Value[string](p, `document.querySelector("#one captcha-field").dataset.worker = "/nowhere.js"`)
	p.Click("#one [name=send]")
	awaitStatus(p, "one", sending)
	browser.Value[bool](p, `begin()`)
	awaitStatus(p, "one", "")
	if got := p.Focused().Name; got != label {
		t.Errorf("the focus is on %q", got)
	}
	p.Type("#one .captcha-answer", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
}

// Nobody waits long for a reply that does not come.
func TestHeldFormWhoseWorkDoesNotCome(t *testing.T) {
	t.Parallel()
	s, p := heldForm(t)
	awaitStatus(p, "one", "")
	p.Type("#one .captcha-answer", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// A visitor who sends the form and turns to another tab has sent it.
func TestHeldFormIsSentWhileNobodyLooks(t *testing.T) {
	t.Parallel()
	_, p := heldForm(t)
	p.Follow(func() {
		browser.Value[bool](p, `Object.defineProperty(document, "hidden", {configurable: true, value: true}) &&
			document.dispatchEvent(new Event("visibilitychange")) && begin()`)
	})
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// While the browser does the work again, the form can be sent with what it has.
func TestFormGoesWhileWorkIsRenewed(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Visit(s.url)
	p.Type("#one [name=note]", "Hello")
	awaitStatus(p, "one", checked)
	delayWork(p)
	browser.Value[bool](p, `((field) => {
		field.dataset.until -= 270000; // 30 seconds are left
		return document.dispatchEvent(new Event("visibilitychange"));
	})(document.querySelector("#one captcha-field"))`)
	p.Await(`document.querySelector("#one captcha-field").working`)
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// If it was, it is not sent again once that work is done: the server would take both.
func TestFormGoesOnceWhileWorkIsRenewed(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	s.delay = 4 * time.Second
	p.Visit(s.url)
	p.Type("#one [name=note]", "Hello")
	awaitStatus(p, "one", checked)
	delayWork(p)
	browser.Value[bool](p, `((field) => {
		field.dataset.until -= 270000; // 30 seconds are left
		return document.dispatchEvent(new Event("visibilitychange"));
	})(document.querySelector("#one captcha-field"))`)
	p.Await(`document.querySelector("#one captcha-field").working`)
	p.Follow(func() {
		browser.Value[bool](p, `((send, field) => {
			send.click();
			begin();
			field.replacing.then(() => send.click());
			return true;
		})(document.querySelector("#one [name=send]"), document.querySelector("#one captcha-field"))`)
	})
	wantHeading(t, p, "Thanks for one")
	if got := s.accepted.Load(); got != 1 {
		t.Errorf("the form was accepted %d times", got)
	}
	p.WantNoProblems()
}

// A form that is sent while the field gets another challenge waits for that and its work: a visitor may send it just as
// the computer wakes, with a solution that has expired.
func TestFormWaitsForAnotherChallenge(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]string{
		"asleep": `((field) => {
			field.dataset.until -= 3600000;
			return document.dispatchEvent(new Event("visibilitychange"));
		})(document.querySelector("#one captcha-field"))`,
		"asked": `document.querySelector("#one .captcha-refresh").click() === undefined`,
	} {
		t.Run(name, func(t *testing.T) {
			s, p := start(t, withWork(light)), browser.Open(t)
			p.Visit(s.url)
			if name == "asleep" {
				p.Type("#one [name=note]", "Hello")
				awaitStatus(p, "one", checked)
			}
			first := fieldOf(p, "one").Key
			s.wait.Store(int64(2 * time.Second))
			browser.Value[bool](p, `window.addEventListener("submit", ({target}) => {
				sessionStorage.sent = target.elements.captcha_key.value;
			}) === undefined`)
			p.Follow(func() {
				browser.Value[bool](p, replace)
				p.Click("#one [name=send]")
			})
			wantHeading(t, p, "Thanks for one")
			if browser.Value[string](p, `sessionStorage.sent`) == first {
				t.Error("the old challenge was sent")
			}
			p.WantNoProblems()
		})
	}
}

// A form that is moved in its page while it is held, as into a dialog, is sent all the same.
func TestHeldFormThatIsMoved(t *testing.T) {
	t.Parallel()
	_, p := heldForm(t)
	p.Follow(func() {
		browser.Value[bool](p, `document.body.append(document.querySelector("#one")) || begin()`)
	})
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// A button that closes the dialog around a form sends nothing: it does not wait, and the form can be sent afterwards.
func TestDialogCloses(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Visit(s.url)
	delayWork(p)
	browser.Value[bool](p, `((form, dialog, close) => {
		Object.assign(close, {id: "close", textContent: "Cancel", formMethod: "dialog", formNoValidate: true});
		document.querySelector("main").append(dialog);
		dialog.append(form);
		form.append(close);
		return dialog.showModal() === undefined;
	})(document.querySelector("#one"), document.createElement("dialog"), document.createElement("button"))`)
	p.Click("#close")
	p.Await(`!document.querySelector("dialog").open`)
	if got := fieldOf(p, "one").Status; got != "" {
		t.Errorf("the visitor is told %q", got)
	}
	browser.Value[bool](p, `begin() && document.querySelector("dialog").showModal() === undefined`)
	awaitStatus(p, "one", checked) // and the button no longer moves
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// A button that moved while it was pressed would not be clicked. So the letters stay until it was, whether the press
// takes the focus from them or the work is done meanwhile.
func TestEveryBrowserKeepsAPressedButtonInPlace(t *testing.T) {
	t.Parallel()
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		s := start(t, withWork(light))
		p.Visit(s.url)
		p.Click("#one .captcha-answer")
		awaitStatus(p, "one", checked)
		p.Submit("#one [name=send]")
		wantHeading(t, p, "Thanks for one")
		p.WantNoProblems()
	})
}

func TestTappedButtonStaysInPlace(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Visit(s.url)
	p.Tap("#one .captcha-answer")
	awaitStatus(p, "one", checked)
	p.Follow(func() { p.Tap("#one [name=send]") })
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

func TestButtonStaysInPlaceWhileItIsPressed(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Visit(s.url)
	listenFor(p, "verified")
	p.Follow(func() {
		p.Press("#one [name=send]", func() { p.Await("heard.length === 1") })
	})
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// It stays in place too if the press makes the page look whether its form is filled in.
func TestButtonStaysInPlaceWhileThePageLooks(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Visit(s.url)
	delayWork(p)
	listenFor(p, "verified")
	browser.Value[bool](p, `((form) => form.addEventListener("change", () => {
		window.complete = form.checkValidity();
	}) === undefined)(document.querySelector("#one"))`)
	p.Type("#one [name=note]", "Hello")
	p.Follow(func() {
		p.Press("#one [name=send]", func() {
			p.Await("window.complete === false")
			browser.Value[bool](p, `begin()`)
			p.Await("heard.length === 1")
		})
	})
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// It stays in place too if the letters come back meanwhile, and if the browser cannot work, it then asks for them.
func TestButtonStaysInPlaceWhileLettersComeBack(t *testing.T) {
	t.Parallel()
	for _, works := range []bool{true, false} {
		s, p := start(t, withWork(light)), browser.Open(t)
		p.Visit(s.url)
		p.Type("#one [name=note]", "Hello")
		awaitStatus(p, "one", checked)
		if !works {
			browser.Value[string](p, `document.querySelector("#one captcha-field").dataset.worker = "/nowhere.js"`)
		}
		press := func() {
			p.Press("#one [name=send]", func() {
				browser.Value[bool](p, `document.querySelector("#one captcha-field").refresh()`)
				if !works {
					p.Await(`document.querySelector("#one captcha-field").failedFor`)
				}
			})
		}
		if works {
			p.Follow(press)
			wantHeading(t, p, "Thanks for one")
			continue
		}
		press()
		p.Await(`document.activeElement === document.querySelector("#one .captcha-answer")`)
	}
}

// What waits for a click happens also if the form is moved meanwhile: else the letters that it needs stay hidden.
func TestPressOnAFormThatIsMoved(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Visit(s.url)
	p.Type("#one [name=note]", "Hello")
	awaitStatus(p, "one", checked)
	browser.Value[string](p, `document.querySelector("#one captcha-field").dataset.worker = "/nowhere.js"`)
	p.Press("#one [name=note]", func() {
		browser.Value[bool](p, `document.querySelector("#one captcha-field").refresh()`)
		browser.Value[bool](p, `document.body.append(document.querySelector("#one")) === undefined`)
	})
	p.Await(`!document.querySelector("#one .captcha-group").hidden`)
	p.WantNoProblems()
}

// What waits for a click that does not come happens all the same.
func TestPressThatClicksNothing(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Visit(s.url)
	listenFor(p, "verified")
	p.Press("#one [name=note]", func() {
		p.Await("heard.length === 1")
		if got := solutionOf(p, "one"); !got.Shown {
			t.Errorf("%+v", got)
		}
		browser.Value[bool](p, `document.querySelector("#one [name=note]").remove() === undefined`)
	})
	p.Await(`document.querySelector("#one .captcha-group").hidden`)
}

// Who clicks on the label of letters that are no longer needed, and were about to go, goes on typing.
func TestEveryBrowserKeepsLettersWhoseLabelIsClicked(t *testing.T) {
	t.Parallel()
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		s := start(t, withWork(light))
		p.Visit(s.url)
		p.Click("#one .captcha-answer")
		awaitStatus(p, "one", checked)
		p.Click("#one .captcha-label")
		browser.Value[bool](p, `new Promise((resolve) => setTimeout(resolve, 700, true))`)
		focused := browser.Value[bool](p, `document.activeElement === document.querySelector("#one .captcha-answer")`)
		if got := solutionOf(p, "one"); !got.Shown || !focused {
			t.Errorf("%+v, and the focus is there: %t", got, focused)
		}
		p.WantNoProblems()
	})
}

// A visitor who asks for other characters, or for the sound, wants letters. They stay for a while even in a browser
// that gives no focus to a button that is clicked, as Safari does and, on a Mac, Firefox.
func TestLettersStayForWhoAsks(t *testing.T) {
	t.Parallel()
	for _, button := range []string{".captcha-refresh", ".captcha-listen"} {
		s, p := start(t, withWork(light)), browser.Open(t)
		p.Visit(s.url)
		listenFor(p, "verified")
		browser.Value[bool](p, `document.addEventListener("mousedown", (event) => {
			if (event.target.closest("button")) event.preventDefault(), document.activeElement.blur();
		}) === undefined`)
		p.Click("#one .captcha-answer")
		p.Await(`heard.length === 1`)
		p.Click("#one " + button)
		if button == ".captcha-refresh" {
			p.Await(`heard.length === 2`)
		}
		browser.Value[bool](p, `new Promise((resolve) => setTimeout(resolve, 700, true))`)
		if got := solutionOf(p, "one"); !got.Shown {
			t.Errorf("after a click on %s: %+v", button, got)
		}
		p.WantNoProblems()
	}
}

// The button that stops a sound does not go while the sound plays.
func TestLettersStayForWhoListens(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Visit(s.url)
	p.Click("#one .captcha-listen")
	p.Await(`document.querySelector("#one .captcha-listen").innerText.trim() === "Stop"`)
	p.Type("#one [name=note]", "Hello")
	awaitStatus(p, "one", checked)
	p.Click("#one .captcha-listen")
	p.Await(`document.querySelector("#one audio").paused`)
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// A form in a closed shadow tree, into which the page does not see, is held as well.
func TestHeldFormInAClosedShadowTree(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Visit(s.url)
	delayWork(p)
	browser.Value[bool](p, `((place, form) => {
		window.one = (selector) => form.querySelector(selector);
		document.querySelector("main").append(place);
		place.attachShadow({mode: "closed"}).append(form);
		return one("[name=send]").click() === undefined;
	})(document.createElement("div"), document.querySelector("#one"))`)
	p.Await(fmt.Sprintf(`one("[role=status]").textContent === %q`, sending))
	p.Follow(func() { browser.Value[bool](p, `begin()`) })
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// In a shadow tree the letters stay for who types them, and a form that is sent twice arrives once.
func TestEveryBrowserInAShadowTree(t *testing.T) {
	t.Parallel()
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		s := start(t, withWork(light))
		s.delay = 2 * time.Second
		p.Visit(s.url + "/static")
		p.Await(`document.querySelector("#one .captcha-answer")`)
		browser.Value[bool](p, `((place, form) => {
			window.one = (selector) => form.querySelector(selector);
			document.querySelector("main").append(place);
			place.attachShadow({mode: "open"}).append(form);
			return one(".captcha-answer").focus() === undefined;
		})(document.createElement("div"), document.querySelector("#one"))`)
		p.Await(`one("captcha-field").dataset.state === "checked"`)
		if browser.Value[bool](p, `one(".captcha-group").hidden`) {
			t.Error("the letters went from under the cursor")
		}
		p.Follow(func() {
			browser.Value[bool](p, `(one("[name=send]").click(), setTimeout(() => one("[name=send]").click(), 300) > 0)`)
		})
		wantHeading(t, p, "Thanks for one")
		if got := s.accepted.Load(); got != 1 {
			t.Errorf("the form was accepted %d times", got)
		}
		p.WantNoProblems()
	})
}

// A visitor who types after all is not surprised by a form that goes by itself.
func TestHeldFormStaysWhereSomebodyTypes(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(heavy)), browser.Open(t)
	p.Visit(s.url)
	p.Click("#one [name=send]")
	awaitStatus(p, "one", "The form is being sent. Wait a moment.")
	if got := p.Focused().Name; got == label {
		t.Error("the browser asks for letters that nobody needs")
	}
	p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
	if browser.Value[bool](p, `Boolean(document.querySelector("#one captcha-field").held)`) {
		t.Error("the form is still held")
	}
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// A visitor who prefers letters gets them, and then the work does not count.
func TestLettersInsteadOfWork(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Visit(s.url)
	p.Type("#one [name=note]", "Hello")
	awaitStatus(p, "one", checked)
	p.Axe()
	p.Click("#one .captcha-letters")
	if got := p.Focused().Name; got != label {
		t.Errorf("the focus is on %q", got)
	}
	if got := solutionOf(p, "one"); got.Work != "" || !got.Shown || !got.Required || got.Other != "" {
		t.Errorf("%+v", got)
	}
	p.Click("#one .captcha-refresh")
	awaitStatus(p, "one", refreshed)
	if got := solutionOf(p, "one"); got.Work != "" || !got.Shown {
		t.Errorf("after a refresh: %+v", got)
	}
	p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// Letters that somebody is typing stay where they are.
func TestWorkWaitsForWhoTypes(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Visit(s.url)
	p.Type("#one [name=captcha_value]", "A")
	awaitStatus(p, "one", checked)
	if got := solutionOf(p, "one"); !got.Shown || got.Required {
		t.Errorf("%+v", got)
	}
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
}

// Work that is about to expire is done again for another challenge, and nobody notices.
func TestWorkIsRenewed(t *testing.T) {
	t.Parallel()
	cfg := withWork(light)
	cfg.Expiration = 12 * time.Second // in which a busy machine does the work too
	s, p := start(t, cfg), browser.Open(t)
	p.Visit(s.url)
	p.Type("#one [name=note]", "Hello")
	awaitStatus(p, "one", checked)
	first := fieldOf(p, "one").Key
	browser.Value[bool](p, `(window.changed = [], new MutationObserver(
		(all) => changed.push(...all.map((one) => one.target.outerHTML ?? one.target.data)),
	).observe(document.querySelector("#one .captcha-status"),
		{childList: true, characterData: true, subtree: true}), true)`)
	for range 2 {
		p.Await(fmt.Sprintf(`document.querySelector("#one [name=captcha_key]").value !== %q`, first))
		first = fieldOf(p, "one").Key
		if got := solutionOf(p, "one"); got.Work == "" || got.Shown || got.Required {
			t.Errorf("%+v", got)
		}
	}
	if got := browser.Value[[]string](p, "changed"); len(got) > 0 {
		t.Errorf("the visitor was told %q", got)
	}
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// If the work can't be loaded or done, the letters are there as without it.
func TestWorkGivesWay(t *testing.T) {
	t.Parallel()
	for name, break_ := range map[string]string{
		"no challenge":      `document.querySelector("#one captcha-field").dataset.work = "/nowhere"`,
		"no script":         `document.querySelector("#one captcha-field").dataset.worker = "/nowhere.js"`,
		"no secure context": `Object.defineProperty(window, "isSecureContext", {value: false}) && ""`,
		"no workers":        `Object.defineProperty(window, "Worker", {value: undefined}) && ""`,
		"another origin": `document.querySelector("#one captcha-field").dataset.worker =
			"https://elsewhere.example/work.js"`,
	} {
		t.Run(name, func(t *testing.T) {
			s, p := start(t, withWork(light)), browser.Open(t)
			p.Visit(s.url)
			listenFor(p, "failed")
			browser.Value[string](p, break_)
			p.Type("#one [name=note]", "Hello")
			p.Await(`heard.length === 1`)
			if got := solutionOf(p, "one"); got.Work != "" || !got.Shown || !got.Required {
				t.Errorf("%+v", got)
			}
			if got := fieldOf(p, "one").Status; got != "" {
				t.Errorf("the visitor is told %q", got)
			}
			p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
			p.Submit("#one [name=send]")
			wantHeading(t, p, "Thanks for one")
		})
	}
}

// There is one worker, which rests while nobody looks, and none after a refresh, nor after the field has left the page.
func TestOneWorker(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(heavy)), browser.Open(t)
	p.Visit(s.url)
	browser.Value[bool](p, `(() => {
		window.workers = [];
		const Real = Worker;
		window.Worker = class extends Real {
			said = [];
			constructor(url) { super(url); workers.push(this); }
			postMessage(message) { this.said.push(message.type); super.postMessage(message); }
			terminate() { this.said.push("end"); super.terminate(); }
		};
		return true;
	})()`)
	said := func() [][]string { return browser.Value[[][]string](p, `workers.map((one) => one.said)`) }
	hide := func(hidden bool) {
		browser.Value[bool](p, fmt.Sprintf(`Object.defineProperty(document, "hidden", {configurable: true, value: %t}),
			document.dispatchEvent(new Event("visibilitychange"))`, hidden))
	}
	p.Type("#one [name=note]", "Hello")
	p.Await(`workers.length === 1`)
	p.Type("#one [name=note]", ", there")
	hide(true)
	hide(false)
	want := "[[start pause resume]]"
	if got := fmt.Sprint(said()); got != want {
		t.Errorf("workers heard %s, want %s", got, want)
	}
	p.Click("#one .captcha-refresh")
	awaitStatus(p, "one", refreshed)
	p.Await(`workers.length === 2`)
	browser.Value[bool](p, `document.querySelector("#one").remove() === undefined`)
	want = "[[start pause resume end] [start end]]"
	if got := fmt.Sprint(said()); got != want {
		t.Errorf("workers heard %s, want %s", got, want)
	}
	p.WantNoProblems()
}

// If a form comes back because of another field, its work is done already.
func TestWorkComesBack(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	s.refusedNote = "bad"
	p.Visit(s.url)
	p.Type("#one [name=note]", "bad")
	awaitStatus(p, "one", checked)
	before := fieldOf(p, "one").Key
	p.Submit("#one [name=send]")
	awaitStatus(p, "one", checked)
	if got := fieldOf(p, "one"); got.Key != before || got.Note != "bad" {
		t.Errorf("%+v", got)
	}
	if got := solutionOf(p, "one"); got.Shown {
		t.Errorf("%+v", got)
	}
	p.Type("#one [name=note]", " no more")
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
}

// If letters are demanded as well, they stay.
func TestWorkBesideLetters(t *testing.T) {
	t.Parallel()
	cfg := withWork(light)
	cfg.Demand = func(*fiber.Ctx, string) captcha.Demand { return captcha.LettersAndWork }
	s, p := start(t, cfg), browser.Open(t)
	p.Visit(s.url)
	listenFor(p, "verified")
	p.Type("#one [name=note]", "Hello")
	p.Await(`heard.length === 1`)
	if got := solutionOf(p, "one"); got.Work == "" || !got.Shown || !got.Required {
		t.Errorf("%+v", got)
	}
	p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}
