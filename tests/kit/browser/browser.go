// Package browser gives a test a page in a real browser, of which there are three: Chromium, Firefox and WebKitGTK.
// The pages of a test binary share a Chromium and a Firefox, which end with it. No page sees another's cookies,
// storage, cache or faults, and each can be used as if it were in front.
//
// A test that holds in every browser is written once and run by Each. What only Chromium's protocol can do, such as
// taking the network away or auditing a page's accessibility, is for a page from Open.
//
// Without a browser the test is skipped, or fails where REQUIRE_BROWSER=1 is set, as in CI.
package browser

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// How long things may take on a machine that is busy.
const (
	visitLimit = 5 * time.Minute // a page, from its opening to its closing
	awaitLimit = time.Minute     // one thing that is waited for
	awaitPause = 20 * time.Millisecond
	closeLimit = 10 * time.Second // the page's end
)

// engine is what a page asks of its browser.
type engine interface {
	visit(url string) error // returns when the page is loaded
	back() error            // in the browser's history
	evaluate(expression string) (json []byte, err error)
	inFront(step func() error) error     // takes the step while the page has the focus
	click(x, y float64, times int) error // in CSS pixels from the window's corner
	press(keys string) error             // one after the other, into what has the focus
	size(width, height int64) error
	screenshot() (png []byte, err error)
	problems() ([]string, error) // since the last call
	requested() []string         // since the last call
}

// Page is a tab in a window and a profile of its own. Its methods fail the test at once if something goes wrong.
type Page struct {
	engine
	t    testing.TB
	left int // pages that were left for another
}

// Each runs a test in every browser, as a subtest that bears its name.
func Each(t *testing.T, test func(t *testing.T, p *Page)) {
	for _, browser := range []struct {
		name string
		open func(testing.TB) engine
	}{
		{"chromium", func(t testing.TB) engine { return openChromium(t) }},
		{"firefox", func(t testing.TB) engine { return openFirefox(t) }},
		{"webkit", func(t testing.TB) engine { return startWebKit(t) }},
	} {
		t.Run(browser.name, func(t *testing.T) {
			t.Parallel() // these tests mostly wait: for a page to load, for a sound to end
			test(t, newPage(t, browser.open(t)))
		})
	}
}

// Open opens a page in Chromium. With further flags the page has a Chromium of its own, which ends with the test.
func Open(t testing.TB, flags ...chromedp.ExecAllocatorOption) *Page {
	t.Helper()
	return newPage(t, openChromium(t, flags...))
}

// newPage returns a browser's empty page, of 1280 by 900 CSS pixels.
func newPage(t testing.TB, e engine) *Page {
	t.Helper()
	p := &Page{engine: e, t: t}
	p.Size(1280, 900)
	return p
}

// executable returns the path of the first of these programs that is there.
func executable(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, fmt.Sprintf("browser: this needs one of %q on PATH", names))
	return ""
}

// missing skips a test that lacks something, or fails it if REQUIRE_BROWSER=1 is set.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("REQUIRE_BROWSER") == "1" {
		t.Fatal(what + ", for REQUIRE_BROWSER is set")
	}
	t.Skip(what)
}

// notes are lines that one goroutine writes and another takes.
type notes struct {
	mu    sync.Mutex
	lines []string
}

func (n *notes) add(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, fmt.Sprintf(format, args...))
}

func (n *notes) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	lines := n.lines
	n.lines = nil
	return lines
}

func (p *Page) check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("browser: %v", err)
	}
}

// Problems returns what went wrong in the page since the last call: uncaught exceptions, warnings and errors in the
// console, what its Content-Security-Policy refused, and requests that failed or were answered with an error.
func (p *Page) Problems() []string {
	p.t.Helper()
	problems, err := p.problems()
	p.check(err)
	return problems
}

// WantNoProblems fails the test for each of Problems.
func (p *Page) WantNoProblems() {
	p.t.Helper()
	for _, problem := range p.Problems() {
		p.t.Errorf("browser: %s", problem)
	}
}

// Requests returns the addresses that the page and its parts asked for since the last call.
func (p *Page) Requests() []string { return p.requested() }

// Visit opens an address and returns when the page is loaded.
func (p *Page) Visit(url string) {
	p.t.Helper()
	p.check(p.visit(url))
}

// Click clicks in the middle of the first element that the CSS selector finds.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.clicks(selector, 1)
}

// ClickTwice clicks there twice, without waiting for what the first click does.
func (p *Page) ClickTwice(selector string) {
	p.t.Helper()
	p.clicks(selector, 2)
}

func (p *Page) clicks(selector string, times int) {
	p.t.Helper()
	at := p.middle(selector)
	p.check(p.inFront(func() error { return p.click(at.X, at.Y, times) }))
}

// point is a place in the window, in CSS pixels from its corner.
type point struct{ X, Y float64 }

// middle brings the first element that the CSS selector finds into the window, and returns where its middle is.
func (p *Page) middle(selector string) point {
	p.t.Helper()
	p.Await("[...document.styleSheets].length >= document.querySelectorAll('link[rel=stylesheet]').length") // or it moves
	return Value[point](p, fmt.Sprintf(`(() => {
		const element = document.querySelector(%q);
		element.scrollIntoView({block: "center", behavior: "instant"});
		const {x, y, width, height} = element.getBoundingClientRect();
		return {X: x + width / 2, Y: y + height / 2};
	})()`, selector))
}

// Type gives the focus to the first element that the CSS selector finds, and presses a key for each character of text.
func (p *Page) Type(selector, text string) {
	p.t.Helper()
	p.check(p.inFront(func() error {
		if _, err := p.evaluate(fmt.Sprintf(`document.querySelector(%q).focus() === undefined`, selector)); err != nil {
			return fmt.Errorf("%s: %w", selector, err)
		}
		return p.press(text)
	}))
}

// Follow takes a step that leads to another page, and returns when that is loaded.
func (p *Page) Follow(step func()) {
	p.t.Helper()
	p.left++ // a page out of the browser's cache still has the number from when it was left
	Value[int](p, fmt.Sprintf("window.left = %d", p.left))
	step()
	// Between two pages a browser may show an empty one for a moment.
	p.Await(fmt.Sprintf(`window.left !== %d && location.href !== "about:blank" && document.readyState === "complete"`,
		p.left))
}

// Submit clicks what the CSS selector finds, and returns when the page that follows is loaded.
func (p *Page) Submit(selector string) {
	p.t.Helper()
	p.Follow(func() { p.Click(selector) })
}

// Back goes back in the browser's history, from its cache where it has the page there.
func (p *Page) Back() {
	p.t.Helper()
	p.Follow(func() { p.check(p.back()) })
}

// Value returns what a JavaScript expression is worth. A promise is waited for.
func Value[T any](p *Page, expression string) (value T) {
	p.t.Helper()
	text, err := p.evaluate(expression)
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	if err != nil {
		p.t.Fatalf("browser: %s: %v", expression, err)
	}
	return value
}

// Await returns when a JavaScript expression is true, on this page or on one that takes its place.
func (p *Page) Await(expression string) {
	p.t.Helper()
	for limit := time.Now().Add(awaitLimit); ; time.Sleep(awaitPause) {
		value, err := p.evaluate("Boolean(" + expression + ")")
		if string(value) == "true" {
			return
		}
		if time.Now().After(limit) {
			problems, _ := p.problems()
			p.t.Fatalf("browser: it did not come to %s: %v; the page asked for %.99q and had the problems %q",
				expression, err, p.requested(), problems)
		}
	}
}

// Size sets the size of the window, in CSS pixels.
func (p *Page) Size(width, height int64) {
	p.t.Helper()
	p.check(p.size(width, height))
}

// Screenshot returns the window as a PNG.
func (p *Page) Screenshot() []byte {
	p.t.Helper()
	png, err := p.screenshot()
	p.check(err)
	return png
}
