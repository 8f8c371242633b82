package browser

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/port"
)

// webkit is a window of WebKitGTK's MiniBrowser on a display of its own, by W3C's WebDriver.
type webkit struct {
	ctx     context.Context
	session string // its address
	ear     *ear
}

func startWebKit(t testing.TB) *webkit {
	t.Helper()
	program := executable(t, "WebKitWebDriver")
	ctx, cancel := context.WithTimeout(context.Background(), visitLimit)
	t.Cleanup(cancel)
	home, port := t.TempDir(), port.Free(t)
	process := exec.CommandContext(ctx, program, fmt.Sprint("--port=", port))
	process.Env = append(os.Environ(),
		"DISPLAY="+display(t, ctx), "HOME="+home, "XDG_RUNTIME_DIR="+home, "GST_REGISTRY_UPDATE=no")
	if err := process.Start(); err != nil {
		t.Fatalf("browser: %v", err)
	}
	w := &webkit{ctx: ctx, ear: listenIn(t)}
	t.Cleanup(func() {
		if w.session != "" {
			_ = w.call(http.MethodDelete, "", nil, nil)
		}
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	if err := w.open(fmt.Sprint("http://127.0.0.1:", port)); err != nil {
		t.Fatalf("browser: webkit: %v", err)
	}
	return w
}

// display starts an X server without a screen, and returns its name.
func display(t testing.TB, ctx context.Context) string {
	t.Helper()
	process := exec.CommandContext(ctx, executable(t, "Xvfb"),
		"-displayfd", "3", "-screen", "0", "2400x1600x24", "-nolisten", "tcp")
	name, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer name.Close()
	process.ExtraFiles = []*os.File{theirs}
	err = process.Start()
	_ = theirs.Close()
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	t.Cleanup(func() {
		// So that it removes its socket. An interrupt would be ignored where a shell started the tests in the background.
		_ = process.Process.Signal(syscall.SIGTERM)
		time.AfterFunc(closeLimit, func() { _ = process.Process.Kill() })
		_ = process.Wait()
	})
	var number int
	if _, err := fmt.Fscan(name, &number); err != nil {
		t.Fatalf("browser: Xvfb did not start: %v", err)
	}
	return fmt.Sprint(":", number)
}

// open waits for the driver and starts a session.
func (w *webkit) open(driver string) (err error) {
	w.session = driver + "/session"
	capabilities := object{"capabilities": object{"alwaysMatch": object{
		"proxy":                    object{"proxyType": "manual", "httpProxy": w.ear.address},
		"webkitgtk:browserOptions": object{"args": []string{"--automation", "--autoplay-policy=allow"}},
	}}}
	var created struct{ SessionID string }
	for limit := time.Now().Add(awaitLimit); ; time.Sleep(awaitPause) {
		if err = w.call(http.MethodPost, "", capabilities, &created); err == nil {
			w.session += "/" + created.SessionID
			return nil
		}
		if time.Now().After(limit) {
			w.session = ""
			return err
		}
	}
}

// call sends a command to the driver. A result of nil is not read.
func (w *webkit) call(method, path string, params, result any) error {
	var body bytes.Buffer
	if params != nil {
		if err := json.NewEncoder(&body).Encode(params); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(w.ctx, method, w.session+path, &body)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answer struct{ Value json.RawMessage }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, path, answer.Value)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer.Value, result)
}

func (w *webkit) post(path string, params object) error {
	return w.call(http.MethodPost, path, params, nil)
}

func (w *webkit) visit(url string) error { return w.post("/url", object{"url": url}) }

func (w *webkit) back() error { return w.post("/back", object{}) }

func (w *webkit) evaluate(expression string) (text []byte, err error) {
	var value *string
	err = w.call(http.MethodPost, "/execute/sync", object{
		"script": "return Promise.resolve(" + expression + ").then((value) => JSON.stringify(value))", "args": []any{},
	}, &value)
	if err == nil && value == nil {
		return []byte("null"), nil
	}
	if err != nil {
		return nil, err
	}
	return []byte(*value), nil
}

// inFront only takes the step: the window has a display of its own.
func (w *webkit) inFront(step func() error) error { return step() }

func (w *webkit) click(x, y float64, times int) error { return w.perform(clicking(x, y, times)) }

func (w *webkit) press(keys string) error { return w.perform(typing(keys)) }

func (w *webkit) perform(actions []object) error {
	return w.post("/actions", object{"actions": actions})
}

func (w *webkit) size(width, height int64) error {
	want := fmt.Sprintf("[%d,%d]", width, height)
	for limit := time.Now().Add(awaitLimit); ; time.Sleep(awaitPause) {
		inner, err := w.evaluate("[innerWidth, innerHeight]")
		if err != nil || string(inner) == want {
			return err
		}
		if time.Now().After(limit) {
			return fmt.Errorf("the window came to %s in place of %s", inner, want)
		}
		if err := w.frame(width, height); err != nil {
			return err
		}
	}
}

// frame sets the size of the window with its frame so that this much is left within. The page learns of it later.
func (w *webkit) frame(width, height int64) error {
	frame, err := w.evaluate("[outerWidth - innerWidth, outerHeight - innerHeight]")
	if err != nil {
		return err
	}
	var more [2]int64
	if err := json.Unmarshal(frame, &more); err != nil {
		return err
	}
	return w.post("/window/rect", object{"width": width + more[0], "height": height + more[1]})
}

func (w *webkit) screenshot() ([]byte, error) {
	var png string
	if err := w.call(http.MethodGet, "/screenshot", nil, &png); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(png)
}

// problems are those that the pages themselves heard of, and those that the proxy saw.
func (w *webkit) problems() ([]string, error) {
	text, err := w.evaluate(heard)
	if err != nil {
		return nil, err
	}
	var problems []string
	if err := json.Unmarshal(text, &problems); err != nil {
		return nil, errors.New(strings.TrimSpace(string(text)))
	}
	return append(problems, w.ear.wrong.take()...), nil
}

func (w *webkit) requested() []string { return w.ear.requests.take() }
