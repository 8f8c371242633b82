package browser

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// unneeded are features that no page has a part in, and that cost more of the processor than a small page: the first
// two start a renderer in each new window for what drops from its address bar, the third one for a page to come. The
// others are those that chromedp turns off.
const unneeded = "WebUIOmniboxPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess,Translate,BlinkGenPropertyTrees"

// chromiumProcess is a Chromium from PATH, which ends with this program at the latest.
type chromiumProcess struct {
	ctx  context.Context // ends with the process
	lost <-chan struct{} // is closed a moment before, when the connection breaks
	end  func()          // returns when the process has ended
}

func startChromium(program string, flags ...chromedp.ExecAllocatorOption) (*chromiumProcess, error) {
	reaper, err := startReaper()
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.UserDataDir(reaper.profile),
		chromedp.ModifyCmdFunc(func(command *exec.Cmd) { command.SysProcAttr = ownGroup() }),
		chromedp.DisableGPU,
		chromedp.Flag("disable-features", unneeded),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("mute-audio", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's sandbox does not work for root
	}
	options = append(options, flags...)
	ctx, cancel := context.WithCancel(context.Background())
	ctx, _ = chromedp.NewExecAllocator(ctx, options...)
	ctx, _ = chromedp.NewContext(ctx)
	tooLate := time.AfterFunc(visitLimit, cancel)
	err = chromedp.Do(ctx)
	tooLate.Stop()
	chrome := chromedp.FromContext(ctx)
	var lost <-chan struct{}
	if chrome.Browser != nil {
		reaper.watch(chrome.Browser.Process())
		lost = chrome.Browser.LostConnection
	}
	if err != nil {
		cancel()
	}
	ended := make(chan struct{})
	go func() {
		<-ctx.Done() // it was told to end, or it crashed
		chrome.Allocator.Wait()
		reaper.reap()
		close(ended)
	}()
	return &chromiumProcess{ctx: ctx, lost: lost, end: func() { cancel(); <-ended }}, err
}

func (p *chromiumProcess) gone() bool {
	select {
	case <-p.lost:
		return true
	default:
		return p.ctx.Err() != nil
	}
}

// chromiums is the Chromium that pages share.
var chromiums shared[*chromiumProcess]

// chromium is a tab, by Chromium's DevTools protocol. It has a window and a browser context of its own: no other page
// sees its cookies, its storage or its cache.
type chromium struct {
	ctx             context.Context
	wrong, requests notes
}

// openChromium opens a tab in the Chromium that pages share, or in one of its own if there are further flags.
func openChromium(t testing.TB, flags ...chromedp.ExecAllocatorOption) *chromium {
	t.Helper()
	program := executable(t, "chromium", "chromium-browser", "google-chrome")
	c := &chromium{}
	if len(flags) == 0 {
		err := chromiums.open(
			func() (*chromiumProcess, error) { return startChromium(program) },
			func(process *chromiumProcess) error { return c.open(t, process) },
		)
		if err != nil {
			t.Fatalf("browser: %v", err)
		}
		return c
	}
	process, err := startChromium(program, flags...)
	if err == nil {
		t.Cleanup(process.end)
		err = c.open(t, process)
	}
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	return c
}

func (c *chromium) open(t testing.TB, process *chromiumProcess) error {
	ctx, cancel := context.WithTimeout(process.ctx, visitLimit)
	t.Cleanup(cancel)
	ctx, closeTab := chromedp.NewContext(ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(c.note))
	t.Cleanup(closeTab)
	c.ctx = ctx
	return chromedp.Do(ctx)
}

// note keeps what goes wrong in a page, and what it asks for.
func (c *chromium) note(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		c.wrong.add("%v", &chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails})
	case *runtime.EventConsoleAPICalled:
		switch e.Type {
		case runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeAssert:
			c.wrong.add("console.%s: %s", e.Type, said(e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelWarning || e.Entry.Level == log.EntryLevelError {
			c.wrong.add("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventLoadingFailed:
		if e.BlockedReason != "" {
			c.wrong.add("network: blocked: %s", e.BlockedReason)
		}
	case *network.EventRequestWillBeSent:
		c.requests.add("%s", e.Request.URL)
	}
}

// said is what the console shows of the values that it was given.
func said(values []*runtime.RemoteObject) string {
	var words []string
	for _, value := range values {
		words = append(words, cmp.Or(value.Description, string(value.Value)))
	}
	return strings.Join(words, " ")
}

func (c *chromium) problems() ([]string, error) { return c.wrong.take(), nil }

func (c *chromium) requested() []string { return c.requests.take() }

func (c *chromium) visit(url string) error { return chromedp.Do(c.ctx, chromedp.Navigate(url)) }

func (c *chromium) back() error {
	// Later, for a page that is left at once does not answer.
	_, err := c.evaluate("setTimeout(() => history.back())")
	return err
}

// inFront only takes the step: in a Chromium without a screen every window has the focus.
func (c *chromium) inFront(step func() error) error { return step() }

func (c *chromium) click(x, y float64, times int) error {
	for n := range times {
		if n > 0 {
			time.Sleep(clickPause)
		}
		if err := chromedp.Do(c.ctx, chromedp.MouseClickXY(x, y)); err != nil {
			return err
		}
	}
	return nil
}

func (c *chromium) press(keys string) error { return chromedp.Do(c.ctx, chromedp.KeyEvent(keys)) }

func (c *chromium) size(width, height int64) error {
	_, err := chromedp.Call(c.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1,
	})
	return err
}

func (c *chromium) screenshot() ([]byte, error) {
	return chromedp.Run(c.ctx, chromedp.CaptureScreenshot())
}

// evaluate asks the page that is there now: chromedp's own way loses track of a page that comes back out of the
// browser's cache.
func (c *chromium) evaluate(expression string) ([]byte, error) {
	yes := true
	result, err := chromedp.Call(c.ctx, runtime.Evaluate, runtime.EvaluateParams{
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

// chromium returns the page's browser, for what only a Chromium can do.
func (p *Page) chromium() *chromium {
	p.t.Helper()
	c, ok := p.engine.(*chromium)
	if !ok {
		p.t.Fatalf("browser: only Chromium can do that, and this is a %T", p.engine)
	}
	return c
}

// call sends a command of Chromium's protocol.
func call[P, R any](p *Page, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	result, err := chromedp.Call(p.chromium().ctx, command, params)
	p.check(err)
	return result
}

// Do runs steps in order, in Chromium.
func (p *Page) Do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	p.check(chromedp.Do(p.chromium().ctx, steps...))
}

// Press presses the mouse where Click clicks, takes a step, and releases it in the same place, in Chromium.
func (p *Page) Press(selector string, meanwhile func()) {
	p.t.Helper()
	at := p.middle(selector)
	p.Do(chromedp.MouseEvent(chromedp.MousePressed, at.X, at.Y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
	meanwhile()
	p.Do(chromedp.MouseEvent(chromedp.MouseReleased, at.X, at.Y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
}

// Tap taps with a finger where Click clicks, in Chromium.
func (p *Page) Tap(selector string) {
	p.t.Helper()
	at := p.middle(selector)
	call(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{
		Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: []*input.TouchPoint{{X: at.X, Y: at.Y}},
	})
	call(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{
		Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{},
	})
}

// Media sets a media feature that CSS can ask for, such as prefers-color-scheme to dark, in Chromium.
func (p *Page) Media(feature, value string) {
	p.t.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: feature, Value: value}},
	})
}

// Scripts turns JavaScript off, or on again, for the pages visited from now on, in Chromium.
func (p *Page) Scripts(on bool) {
	p.t.Helper()
	call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

// Before runs a script at the start of every page that is visited from now on, before the page's own, in Chromium.
func (p *Page) Before(script string) {
	p.t.Helper()
	call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
}

// Offline takes the network away, or gives it back, in Chromium.
func (p *Page) Offline(off bool) {
	p.t.Helper()
	call(p, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}},
	})
}
