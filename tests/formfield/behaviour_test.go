package field_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
)

// A page that Go does not render has the field, in its own language, with all that the rendered one has.
func TestEveryBrowserBuildsTheField(t *testing.T) {
	t.Parallel()
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		s := start(t, withWork(light))
		p.Visit(s.url + "/static?language=de")
		p.Await(`document.querySelector("#one .captcha-answer")`)
		wantDrawn(t, p, "one")
		type built struct{ Label, Lang, Class string }
		got := browser.Value[built](p, `((one) => ({
			Label: one(".captcha-label").textContent,
			Lang: one("captcha-field").lang,
			Class: one(".captcha-answer").className,
		}))((selector) => document.querySelector("#one " + selector))`)
		want := built{"Geben Sie die Zeichen ein, die Sie sehen oder hören (4 Zeichen)", "de", "captcha-answer wide"}
		if got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		listenFor(p, "refreshed") // for the work, which the click begins, may end before anybody could read of it
		p.Click("#one .captcha-refresh")
		p.Await(`heard.length > 0`)
		p.Type("#one [name=note]", "Hallo")
		awaitStatus(p, "one", "Geprüft. Sie müssen nichts eingeben.")
		p.Submit("#one [name=send]")
		wantHeading(t, p, "Thanks for one")
		p.WantNoProblems()
	})
}

// React draws the page again and again, and leaves the field as it is. A field that was removed comes back as a new
// one.
func TestReact(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("../node_modules/react-dom"); err != nil {
		if os.Getenv("REQUIRE_BROWSER") == "1" {
			t.Fatal(err)
		}
		t.Skip("this needs npm ci --prefix tests")
	}
	s, p := start(t, captcha.Config{}), browser.Open(t)
	s.policy = "default-src 'self'; img-src data:; script-src 'self' 'unsafe-eval'" // for the page's makeshift bundler
	p.Visit(s.url + "/react")
	const key = `document.querySelector("[name=captcha_key]")?.value`
	p.Await(key)
	first := browser.Value[string](p, key)
	p.Type("[name=note]", "Hello")
	p.Await(`document.querySelector("#length").textContent === "5"`)
	fields := browser.Value[int](p, `document.querySelectorAll("captcha-field .captcha-answer").length`)
	if browser.Value[string](p, key) != first || fields != 1 {
		t.Error("drawing the page again changed the field")
	}
	p.Click(".captcha-refresh")
	awaitStatus(p, "one", "De nouveaux caractères sont affichés.")
	p.Click("#toggle")
	p.Await(`!document.querySelector("captcha-field")`)
	p.Click("#toggle")
	p.Await(key + ` && ` + key + ` !== "` + first + `"`)
	p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, browser.Value[string](p, key)))
	p.Submit("[name=send]")
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// What the page put into the element stays until the field can be loaded.
func TestBuildsAfterAnOutage(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	s.refuse.Store(503)
	p.Visit(s.url + "/static")
	listenFor(p, "failed")
	p.Await(`heard.length > 0`)
	got := browser.Value[string](p, `document.querySelector("captcha-field").innerText.trim()`)
	if got != "The captcha needs JavaScript." {
		t.Errorf("%q", got)
	}
	s.refuse.Store(0)
	p.Await(`document.querySelector("#one .captcha-answer")`)
	key := browser.Value[string](p, `document.querySelector("[name=captcha_key]").value`)
	p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, key))
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
}

// Turbo and htmx put copies of a page's parts back later. Such a copy does not show a challenge that was sent or has
// expired as if it were fresh.
func TestSnapshots(t *testing.T) {
	t.Parallel()
	for name, age := range map[string]string{
		"sent": `document.querySelector("#one").dispatchEvent(
			new Event("submit", {bubbles: true, cancelable: true}))`,
		"expired": `document.querySelector("#one captcha-field").dataset.until -= 3600000`,
	} {
		for kind, put := range map[string]string{
			"cloned": `document.querySelector("#one").replaceWith(document.querySelector("#one").cloneNode(true))`,
			"as text": `((one) => one.replaceWith(document.createRange().createContextualFragment(trust(one.outerHTML))))(
				document.querySelector("#one"))`,
			"as it is": `((one) => { const place = one.parentNode; one.remove(); place.append(one) })(
				document.querySelector("#one"))`,
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				s, p := start(t, captcha.Config{}), browser.Open(t)
				p.Visit(s.url)
				browser.Value[bool](p, `((policy) => (window.trust = (text) => policy.createHTML(text), true))(
					trustedTypes.createPolicy("test", {createHTML: (text) => text}))`)
				first := fieldOf(p, "one").Key
				browser.Value[bool](p, age+`, true`)
				browser.Value[bool](p, put+`, true`)
				p.Await(fmt.Sprintf(`document.querySelector("#one [name=captcha_key]").value !== %q`, first))
				p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
				p.Submit("#one [name=send]")
				wantHeading(t, p, "Thanks for one")
				p.WantNoProblems()
			})
		}
	}
}

// A page that is older than its challenge, as a restored tab may be, does not trust how much time it says is left.
func TestOldPage(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	p.Before(`Date.now = ((now) => () => now() + 3600000)(Date.now.bind(Date))`)
	p.Visit(s.url)
	p.Await(`document.querySelector("#one captcha-field").dataset.until > Date.now()`)
	if n := s.created.Load(); n != 2 {
		t.Errorf("two fields asked for %d challenges", n)
	}
}

// missing removes what is newer than the oldest browsers that the field's script names, as far as a script might use
// it.
const missing = `
	delete window.AbortController; delete window.AbortSignal;
	delete window.structuredClone; delete window.requestIdleCallback;
	for (const [of, names] of [
		[HTMLImageElement.prototype, ["decode"]],
		[Element.prototype, ["replaceChildren", "toggleAttribute", "checkVisibility"]],
		[Array.prototype, ["at", "flat", "flatMap", "findLast"]], [Object, ["fromEntries", "hasOwn"]],
		[Promise, ["allSettled", "any", "withResolvers"]], [String.prototype, ["replaceAll", "matchAll", "at"]],
		[HTMLFormElement.prototype, ["requestSubmit"]], [PerformanceNavigationTiming.prototype, ["transferSize"]],
	]) for (const name of names) delete of[name];
	EventTarget.prototype.addEventListener = ((real) => function (type, action, options) {
		return real.call(this, type, action, Boolean(options));
	})(EventTarget.prototype.addEventListener);`

// A browser without those newer features has the whole field.
func TestOlderBrowsers(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	p.Before(missing)
	s.older = true
	p.Visit(s.url)
	listenFor(p, "refreshed") // for the work, which the click begins, may end before anybody could read of it
	p.Click("#one .captcha-refresh")
	p.Await(`heard.length > 0`)
	got := browser.Value[[]string](p, `((style) => [style.borderTopStyle, style.borderTopWidth])(
		getComputedStyle(document.querySelector("#one img")))`)
	if strings.Join(got, " ") != "solid 1px" {
		t.Errorf("the picture's border is %s", got)
	}
	p.Type("#one [name=note]", "Hello")
	awaitStatus(p, "one", checked)
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// A visitor who has to wait is told so, and a form that is sent twice arrives once.
func TestSlowReplies(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	p.Visit(s.url)
	s.wait.Store(int64(5 * time.Second))
	// The page notes what it says, for on a busy machine nobody may look while it says so.
	browser.Value[bool](p, `(window.said = [],
		new MutationObserver(([change]) => said.push(change.target.textContent)).observe(
			document.querySelector("#one .captcha-status"), {childList: true}), true)`)
	p.Click("#one .captcha-refresh")
	awaitStatus(p, "one", refreshed)
	if got := browser.Value[[]string](p, `said`); !slices.Equal(got, []string{slow, refreshed}) {
		t.Errorf("who waited was told %q", got)
	}
	s.delay = 3 * time.Second
	p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
	// A browser that is loading the next page answers no questions, so the page notes what it says.
	browser.Value[bool](p, `new MutationObserver(
		([change]) => (sessionStorage.said = change.target.textContent),
	).observe(document.querySelector("#one .captcha-status"), {childList: true}) === undefined`)
	p.Follow(func() { p.ClickTwice("#one [name=send]") })
	wantHeading(t, p, "Thanks for one")
	if got := browser.Value[string](p, `sessionStorage.said ?? ""`); got != sending {
		t.Errorf("who clicked twice was told %q", got)
	}
}

// An error goes when it is no longer true, and nothing moves.
func TestErrorGoes(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	for _, mend := range []func(){
		func() { p.Type("#one [name=captcha_value]", "A") },
		func() { p.Click("#one .captcha-refresh"); awaitStatus(p, "one", refreshed) },
	} {
		p.Visit(s.url)
		p.Submit("#one [name=send-unchecked]")
		const place = `document.querySelector("#one .captcha-status").getBoundingClientRect().top`
		at := browser.Value[float64](p, place)
		const visible = `document.querySelector("#one .captcha-error").checkVisibility({visibilityProperty: true})`
		if !browser.Value[bool](p, visible) {
			t.Fatal("there is no error")
		}
		mend()
		p.Await("!" + visible)
		if browser.Value[bool](p, `document.querySelector("#one .captcha-answer").hasAttribute("aria-invalid")`) {
			t.Error("the text field still counts as wrong")
		}
		if now := browser.Value[float64](p, place); now > at+8.5 || now < at {
			t.Errorf("what is below moved from %g to %g", at, now)
		}
	}
}

// Under a policy that trusts only nonces, the script, the style and the worker are loaded.
func TestNonce(t *testing.T) {
	t.Parallel()
	s, p := start(t, withWork(light)), browser.Open(t)
	s.policy = "default-src 'none'; img-src data:; script-src 'nonce-r4nd0m' 'strict-dynamic'; " +
		"style-src 'self' 'nonce-r4nd0m'; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"
	s.options.Nonce = "r4nd0m"
	p.Visit(s.url)
	listenFor(p, "refreshed") // for the work, which the click begins, may end before anybody could read of it
	p.Click("#one .captcha-refresh")
	p.Await(`heard.length > 0`)
	p.Type("#one [name=note]", "Hello")
	awaitStatus(p, "one", checked)
	got := browser.Value[string](p, `getComputedStyle(document.querySelector("#one .captcha-row")).display`)
	if got != "flex" {
		t.Errorf("the row is %q", got)
	}
	p.WantNoProblems()
}

// If the script is blocked although JavaScript is on, the field works as it does without script.
func TestBlockedScript(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	s.policy = "default-src 'none'; img-src data:; style-src 'self'; media-src 'self'; form-action 'self'"
	p.Visit(s.url)
	p.Type("#one [name=note]", "kept")
	first := fieldOf(p, "one").Key
	p.Submit("#one .captcha-refresh")
	if got := fieldOf(p, "one"); got.Key == first || got.Note != "kept" || got.Status != refreshed {
		t.Errorf("%+v", got)
	}
	if !browser.Value[bool](p, `document.querySelector("#one audio").checkVisibility()`) {
		t.Error("there is no sound")
	}
}
