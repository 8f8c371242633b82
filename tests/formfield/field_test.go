// Package field_test uses the captcha's form field as visitors do: in real browsers, on a page that allows nothing
// inline.
package field_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
)

const (
	refreshed   = "New characters are ready."
	expired     = "The characters had expired. Type the new ones."
	over        = "These characters have expired. Get new ones."
	slow        = "Getting new characters. This is taking longer than usual."
	tooMany     = "Too many requests. Wait a moment, then try again."
	offline     = "The site can’t be reached. Check your internet connection, then try again."
	silent      = "The sound can’t be played. Check that your device’s sound is on, or get new characters."
	sending     = "The form is being sent. Wait a moment."
	label       = "Type the characters you see or hear (4 characters)"
	unavailable = "Sorry, the check is not working at the moment. Try again in a few seconds."
)

// field is what a form's field shows and would submit.
type field struct{ Key, Picture, Sound, Answer, Note, Status string }

func fieldOf(p *browser.Page, form string) field {
	return browser.Value[field](p, fmt.Sprintf(`(() => {
		const one = (selector) => document.querySelector("#%s " + selector);
		return {
			Key: one("[name=captcha_key]").value, Picture: one("img").src, Sound: one("audio").src,
			Answer: one("[name=captcha_value]").value, Note: one("[name=note]").value, Status: one("[role=status]").textContent,
		};
	})()`, form))
}

func awaitStatus(p *browser.Page, form, text string) {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // only for what has no JSON
	}
	p.Await(fmt.Sprintf(`document.querySelector("#%s [role=status]").textContent === %s`, form, quoted))
}

func wantHeading(t *testing.T, p *browser.Page, want string) {
	t.Helper()
	p.Await(fmt.Sprintf(`document.querySelector("h1")?.textContent === %q`, want))
}

func TestAccessible(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	p.Visit(s.url)
	p.Axe()
	p.WantNoProblems()
	p.Type("#one [name=captcha_value]", "?")
	p.Submit("#one [name=send]")
	p.Axe()
	for _, problem := range p.Problems() {
		if !strings.Contains(problem, "422") {
			t.Error(problem)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	p.Visit(s.url)
	p.Submit("#one [name=send-unchecked]")
	tree := p.Tree()
	for _, want := range []browser.Node{
		{Role: "image", Name: "Distorted characters. Type them in the text field to show that you are human. " +
			"You can also listen to them."},
		{Role: "group", Name: label},
		{Role: "textbox", Name: label, Description: "Type the characters."},
		{Role: "button", Name: "Listen"},
		{Role: "button", Name: "New characters"},
		{Role: "status"},
	} {
		if !slices.Contains(tree, want) {
			t.Errorf("the accessibility tree has no %+v:\n%+v", want, tree)
		}
	}
}

func TestKeyboardAlone(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	p.Visit(s.url)
	for _, want := range []string{"Note for one", "New characters", "Listen", label} {
		if got := p.Tab().Name; got != want {
			t.Fatalf("the focus is on %q, want %q", got, want)
		}
	}
	before := fieldOf(p, "one")
	back := chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift))
	p.Do(back)
	if got := p.Focused().Name; got != "Listen" {
		t.Errorf("one step back from the text field is %q: the sound is to be in reach", got)
	}
	p.Do(back, chromedp.KeyEvent(kb.Enter))
	awaitStatus(p, "one", refreshed)
	if got := p.Focused().Name; got != "New characters" {
		t.Errorf("the focus went to %q", got)
	}
	p.Tab()
	p.Tab()
	after := fieldOf(p, "one")
	if after.Key == before.Key {
		t.Error("the key stayed")
	}
	p.Do(chromedp.KeyEvent(strings.ToLower(captchatest.Solve(t, s.guard, after.Key))))
	p.Follow(func() { p.Do(chromedp.KeyEvent(kb.Enter)) })
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	p.Visit(s.url)
	p.Type("#one [name=note]", "kept")
	p.Type("#one [name=captcha_value]", "AB")
	p.Type("#two [name=captcha_value]", "CD")
	one, two := fieldOf(p, "one"), fieldOf(p, "two")
	p.Click("#one .captcha-refresh")
	awaitStatus(p, "one", refreshed)

	got := fieldOf(p, "one")
	if got.Key == one.Key || got.Picture == one.Picture {
		t.Error("the challenge stayed")
	}
	if want := s.url + "/api/captcha/" + got.Key + "/audio.wav"; got.Sound != want {
		t.Errorf("the sound is %q, want %q", got.Sound, want)
	}
	if got.Note != "kept" || got.Answer != "" {
		t.Errorf("note %q, answer %q", got.Note, got.Answer)
	}
	if fieldOf(p, "two") != two {
		t.Error("the other field changed too")
	}
	p.WantNoProblems()
}

// Who asks for new characters while the page gets some by itself gets them, whatever was typed.
func TestRefreshWhileRenewing(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	p.Visit(s.url)
	before := fieldOf(p, "one")
	s.wait.Store(int64(5 * time.Second))
	browser.Value[int](p, `document.querySelector("#one captcha-field").dataset.until -= 270000`) // 30 seconds are left
	asked := s.created.Load()
	p.Type("#one .captcha-answer", "A")
	p.Click("#one .captcha-refresh")
	awaitStatus(p, "one", refreshed)
	if got := fieldOf(p, "one"); got.Key == before.Key || got.Answer != "" {
		t.Errorf("%+v", got)
	}
	if n := s.created.Load() - asked; n != 1 {
		t.Errorf("the field asked for %d challenges", n)
	}
	p.WantNoProblems()
}

func TestRefreshKeepsTheLanguage(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	p.Visit(s.url + "/?language=ru")
	p.Click("#one .captcha-refresh")
	awaitStatus(p, "one", "Показаны новые символы.")
	if got := s.language.Load(); got != "ru" {
		t.Errorf("the field in Russian asked for a challenge in %v", got)
	}
}

// A new picture has the old one's scale on the page, at every pixel density and whatever the text's length.
func TestRefreshKeepsTheScale(t *testing.T) {
	t.Parallel()
	look := picture.Config{Width: picture.Fit, Height: 50, Scale: 2}
	s, p := start(t, captcha.Config{Length: 3, MaxLength: 8, Picture: look}), browser.Open(t)
	p.Visit(s.url)
	for range 5 {
		browser.Value[bool](p, `document.querySelector("captcha-field").refresh()`)
		size := browser.Value[[]int](p, `(({width, height, naturalWidth, naturalHeight}) =>
			[width * 2 - naturalWidth, height * 2 - naturalHeight, height])(document.querySelector("img"))`)
		if !slices.Equal(size, []int{0, 0, 50}) {
			t.Errorf("size %v", size)
		}
	}
}

func TestTwoForms(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"one", "two"} {
		s, p := start(t, captcha.Config{}), browser.Open(t)
		p.Visit(s.url)
		p.Click("#" + form + " .captcha-refresh")
		awaitStatus(p, form, refreshed)
		p.Type("#"+form+" [name=captcha_value]", captchatest.Solve(t, s.guard, fieldOf(p, form).Key))
		p.Submit("#" + form + " [name=send]")
		wantHeading(t, p, "Thanks for "+form)
		p.WantNoProblems()
	}
}

func TestSound(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	p.Visit(s.url)
	const button = `document.querySelector("#one .captcha-listen").innerText.trim()`
	listen := func() {
		browser.Value[bool](p, `window.ended = false,
			document.querySelector("#one audio").addEventListener("ended", () => (window.ended = true)) === undefined`)
		p.Click("#one .captcha-listen")
		p.Await(button + ` === "Stop"`)
		if got := p.Focused().Name; got != "Stop" {
			t.Errorf("the focus is on %q while the sound plays", got)
		}
		p.Await(`window.ended`)
		p.Await(button + ` === "Listen"`)
	}
	listen()
	p.Click("#one .captcha-refresh")
	awaitStatus(p, "one", refreshed)
	listen()
	p.WantNoProblems()

	p.Click("#one .captcha-listen")
	p.Await(button + ` === "Stop"`)
	p.Click("#one .captcha-listen")
	p.Await(button + ` === "Listen"`)
	if browser.Value[bool](p, `document.querySelector("#one audio").ended`) {
		t.Error("the sound was not stopped")
	}
	// Listening uses nothing up.
	p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
}

func TestSoundOfAUsedChallenge(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	p.Visit(s.url)
	if err := captchatest.Try(t, s.guard, fieldOf(p, "one").Key, "no"); !errors.Is(err, captcha.ErrWrongAnswer) {
		t.Fatal(err)
	}
	p.Click("#one .captcha-listen")
	awaitStatus(p, "one", silent)
}

func TestRenewsBeforeItExpires(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{Expiration: 3 * time.Second}), browser.Open(t)
	p.Visit(s.url)
	first := fieldOf(p, "two")
	p.Await(fmt.Sprintf(`document.querySelector("#two [name=captcha_key]").value !== %q`, first.Key))
	if got := fieldOf(p, "two"); got.Status != "" {
		t.Errorf("a visitor who is elsewhere is told %q", got.Status)
	}
	p.WantNoProblems()
}

// Nobody's answer is taken away. A visitor who is typing is told that the characters have expired, and gets others once
// the field is empty.
func TestKeepsWhatIsTyped(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{Expiration: 3 * time.Second}), browser.Open(t)
	p.Visit(s.url)
	listenFor(p, "expired", "refreshed")
	p.Type("#one [name=captcha_value]", "AB")
	typed := fieldOf(p, "one")
	awaitStatus(p, "one", over)
	if got := fieldOf(p, "one"); got.Answer != "AB" || got.Key != typed.Key || got.Picture != typed.Picture {
		t.Errorf("the answer became %q, or the picture another", got.Answer)
	}
	p.Do(chromedp.KeyEvent(kb.Backspace), chromedp.KeyEvent(kb.Backspace))
	awaitStatus(p, "one", expired)
	if got := p.Focused().Name; got != label {
		t.Errorf("the focus went to %q", got)
	}
	if got := heard(p, "one"); !slices.Contains(got, "expired") || got[len(got)-1] != "refreshed" {
		t.Errorf("events %q", got)
	}
	p.WantNoProblems()
}

// A visitor who begins to answer or to listen has enough time.
func TestRenewsForWhoBegins(t *testing.T) {
	t.Parallel()
	for _, begin := range []string{"[name=captcha_value]", ".captcha-listen"} {
		s, p := start(t, captcha.Config{}), browser.Open(t)
		p.Visit(s.url)
		first := fieldOf(p, "one")
		browser.Value[int](p, `document.querySelector("#one captcha-field").dataset.until -= 270000`) // 30 seconds are left
		p.Click("#one " + begin)
		p.Await(fmt.Sprintf(`document.querySelector("#one [name=captcha_key]").value !== %q`, first.Key))
	}
}

// listenFor notes events by their type as they reach the page.
func listenFor(p *browser.Page, types ...string) {
	quoted, err := json.Marshal(types)
	if err != nil {
		panic(err) // never for texts
	}
	browser.Value[bool](p, fmt.Sprintf(`(window.heard = [], %s.forEach((type) => document.addEventListener(type, (event) =>
		heard.push([event.target.closest("form")?.id, type, event.detail.reason]))), true)`, quoted))
}

// heard are the types of the events so far of a form's field.
func heard(p *browser.Page, form string) []string {
	return browser.Value[[]string](p, fmt.Sprintf(`heard.filter(([id]) => id === %q).map(([, type]) => type)`, form))
}

// A field that is moved about in its page, as into a dialog and out of it, still knows when its challenge ends.
func TestRenewsAfterMoving(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{Expiration: 3 * time.Second}), browser.Open(t)
	p.Visit(s.url)
	first := fieldOf(p, "two")
	browser.Value[bool](p, `setInterval(() => document.body.append(document.querySelector("#two")), 500) > 0`)
	p.Await(fmt.Sprintf(`document.querySelector("#two [name=captcha_key]").value !== %q`, first.Key))
	p.WantNoProblems()
}

// A page that nobody looks at asks for nothing. As soon as somebody does, it gets a new challenge.
func TestHiddenPageWaits(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{Expiration: 2 * time.Second}), browser.Open(t)
	p.Visit(s.url)
	browser.Value[bool](p, `Object.defineProperty(document, "hidden", {configurable: true, value: true}).hidden`)
	// For what had been asked for before.
	browser.Value[bool](p, `new Promise((resolve) => setTimeout(resolve, 500, true))`)
	asked := s.created.Load()
	browser.Value[bool](p, `new Promise((resolve) => setTimeout(resolve, 3000, true))`)
	if n := s.created.Load() - asked; n > 0 {
		t.Errorf("a hidden page asked for %d challenges", n)
	}
	first := fieldOf(p, "one")
	browser.Value[bool](p, `delete document.hidden && document.dispatchEvent(new Event("visibilitychange"))`)
	p.Await(fmt.Sprintf(`document.querySelector("#one [name=captcha_key]").value !== %q`, first.Key))
}

func TestRefreshFails(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	p.Visit(s.url)
	p.Type("#one [name=captcha_value]", "AB")
	before := fieldOf(p, "one")
	for status, sentence := range map[int32]string{429: tooMany, 503: unavailable, 403: unavailable} {
		s.refuse.Store(status)
		p.Click("#one .captcha-refresh")
		awaitStatus(p, "one", sentence)
	}
	p.Offline(true)
	p.Click("#one .captcha-refresh")
	awaitStatus(p, "one", offline)
	if got := fieldOf(p, "one"); got.Key != before.Key || got.Picture != before.Picture || got.Answer != "AB" {
		t.Errorf("a refresh that failed left %+v", got)
	}
	p.Offline(false)
	s.refuse.Store(0)
	p.Click("#one .captcha-refresh")
	awaitStatus(p, "one", refreshed)
}

// A challenge that expired while no other could be had is replaced once one can be.
func TestRenewsAfterAnOutage(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{Expiration: 2 * time.Second}), browser.Open(t)
	s.refuse.Store(503)
	p.Visit(s.url)
	first := fieldOf(p, "one")
	awaitStatus(p, "one", unavailable)
	s.refuse.Store(0)
	p.Await(fmt.Sprintf(`document.querySelector("#one [name=captcha_key]").value !== %q`, first.Key))
	awaitStatus(p, "one", "")
}

// A visitor who comes back and types before the new characters are there is told that these are others.
func TestBackAndTyped(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	p.Visit(s.url)
	p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
	s.wait.Store(int64(5 * time.Second))
	p.Back()
	p.Type("#one [name=captcha_value]", "AB")
	awaitStatus(p, "one", expired)
	if got := fieldOf(p, "one"); got.Answer != "" {
		t.Errorf("%+v", got)
	}
}

// A visitor who comes back after sending a form can send it again, wherever the browser gets the page from.
func TestBack(t *testing.T) {
	t.Parallel()
	const origin = `(({type, transferSize}) => type + (transferSize > 0 ? "" : " from cache"))(
		performance.getEntriesByType("navigation")[0])`
	noPages := chromedp.Flag("disable-features", "BackForwardCache")
	for _, test := range []struct {
		name, query, want string
		flags             []chromedp.ExecAllocatorOption
	}{
		{"the page was kept", "", "navigate", nil},
		{"the answer was kept", "?cached=1", "back_forward from cache", []chromedp.ExecAllocatorOption{noPages}},
		{"nothing was kept", "", "back_forward", []chromedp.ExecAllocatorOption{noPages}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, p := start(t, captcha.Config{}), browser.Open(t, test.flags...)
			p.Visit(s.url + "/" + test.query)
			first := fieldOf(p, "one").Key
			p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, first))
			p.Submit("#one [name=send]")
			wantHeading(t, p, "Thanks for one")
			p.Back()
			if got := browser.Value[string](p, origin); got != test.want {
				t.Errorf("the page is there by %q, want %q", got, test.want)
			}
			p.Await(fmt.Sprintf(`document.querySelector("#one [name=captcha_key]").value !== %q`, first))
			p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
			p.Submit("#one [name=send]")
			wantHeading(t, p, "Thanks for one")
		})
	}
}

func TestWithoutScript(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	p.Scripts(false)
	p.Visit(s.url)
	shown := ""
	for _, node := range p.Tree() {
		shown += node.Role + " " + node.Name + "\n"
	}
	for _, want := range []string{"button New characters", "The characters, read aloud"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is not there:\n%s", want, shown)
		}
	}
	for _, absent := range []string{"button Listen"} {
		if strings.Contains(shown, absent) {
			t.Errorf("%q is there:\n%s", absent, shown)
		}
	}
	// New characters, with the form as it was typed and no complaint.
	p.Type("#one [name=note]", "kept")
	before := fieldOf(p, "one")
	p.Submit("#one .captcha-refresh")
	after := fieldOf(p, "one")
	if after.Key == before.Key || after.Note != "kept" || after.Answer != "" || after.Status != refreshed {
		t.Errorf("%+v", after)
	}
	if browser.Value[bool](p, `document.querySelector(".captcha-error") !== null`) {
		t.Error("the visitor is told off")
	}
	// Enter sends the form.
	p.Type("#one [name=captcha_value]", "?")
	p.Follow(func() { p.Do(chromedp.KeyEvent(kb.Enter)) })
	if got := fieldOf(p, "one"); got.Answer != "" || got.Note != "kept" || got.Status != "" {
		t.Errorf("%+v", got)
	}
	p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
}

func TestSoundWithoutScript(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	p.Scripts(false)
	p.Visit(s.url)
	p.Tab()
	p.Tab()
	p.Tab() // the sound's own control
	p.Do(chromedp.KeyEvent(" "))
	select {
	case <-s.heard:
	case <-time.After(20 * time.Second):
		t.Error("the sound was not asked for")
	}
}

// At 320 CSS pixels, which is 1280 zoomed to 400 %, and at twice the text's size, everything is there and nothing has
// to be scrolled sideways. What is touched is large enough to be hit.
func TestFitsSmallWindows(t *testing.T) {
	t.Parallel()
	s, p := start(t, captcha.Config{}), browser.Open(t)
	for _, language := range []string{"en", "de", "fr", "es", "pt", "ru"} {
		for _, test := range []struct {
			width int64
			text  string
		}{{320, "100%"}, {640, "200%"}, {320, "200%"}} {
			p.Size(test.width, 800)
			p.Visit(s.url + "/?language=" + language)
			browser.Value[string](p, fmt.Sprintf(`document.documentElement.style.fontSize = %q`, test.text))
			for _, e := range browser.Value[[]string](p, `[...document.querySelectorAll("captcha-field *")].filter((e) => {
				const box = e.getBoundingClientRect();
				const small = e.matches("button, input") && box.width > 0 && (box.width < 44 || box.height < 44);
				return small || box.left < 0 || box.right > document.documentElement.clientWidth;
			}).map((e) => e.outerHTML.slice(0, 200))`) {
				t.Errorf("%s, %d wide, text at %s: does not fit or is small: %s", language, test.width, test.text, e)
			}
		}
	}
}
