package demo_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// surfer is a visitor with a real browser.
type surfer struct {
	*browser.Page
	t    *testing.T
	base string
}

func surf(t *testing.T, s *server.Server) *surfer { return &surfer{browser.Open(t), t, s.URL} }

func (b *surfer) open(path string) {
	b.t.Helper()
	b.Visit(b.base + path)
}

// write replaces what is in a field.
func (b *surfer) write(name, text string) {
	b.t.Helper()
	field := fmt.Sprintf("[name=%q]", name)
	browser.Value[string](b.Page, fmt.Sprintf("document.querySelector(%q).value = ''", field))
	b.Type(field, text)
}

// value returns what is in a field, or nothing if there is none.
func (b *surfer) value(name string) string {
	b.t.Helper()
	return browser.Value[string](b.Page, fmt.Sprintf("document.querySelector('[name=%q]')?.value ?? ''", name))
}

// works reports whether the browser computes in place of its visitor typing, which it begins as soon as a field has the
// focus.
func (b *surfer) works() bool {
	b.t.Helper()
	return browser.Value[bool](b.Page, `document.querySelector("captcha-field[data-work]:defined") !== null`)
}

// solve waits until the browser has met the challenge of the page, or types the answer if the browser can't do it.
func (b *surfer) solve() {
	b.t.Helper()
	if b.works() {
		b.Await(`document.querySelector("[name=captcha_work]").value !== ""`)
		return
	}
	b.write("captcha_value", captchatest.Solve(b.t, solver().For(purposes[b.at()]), b.value("captcha_key")))
}

// send submits the page's form, past the browser's own checks.
func (b *surfer) send() {
	b.t.Helper()
	b.Submit("main form > button")
}

func (b *surfer) words() string {
	b.t.Helper()
	return browser.Value[string](b.Page, "document.querySelector('main').innerText")
}

func (b *surfer) at() string {
	b.t.Helper()
	return browser.Value[string](b.Page, "location.pathname")
}

// quiet fails the test for each request to another origin, and for each complaint of the browser, except about a status
// that the test expects.
func (b *surfer) quiet() {
	b.t.Helper()
	for _, problem := range b.Problems() {
		if !strings.Contains(problem, "status of 422") && !strings.Contains(problem, "status of 404") {
			b.t.Errorf("%s: %s", b.at(), problem)
		}
	}
	for _, url := range b.Requests() {
		if !strings.HasPrefix(url, b.base+"/") && !strings.HasPrefix(url, "data:") {
			b.t.Errorf("%s asks for %s", b.at(), url)
		}
	}
}

// withAndWithoutScript runs a test in a browser whose JavaScript is on, and in one where it is off.
func withAndWithoutScript(t *testing.T, test func(t *testing.T, b *surfer)) {
	for _, on := range []bool{true, false} {
		t.Run(fmt.Sprint("script ", on), func(t *testing.T) {
			b := surf(t, start(t))
			b.Scripts(on)
			test(t, b)
			b.quiet()
		})
	}
}

func TestBrowserSignsUpAndLogsInAndOut(t *testing.T) {
	t.Parallel()
	withAndWithoutScript(t, func(t *testing.T, b *surfer) {
		b.open("/signup")
		b.write("email", "ada@example.org")
		b.write("password", password)
		b.solve()
		b.send()
		if b.at() != "/account" || !strings.Contains(b.words(), "ada@example.org") {
			t.Fatalf("after signing up: %s: %s", b.at(), b.words())
		}
		b.Follow(func() { browser.Value[bool](b.Page, "location.reload() === undefined") })
		if b.at() != "/account" {
			t.Fatalf("after a reload: %s", b.at())
		}
		b.Submit(`form[action="/logout"] button`)
		if b.at() != "/login" {
			t.Fatalf("after logging out: %s", b.at())
		}
		for n := range 3 {
			if b.value("captcha_key") != "" {
				t.Fatalf("a captcha after %d failures", n)
			}
			b.write("email", "ada@example.org")
			b.write("password", "wrong guess")
			b.send()
		}
		if b.value("captcha_key") == "" || b.value("email") != "ada@example.org" || b.value("password") != "" {
			t.Fatalf("after three failures: %s", b.words())
		}
		if !b.works() {
			b.write("password", password)
			b.write("captcha_value", "WRONG")
			b.send()
			if !strings.Contains(b.words(), "Type the new") {
				t.Fatalf("after a wrong answer: %s", b.words())
			}
		}
		b.write("password", password)
		b.solve()
		b.send()
		if b.at() != "/account" {
			t.Fatalf("after the captcha: %s: %s", b.at(), b.words())
		}
	})
}

func TestBrowserSendsAMessage(t *testing.T) {
	t.Parallel()
	withAndWithoutScript(t, func(t *testing.T, b *surfer) {
		b.open("/contact")
		b.write("name", "Ada")
		b.write("email", "ada..l@example.org") // a mistake that browsers let pass
		b.write("message", "Hello there")
		b.solve()
		b.send()
		if !strings.Contains(b.words(), "Enter your email address in the form") || b.value("message") != "Hello there" {
			t.Fatalf("after a mistake: %s", b.words())
		}
		if b.value("captcha_value") == "" {
			t.Error("the answer has to be typed again")
		}
		b.write("email", "ada@example.org")
		b.send()
		if !strings.HasPrefix(b.at(), "/contact/") || !strings.Contains(b.words(), "Hello there") {
			t.Fatalf("after sending: %s: %s", b.at(), b.words())
		}
		b.Follow(func() { browser.Value[bool](b.Page, "location.reload() === undefined") })
		if !strings.Contains(b.words(), "Hello there") {
			t.Fatalf("after a reload: %s", b.words())
		}
	})
}

func TestBrowserTriesOne(t *testing.T) {
	t.Parallel()
	withAndWithoutScript(t, func(t *testing.T, b *surfer) {
		b.open("/")
		b.write("captcha_value", "WRONG")
		b.send()
		if !strings.Contains(b.words(), "Wrong: ") {
			t.Fatalf("after a wrong answer: %s", b.words())
		}
		b.solve()
		b.send()
		if !strings.Contains(b.words(), "Right,") {
			t.Fatalf("after the right answer: %s", b.words())
		}
	})
}

// A slip, other characters and a message, in every browser.
func TestBrowserRefreshes(t *testing.T) {
	t.Parallel()
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		b := &surfer{p, t, start(t).URL}
		b.open("/contact")
		b.write("name", "Ada")
		b.write("email", "ada..l@example.org") // a mistake that browsers let pass
		b.write("message", "Hello there")
		b.solve()
		b.send()
		if !strings.Contains(b.words(), "Enter your email address in the form") || b.value("message") != "Hello there" {
			t.Fatalf("after a mistake: %s", b.words())
		}
		b.write("email", "ada@example.org")
		key := b.value("captcha_key")
		b.Click(".captcha-refresh")
		b.Await(fmt.Sprintf("document.querySelector('[name=captcha_key]').value !== %q", key))
		if b.value("message") != "Hello there" {
			t.Error("the form is not as it was")
		}
		b.solve()
		b.send()
		if !strings.HasPrefix(b.at(), "/contact/") {
			t.Fatalf("%s: %s", b.at(), b.words())
		}
		b.quiet()
	})
}

func (b *surfer) count(selector string) int {
	b.t.Helper()
	return browser.Value[int](b.Page, fmt.Sprintf("document.querySelectorAll(%q).length", selector))
}

// crowded lists the words and numbers of tiles and bars that are broken over lines, and the labels of a plot that
// overlap.
const crowded = `(() => {
	const found = [];
	for (const {firstChild: text} of document.querySelectorAll(".tiles dt, .tiles dd, .bars th, .bars td"))
		for (const {0: word, index} of text.nodeType === Node.TEXT_NODE ? text.data.matchAll(/\S+/g) : []) {
			const range = document.createRange();
			range.setStart(text, index);
			range.setEnd(text, index + word.length);
			if (range.getClientRects().length > 1) found.push(word + " is broken");
		}
	for (const plot of document.querySelectorAll(".plot")) {
		const labels = [...plot.querySelectorAll("text")].map(label => ({text: label.textContent, box: label.getBoundingClientRect()}));
		labels.forEach((a, i) => labels.slice(i + 1).forEach(b => {
			if (a.box.left < b.box.right && b.box.left < a.box.right && a.box.top < b.box.bottom && b.box.top < a.box.bottom)
				found.push(a.text + " and " + b.text + " overlap");
		}));
	}
	return found;
})()`

// good fails the test unless the page is quiet, asks nobody else for anything, fits its window without being crowded,
// and keeps axe's rules in both colour schemes.
func (b *surfer) good(name string) {
	b.t.Helper()
	b.Axe()
	for _, width := range []int64{320, 360, 768, 1280, 2000} {
		b.Size(width, 800)
		if over := browser.Value[int](b.Page, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
			b.t.Errorf("%s is %d pixels wider than %d", name, over, width)
		}
		for _, problem := range browser.Value[[]string](b.Page, crowded) {
			b.t.Errorf("%s at %d pixels: %s", name, width, problem)
		}
	}
	b.quiet()
}

func TestBrowserFindsPagesGood(t *testing.T) {
	t.Parallel()
	b := surf(t, start(t))
	for _, path := range []string{"/", "/contact", "/signup", "/login", "/playground", "/developers", "/stats", "/nothing"} {
		b.open(path)
		b.good(path)
	}
}

func TestBrowserFindsErrorsGood(t *testing.T) {
	t.Parallel()
	b := surf(t, start(t))
	for _, path := range []string{"/contact", "/signup", "/login"} {
		b.open(path)
		browser.Value[bool](b.Page, "document.querySelector('main form').noValidate = true")
		b.send()
		b.good(path + " with errors")
	}
}

func TestBrowserFindsResultsGood(t *testing.T) {
	t.Parallel()
	b := surf(t, start(t))
	b.open("/")
	b.solve()
	b.send()
	b.good("the verdict")
	b.open("/contact")
	b.write("name", "Ada")
	b.write("email", "ada@example.org")
	b.write("message", strings.Repeat("longword", 40))
	b.solve()
	b.send()
	b.good("the receipt")
	b.open("/signup")
	b.write("email", strings.Repeat("a", 60)+"@example.org")
	b.write("password", password)
	b.solve()
	b.send()
	b.good("the account")
	b.open("/stats")
	if b.count("rect.solved") == 0 {
		t.Error("/stats shows nothing as solved")
	}
	b.good("/stats with something solved")
}
