package browser

import (
	"cmp"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromium is a tab in the Chromium on PATH, by its DevTools protocol.
type chromium struct {
	ctx             context.Context
	wrong, requests notes
}

func startChromium(t testing.TB, flags ...chromedp.ExecAllocatorOption) *chromium {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(executable(t, "chromium", "chromium-browser", "google-chrome")),
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

	c := &chromium{ctx: ctx}
	err := chromedp.Listen(ctx, c.note)
	if err == nil {
		_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	}
	if err == nil {
		_, err = chromedp.Call(ctx, network.Enable, network.EnableParams{})
	}
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	return c
}

// note keeps what goes wrong in a page, and what it asks for.
func (c *chromium) note(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		c.wrong.add("%v", &chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails})
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
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
	_, err := c.evaluate("history.back() === undefined")
	return err
}

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

// evaluate asks the page that is there now: chromedp's own way loses track of a page that comes back out of the browser's
// cache.
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
