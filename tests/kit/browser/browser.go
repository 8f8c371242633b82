// Package browser gives a test a page in a real headless Chromium: the one on PATH, with a profile of its own, that ends
// with the test.
//
// Without a Chromium the test is skipped, or fails where REQUIRE_BROWSER=1 is set, as in CI.
package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// How long things may take on a machine that is busy.
const (
	visitLimit = 2 * time.Minute  // a page, from its opening to its closing
	awaitLimit = 20 * time.Second // one thing that is waited for
	awaitPause = 20 * time.Millisecond
	closeLimit = 10 * time.Second // the browser's end
)

// names are the names of a Chromium on PATH, in the order of search.
var names = []string{"chromium", "chromium-browser", "google-chrome"}

// Page is a tab in a browser of its own. Its methods fail the test at once where something goes wrong.
type Page struct {
	t   testing.TB
	ctx context.Context

	left int // pages that were left for another

	mu       sync.Mutex
	problems []string
	requests []string
}

// Open starts a browser, with further flags, with an empty page of 1280 by 900 CSS pixels.
func Open(t testing.TB, flags ...chromedp.ExecAllocatorOption) *Page {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(executable(t)),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("mute-audio", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's sandbox does not work for root
	}
	options = append(options, flags...)
	ctx, cancel := context.WithTimeout(context.Background(), visitLimit)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	ctx, _ = chromedp.NewContext(ctx)
	// The browser has to be gone before its profile can be removed.
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(ctx, closeLimit)
		defer cancel()
		_ = chromedp.Cancel(ctx)
	})

	p := &Page{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, p.note); err != nil {
		t.Fatalf("browser: %v", err)
	}
	call(p, log.Enable, cdp.Empty{})
	call(p, network.Enable, network.EnableParams{})
	p.Size(1280, 900)
	return p
}

func executable(t testing.TB) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, fmt.Sprintf("browser: this needs one of %q on PATH", names))
	return ""
}

// missing skips a test that lacks something, or fails it where nothing may be lacking.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("REQUIRE_BROWSER") == "1" {
		t.Fatal(what + ", for REQUIRE_BROWSER is set")
	}
	t.Skip(what)
}

// note keeps what goes wrong in a page, and what it asks for.
func (p *Page) note(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.problems = append(p.problems, (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			p.problems = append(p.problems, fmt.Sprintf("console.%s: %v", e.Type, e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelWarning || e.Entry.Level == log.EntryLevelError {
			p.problems = append(p.problems, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *network.EventLoadingFailed:
		if e.BlockedReason != "" {
			p.problems = append(p.problems, fmt.Sprintf("network: blocked: %s", e.BlockedReason))
		}
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	}
}

// Requests returns the addresses that the page and its parts asked for since the last call.
func (p *Page) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	requests := p.requests
	p.requests = nil
	return requests
}

// Problems returns what went wrong in the page since the last call: uncaught exceptions, warnings and errors in the
// console, what its Content-Security-Policy refused, and requests that failed or were answered with an error.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	problems := p.problems
	p.problems = nil
	return problems
}

// WantNoProblems fails the test for each of Problems.
func (p *Page) WantNoProblems() {
	p.t.Helper()
	for _, problem := range p.Problems() {
		p.t.Errorf("browser: %s", problem)
	}
}

// Do runs steps in order.
func (p *Page) Do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatalf("browser: %v", err)
	}
}

// call sends a command of the browser's protocol.
func call[P, R any](p *Page, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	result, err := chromedp.Call(p.ctx, command, params)
	if err != nil {
		p.t.Fatalf("browser: %v", err)
	}
	return result
}

// Visit opens an address and returns when the page is loaded.
func (p *Page) Visit(url string) {
	p.t.Helper()
	p.Do(chromedp.Navigate(url))
}

// Click clicks in the middle of the first element that the CSS selector finds.
func (p *Page) Click(selector string) {
	p.t.Helper()
	at := Value[struct{ X, Y float64 }](p, fmt.Sprintf(`(() => {
		const element = document.querySelector(%q);
		element.scrollIntoView({block: "center", behavior: "instant"});
		const {x, y, width, height} = element.getBoundingClientRect();
		return {X: x + width / 2, Y: y + height / 2};
	})()`, selector))
	p.Do(chromedp.MouseClickXY(at.X, at.Y))
}

// Type gives the focus to the first element that the CSS selector finds, and presses a key for each character of text.
func (p *Page) Type(selector, text string) {
	p.t.Helper()
	Value[bool](p, fmt.Sprintf(`document.querySelector(%q).focus() === undefined`, selector))
	p.Do(chromedp.KeyEvent(text))
}

// Follow takes a step that leads to another page, and returns when that is loaded.
func (p *Page) Follow(step func()) {
	p.t.Helper()
	p.left++ // a page out of the browser's cache still has the number from when it was left
	Value[int](p, fmt.Sprintf("window.left = %d", p.left))
	step()
	p.Await(fmt.Sprintf(`window.left !== %d && document.readyState === "complete"`, p.left))
}

// Submit clicks what the CSS selector finds, and returns when the page that follows is loaded.
func (p *Page) Submit(selector string) {
	p.t.Helper()
	p.Follow(func() { p.Click(selector) })
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
			p.t.Fatalf("browser: it did not come to %s: %v", expression, err)
		}
	}
}

// evaluate returns an expression's value in JSON. It asks the page that is there now: chromedp's own way loses track of a
// page that comes back out of the browser's cache.
func (p *Page) evaluate(expression string) ([]byte, error) {
	yes := true
	result, err := chromedp.Call(p.ctx, runtime.Evaluate, runtime.EvaluateParams{
		Expression: expression, ReturnByValue: &yes, AwaitPromise: &yes,
	})
	switch {
	case err != nil:
		return nil, err
	case result.ExceptionDetails != nil:
		return nil, &chromedp.ExceptionError{ExceptionDetails: result.ExceptionDetails}
	}
	return result.Result.Value, nil
}

// Size sets the size of the window, in CSS pixels.
func (p *Page) Size(width, height int64) {
	p.t.Helper()
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1,
	})
}

// Media sets a media feature that CSS can ask for, such as prefers-color-scheme to dark.
func (p *Page) Media(feature, value string) {
	p.t.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: feature, Value: value}},
	})
}

// Scripts turns JavaScript off, or on again, for the pages visited from now on.
func (p *Page) Scripts(on bool) {
	p.t.Helper()
	call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

// Back goes back in the browser's history, from its cache where it has the page there.
func (p *Page) Back() {
	p.t.Helper()
	p.Follow(func() { Value[bool](p, `history.back() === undefined`) })
}

// Offline takes the network away, or gives it back.
func (p *Page) Offline(off bool) {
	p.t.Helper()
	call(p, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}},
	})
}

// Screenshot returns the window as a PNG.
func (p *Page) Screenshot() []byte {
	p.t.Helper()
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatalf("browser: %v", err)
	}
	return png
}
