package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
)

func TestForm(t *testing.T) {
	guard := captcha.New()
	app := newApp(guard)

	response, err := app.Test(httptest.NewRequest("GET", "/", nil), -1)
	if err != nil {
		t.Fatal(err)
	}
	key := keyOn(t, read(t, response))
	form := url.Values{"words": {"Was here"}, "captcha_key": {key}, "captcha_value": {captchatest.Solve(t, guard, key)}}
	for _, want := range []int{303, 422} { // the second time the challenge is used up
		r := httptest.NewRequest("POST", "/", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if response, err = app.Test(r, -1); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != want {
			t.Fatalf("%s; want %d", response.Status, want)
		}
	}
	if page := read(t, response); !strings.Contains(page, `value="Was here"`) || keyOn(t, page) == key {
		t.Errorf("refused form: %s", page)
	}
}

// TestProcess drives the program as it is built, and solves its challenges from here with the secret they share.
func TestProcess(t *testing.T) {
	const secret = "0123456789abcdef0123456789abcdef"
	base := start(t, "CAPTCHA_SECRET="+secret)
	guard := captcha.New(captcha.Config{Secrets: []string{secret}})

	post := func(key, answer string) (int, string) {
		response, err := http.Post(base+"/api/entries", "application/json",
			strings.NewReader(fmt.Sprintf(`{"words":"Hello","captcha_key":%q,"captcha_value":%q}`, key, answer)))
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, read(t, response)
	}
	want := func(key, answer string, status int, body string) {
		t.Helper()
		if gotStatus, gotBody := post(key, answer); gotStatus != status || gotBody != body {
			t.Errorf("%d %s; want %d %s", gotStatus, gotBody, status, body)
		}
	}

	const unknown = `{"non_field_errors":["Invalid or expired captcha key"]}`
	key := keyOn(t, get(t, base))
	want(key, "", 400, `{"captcha_value":["This field may not be blank."]}`)
	want(key, captchatest.Solve(t, guard, key), 201, `{"entries":1}`)
	want(key, "ABCD", 400, unknown)
	key = keyOn(t, get(t, base))
	answer := captchatest.Solve(t, guard, key)
	want(key, "no", 400, `{"non_field_errors":["Invalid captcha value"]}`)
	want(key, answer, 400, unknown)
	if page := get(t, base); !strings.Contains(page, "<li>Hello</li>") {
		t.Errorf("the entry is not on the page: %s", page)
	}
}

// unwanted are the parts of this module that an app must not get if it imports only captcha.
var unwanted = []string{"redis", "gofiber/template", "gofiber/storage", "prometheus", "chromedp",
	"fibercaptcha/handlers", "fibercaptcha/views", "fibercaptcha/static", "fibercaptcha/storage",
	"captcha/audio", "captcha/siteverify", "captchatest", "storagetest"}

func TestNothingElse(t *testing.T) {
	binary := build(t, ".", "")
	for name, text := range map[string]string{
		"the build list": run(t, "go", "list", "-deps", "."),
		"the binary":     run(t, "go", "tool", "nm", binary),
		"go.mod":         file(t, "go.mod"),
		"go.sum":         file(t, "go.sum"),
	} {
		if !strings.Contains(text, "github.com/gofiber/fiber/v2") {
			t.Fatalf("%s does not even name Fiber:\n%s", name, text)
		}
		for _, word := range unwanted {
			if strings.Contains(text, word) {
				t.Errorf("%s names %s", name, word)
			}
		}
	}
}

// most is what the captcha may add to a binary, in KiB, with the texts of all languages: 1.6 MiB.
const most = 1638

// TestSize prints what the captcha adds to a binary.
func TestSize(t *testing.T) {
	with, without := size(t, build(t, ".", stripped)), size(t, build(t, "./bare", stripped))
	if with <= without {
		t.Fatalf("%d bytes with a captcha, %d without", with, without)
	}
	t.Logf("importing captcha adds %d KiB to a binary of %d KiB (both stripped)", (with-without)>>10, without>>10)
	if (with-without)>>10 > most {
		t.Errorf("that is more than %d KiB", most)
	}
}

const stripped = "-s -w"

func build(t *testing.T, pkg, ldflags string) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "app")
	run(t, "go", "build", "-trimpath", "-ldflags="+ldflags, "-o", binary, pkg)
	return binary
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func file(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// start runs the built program on a free port until the test ends, and returns its address.
func start(t *testing.T, env ...string) (base string) {
	t.Helper()
	binary := build(t, ".", stripped)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()

	process := exec.Command(binary)
	process.Env = append(os.Environ(), append(env, "ADDR="+address)...)
	process.Stderr = os.Stderr
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		process.Process.Kill()
		process.Wait()
	})
	for tries := 0; ; tries++ {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			connection.Close()
			return "http://" + address
		}
		if tries == 3000 {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, response)
}

func read(t *testing.T, response *http.Response) string {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func keyOn(t *testing.T, page string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, `name="captcha_key" type="hidden" value="`)
	key, _, closed := strings.Cut(rest, `"`)
	if !found || !closed || key == "" {
		t.Fatalf("no key on the page: %s", page)
	}
	return key
}
