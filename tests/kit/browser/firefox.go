package browser

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// preferences let sound play unasked, load pages in windows that are not in front as those in front, and let nothing
// leave the machine: whatever is not loopback goes to a proxy that is not there. Firefox adds those that it recommends
// for tests itself.
const preferences = `user_pref("media.autoplay.default", 0);
user_pref("media.autoplay.blocking_policy", 0);
user_pref("media.volume_scale", "0.0");
user_pref("browser.newtab.preload", false);
user_pref("network.http.active_tab_priority", false);
user_pref("network.http.throttle.enable", false);
user_pref("network.http.tailing.enabled", false);
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
`

// listening matches the line in which Firefox says at which address it listens.
var listening = regexp.MustCompile(`WebDriver BiDi listening on (ws://\S+)`)

// violations is the function that every page begins with. It logs what a policy refuses, which BiDi's log does not have
// by itself.
const violations = `() => document.addEventListener("securitypolicyviolation",
	(e) => console.error("Content Security Policy: " + e.violatedDirective + " refused " + e.blockedURI))`

// events are those that a page is told of.
var events = []string{
	"browsingContext.contextCreated", "log.entryAdded",
	"network.beforeRequestSent", "network.responseCompleted", "network.fetchError",
}

// firefoxProcess is the Firefox on PATH, which ends with this program at the latest, and a connection to it by
// WebDriver BiDi.
type firefoxProcess struct {
	ctx     context.Context // ends with the process
	cancel  func()
	command *exec.Cmd
	socket  *websocket.Conn
	front   chan struct{} // has room for one page

	mu      sync.Mutex
	sent    int
	waiting map[int]chan reply
	pages   map[string]*firefox // by their user contexts and by their browsing contexts, with those of their frames
}

// reply is what BiDi sends: what became of a command, or an event.
type reply struct {
	ID      int             `json:"id"`
	Result  json.RawMessage `json:"result"`
	Error   string          `json:"error"`
	Message string          `json:"message"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
}

func startFirefox(program string) (*firefoxProcess, error) {
	reaper, err := startReaper()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &firefoxProcess{
		ctx: ctx, cancel: cancel,
		front: make(chan struct{}, 1), waiting: make(map[int]chan reply), pages: make(map[string]*firefox),
	}
	f.command = exec.CommandContext(ctx, program,
		"--headless", "--no-remote", "--profile", reaper.profile, "--remote-debugging-port", "0", "about:blank")
	f.command.Env = append(os.Environ(), "HOME="+reaper.profile, "MOZ_CRASHREPORTER_DISABLE=1")
	f.command.SysProcAttr = ownGroup()
	output, err := f.command.StderrPipe()
	if err == nil {
		err = os.WriteFile(filepath.Join(reaper.profile, "user.js"), []byte(preferences), 0o600)
	}
	if err == nil {
		err = f.command.Start()
	}
	if err != nil {
		cancel()
		reaper.reap()
		return nil, err
	}
	reaper.watch(f.command.Process)
	address := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(output); lines.Scan(); {
			if match := listening.FindStringSubmatch(lines.Text()); match != nil {
				address <- match[1]
			}
		}
		close(address)
		_ = f.command.Wait()
		cancel()
		reaper.reap()
	}()
	tooLate := time.AfterFunc(visitLimit, cancel)
	defer tooLate.Stop()
	if err := f.connect(<-address); err != nil {
		cancel()
		return f, fmt.Errorf("firefox: %w", err)
	}
	return f, nil
}

func (f *firefoxProcess) gone() bool { return f.ctx.Err() != nil }

func (f *firefoxProcess) connect(address string) (err error) {
	if address == "" {
		return errors.New("it ended without saying where it listens")
	}
	if f.socket, _, err = websocket.Dial(f.ctx, address+"/session", nil); err != nil {
		return err
	}
	f.socket.SetReadLimit(64 << 20) // a screenshot
	go f.listen()
	for _, command := range []struct {
		method string
		params object
	}{
		{"session.new", object{"capabilities": object{}}},
		{"session.subscribe", object{"events": events}},
		{"script.addPreloadScript", object{"functionDeclaration": violations}},
	} {
		if err := f.call(f.ctx, command.method, command.params, nil); err != nil {
			return err
		}
	}
	return nil
}

// listen hands replies to whoever waits for them, and events to the page that they are of, until the connection ends.
func (f *firefoxProcess) listen() {
	defer f.cancel()
	for {
		var r reply
		if err := wsjson.Read(f.ctx, f.socket, &r); err != nil {
			return
		}
		if r.ID == 0 {
			f.note(r)
			continue
		}
		f.mu.Lock()
		waiting := f.waiting[r.ID]
		delete(f.waiting, r.ID)
		f.mu.Unlock()
		if waiting != nil {
			waiting <- r
		}
	}
}

// call sends a command. A result of nil is not read.
func (f *firefoxProcess) call(ctx context.Context, method string, params object, result any) error {
	answer := make(chan reply, 1)
	f.mu.Lock()
	f.sent++
	id := f.sent
	f.waiting[id] = answer
	f.mu.Unlock()
	// A write that is given up closes the connection, which other pages use too.
	if err := wsjson.Write(f.ctx, f.socket, object{"id": id, "method": method, "params": params}); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case r := <-answer:
		switch {
		case r.Error != "":
			return fmt.Errorf("%s: %s: %s", method, r.Error, r.Message)
		case result == nil:
			return nil
		}
		return json.Unmarshal(r.Result, result)
	case <-f.ctx.Done():
		return fmt.Errorf("%s: the browser has gone", method)
	case <-ctx.Done():
		f.mu.Lock()
		delete(f.waiting, id)
		f.mu.Unlock()
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

// event is what is read of BiDi's events.
type event struct {
	Context     string // of a frame or of a whole tab
	UserContext string
	Source      struct{ Context string }
	Level, Text string
	ErrorText   string
	Request     struct{ URL string }
	Response    struct{ Status int }
}

// note hands an event to the page that it is of. What is of no page is Firefox's own.
func (f *firefoxProcess) note(r reply) {
	var e event
	err := json.Unmarshal(r.Params, &e)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch page := f.pages[cmp.Or(e.Context, e.Source.Context)]; {
	case err != nil:
		for _, page := range f.pages {
			page.wrong.add("%s: %v", r.Method, err)
		}
	case r.Method == "browsingContext.contextCreated":
		if owner := f.pages[e.UserContext]; owner != nil {
			f.pages[e.Context] = owner
		}
	case page != nil:
		page.note(r.Method, e)
	}
}

// firefoxes is the Firefox that pages share.
var firefoxes shared[*firefoxProcess]

// firefox is a tab. It has a window and a user context of its own: no other page sees its cookies, its storage or its
// cache.
type firefox struct {
	process         *firefoxProcess
	ctx             context.Context
	tab             string
	wrong, requests notes
}

func openFirefox(t testing.TB) *firefox {
	t.Helper()
	program := executable(t, "firefox-esr", "firefox")
	f := &firefox{}
	err := firefoxes.open(
		func() (*firefoxProcess, error) { return startFirefox(program) },
		func(process *firefoxProcess) error { return f.open(t, process) },
	)
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	return f
}

func (f *firefox) open(t testing.TB, process *firefoxProcess) error {
	ctx, cancel := context.WithTimeout(process.ctx, visitLimit)
	t.Cleanup(cancel)
	f.process, f.ctx = process, ctx
	var user struct{ UserContext string }
	if err := f.call("browser.createUserContext", object{}, &user); err != nil {
		return err
	}
	process.mu.Lock()
	process.pages[user.UserContext] = f
	process.mu.Unlock()
	t.Cleanup(func() { f.close(user.UserContext) })
	var tab struct{ Context string }
	err := f.turn(func() error { // a new window takes the focus
		return f.call("browsingContext.create", object{"type": "window", "userContext": user.UserContext}, &tab)
	})
	f.tab = tab.Context
	return err
}

// close closes the page's window, and whatever it opened itself.
func (f *firefox) close(userContext string) {
	ctx, cancel := context.WithTimeout(f.process.ctx, closeLimit)
	defer cancel()
	_ = f.process.call(ctx, "browser.removeUserContext", object{"userContext": userContext}, nil)
	f.process.mu.Lock()
	defer f.process.mu.Unlock()
	maps.DeleteFunc(f.process.pages, func(_ string, page *firefox) bool { return page == f })
}

func (f *firefox) call(method string, params object, result any) error {
	return f.process.call(f.ctx, method, params, result)
}

// note keeps what goes wrong in a page, and what it asks for.
func (f *firefox) note(method string, e event) {
	switch {
	case method == "log.entryAdded" && (e.Level == "warn" || e.Level == "error"):
		f.wrong.add("console.%s: %s", e.Level, e.Text)
	case method == "network.beforeRequestSent":
		f.requests.add("%s", e.Request.URL)
	case method == "network.responseCompleted" && e.Response.Status >= 400:
		f.wrong.add("network: status of %d %s", e.Response.Status, e.Request.URL)
	case method == "network.fetchError" && e.ErrorText != aborted:
		f.wrong.add("network: %s %s", e.ErrorText, e.Request.URL)
	}
}

// aborted is the error of a request that its page no longer needs: a sound that is replaced, a page that is left.
const aborted = "NS_BINDING_ABORTED"

// problems leaves out the icon that Firefox looks for by itself if it leaves a page before it has read which icon the
// page has.
func (f *firefox) problems() ([]string, error) {
	return slices.DeleteFunc(f.wrong.take(), func(line string) bool { return strings.Contains(line, "/favicon.ico") }), nil
}

func (f *firefox) requested() []string { return f.requests.take() }

func (f *firefox) visit(url string) error {
	return f.call("browsingContext.navigate", object{"context": f.tab, "url": url, "wait": "complete"}, nil)
}

func (f *firefox) back() error {
	return f.call("browsingContext.traverseHistory", object{"context": f.tab, "delta": -1}, nil)
}

func (f *firefox) evaluate(expression string) ([]byte, error) {
	var evaluated struct {
		Result           struct{ Value *string }
		ExceptionDetails *struct{ Text string }
	}
	err := f.call("script.evaluate", object{
		"expression":   "Promise.resolve(" + expression + ").then((value) => JSON.stringify(value) ?? null)",
		"target":       object{"context": f.tab},
		"awaitPromise": true,
	}, &evaluated)
	if err != nil {
		return nil, err
	}
	if evaluated.ExceptionDetails != nil {
		return nil, errors.New(evaluated.ExceptionDetails.Text)
	}
	null := "null"
	return []byte(*cmp.Or(evaluated.Result.Value, &null)), nil
}

// inFront waits for the other pages' turns to end. Firefox gives the focus to one window at a time: in the others keys
// arrive as well, but no element hears of a focus.
func (f *firefox) inFront(step func() error) error {
	return f.turn(func() error {
		if err := f.call("browsingContext.activate", object{"context": f.tab}, nil); err != nil {
			return err
		}
		for limit := time.Now().Add(awaitLimit); ; time.Sleep(awaitPause) {
			focused, err := f.evaluate("document.hasFocus()")
			if string(focused) == "true" {
				return step()
			}
			if time.Now().After(limit) {
				return fmt.Errorf("firefox: the page did not get the focus: %v", err)
			}
		}
	})
}

// turn takes a step while no other page takes one. A page that hangs loses its turn.
func (f *firefox) turn(step func() error) error {
	select {
	case f.process.front <- struct{}{}:
	case <-f.ctx.Done():
		return fmt.Errorf("firefox: waiting for a turn: %w", f.ctx.Err())
	}
	end := sync.OnceFunc(func() { <-f.process.front })
	defer end()
	defer time.AfterFunc(awaitLimit, end).Stop()
	return step()
}

func (f *firefox) click(x, y float64, times int) error { return f.perform(clicking(x, y, times)) }

func (f *firefox) press(keys string) error { return f.perform(typing(keys)) }

func (f *firefox) perform(actions []object) error {
	return f.call("input.performActions", object{"context": f.tab, "actions": actions}, nil)
}

func (f *firefox) size(width, height int64) error {
	viewport := object{"width": width, "height": height}
	return f.call("browsingContext.setViewport", object{"context": f.tab, "viewport": viewport}, nil)
}

func (f *firefox) screenshot() ([]byte, error) {
	var shot struct{ Data string }
	if err := f.call("browsingContext.captureScreenshot", object{"context": f.tab}, &shot); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(shot.Data)
}
