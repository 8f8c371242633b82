package browser

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
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

// preferences let sound play unasked, and let nothing leave the machine: whatever is not loopback goes to a proxy that
// is not there. Firefox adds those that it recommends for tests itself.
const preferences = `user_pref("media.autoplay.default", 0);
user_pref("media.autoplay.blocking_policy", 0);
user_pref("media.volume_scale", "0.0");
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

// firefox is a tab in the Firefox on PATH, by WebDriver BiDi.
type firefox struct {
	ctx    context.Context
	socket *websocket.Conn
	tab    string

	wrong, requests notes

	mu      sync.Mutex
	sent    int
	waiting map[int]chan reply
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

func startFirefox(t testing.TB) *firefox {
	t.Helper()
	program, profile := executable(t, "firefox-esr", "firefox"), t.TempDir()
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(preferences), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), visitLimit)
	t.Cleanup(cancel)
	process := exec.CommandContext(ctx, program, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0", "about:blank")
	process.Env = append(os.Environ(), "HOME="+profile, "MOZ_CRASHREPORTER_DISABLE=1")
	output, err := process.StderrPipe()
	if err == nil {
		err = process.Start()
	}
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	f := &firefox{ctx: ctx, waiting: make(map[int]chan reply)}
	address := make(chan string, 1)
	go func() {
		defer close(address)
		for lines := bufio.NewScanner(output); lines.Scan(); {
			if match := listening.FindStringSubmatch(lines.Text()); match != nil {
				address <- match[1]
			}
		}
	}()
	// The browser has to be gone before its profile can be removed.
	t.Cleanup(func() {
		if f.socket != nil {
			_, _ = f.call("browser.close", object{})
		}
		time.AfterFunc(closeLimit, cancel)
		_ = process.Wait()
	})
	if err := f.connect(<-address); err != nil {
		t.Fatalf("browser: firefox: %v", err)
	}
	return f
}

func (f *firefox) connect(address string) (err error) {
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
		{"session.subscribe", object{"events": []string{"log.entryAdded", "network.beforeRequestSent", "network.responseCompleted", "network.fetchError"}}},
		{"script.addPreloadScript", object{"functionDeclaration": violations}},
	} {
		if _, err := f.call(command.method, command.params); err != nil {
			return err
		}
	}
	result, err := f.call("browsingContext.getTree", object{})
	if err != nil {
		return err
	}
	var tree struct{ Contexts []struct{ Context string } }
	if err := json.Unmarshal(result, &tree); err != nil {
		return err
	}
	f.tab = tree.Contexts[0].Context
	return nil
}

// listen hands replies to whoever waits for them, and keeps the events, until the connection ends.
func (f *firefox) listen() {
	for {
		var r reply
		if err := wsjson.Read(f.ctx, f.socket, &r); err != nil {
			f.mu.Lock()
			defer f.mu.Unlock()
			for _, waiting := range f.waiting {
				waiting <- reply{Error: "disconnected", Message: err.Error()}
			}
			f.waiting = nil
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

// call sends a command and returns its result.
func (f *firefox) call(method string, params object) (json.RawMessage, error) {
	answer := make(chan reply, 1)
	f.mu.Lock()
	if f.waiting == nil {
		f.mu.Unlock()
		return nil, fmt.Errorf("%s: the browser has gone", method)
	}
	f.sent++
	id := f.sent
	f.waiting[id] = answer
	f.mu.Unlock()
	if err := wsjson.Write(f.ctx, f.socket, object{"id": id, "method": method, "params": params}); err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	select {
	case r := <-answer:
		if r.Error != "" {
			return nil, fmt.Errorf("%s: %s: %s", method, r.Error, r.Message)
		}
		return r.Result, nil
	case <-f.ctx.Done():
		return nil, fmt.Errorf("%s: %w", method, f.ctx.Err())
	}
}

// note keeps what goes wrong in a page.
func (f *firefox) note(event reply) {
	var e struct {
		Level, Text string
		ErrorText   string
		Request     struct{ URL string }
		Response    struct{ Status int }
	}
	if err := json.Unmarshal(event.Params, &e); err != nil {
		f.wrong.add("%s: %v", event.Method, err)
		return
	}
	switch {
	case event.Method == "log.entryAdded" && (e.Level == "warn" || e.Level == "error"):
		f.wrong.add("console.%s: %s", e.Level, e.Text)
	case event.Method == "network.beforeRequestSent":
		f.requests.add("%s", e.Request.URL)
	case event.Method == "network.responseCompleted" && e.Response.Status >= 400:
		f.wrong.add("network: status of %d %s", e.Response.Status, e.Request.URL)
	case event.Method == "network.fetchError" && e.ErrorText != aborted:
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
	_, err := f.call("browsingContext.navigate", object{"context": f.tab, "url": url, "wait": "complete"})
	return err
}

func (f *firefox) back() error {
	_, err := f.call("browsingContext.traverseHistory", object{"context": f.tab, "delta": -1})
	return err
}

func (f *firefox) evaluate(expression string) ([]byte, error) {
	result, err := f.call("script.evaluate", object{
		"expression":   "Promise.resolve(" + expression + ").then((value) => JSON.stringify(value) ?? null)",
		"target":       object{"context": f.tab},
		"awaitPromise": true,
	})
	if err != nil {
		return nil, err
	}
	var evaluated struct {
		Result           struct{ Value *string }
		ExceptionDetails *struct{ Text string }
	}
	if err := json.Unmarshal(result, &evaluated); err != nil {
		return nil, err
	}
	if evaluated.ExceptionDetails != nil {
		return nil, errors.New(evaluated.ExceptionDetails.Text)
	}
	null := "null"
	return []byte(*cmp.Or(evaluated.Result.Value, &null)), nil
}

func (f *firefox) click(x, y float64, times int) error { return f.perform(clicking(x, y, times)) }

func (f *firefox) press(keys string) error { return f.perform(typing(keys)) }

func (f *firefox) perform(actions []object) error {
	_, err := f.call("input.performActions", object{"context": f.tab, "actions": actions})
	return err
}

func (f *firefox) size(width, height int64) error {
	_, err := f.call("browsingContext.setViewport", object{"context": f.tab, "viewport": object{"width": width, "height": height}})
	return err
}

func (f *firefox) screenshot() ([]byte, error) {
	result, err := f.call("browsingContext.captureScreenshot", object{"context": f.tab})
	if err != nil {
		return nil, err
	}
	var shot struct{ Data string }
	if err := json.Unmarshal(result, &shot); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(shot.Data)
}
