package captcha_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

func TestObjectsWithTooManyMembersAreRefused(t *testing.T) {
	app := newApp(captcha.New(captcha.Config{Logger: quiet}))
	for _, row := range []struct {
		members int
		want    string
	}{
		{1000, `{"captcha_key":` + required + `,"captcha_value":` + required + `}`},
		{1001, `{"detail":"The request's object has more than 1000 members."}`},
	} {
		body := `{` + strings.Repeat(`"":1,`, row.members-1) + `"":1}`
		if response, reply := mustDo(t, app, post("/api/contact", "application/json", body)); response.StatusCode != 400 || reply != row.want {
			t.Errorf("%d members: %s %s", row.members, response.Status, reply)
		}
	}
}

func TestKindsOfJSON(t *testing.T) {
	app := newApp(captcha.New())
	for media, want := range map[string]int{
		"application/json":            400,
		"application/vnd.api+json":    400,
		"application/problem+json; v": 415, // a parameter without a value
		"application/jsonx":           415,
		"text/x+json":                 415,
	} {
		if response, body := mustDo(t, app, post("/api/contact", media, "{}")); response.StatusCode != want {
			t.Errorf("%s: %s %s", media, response.Status, body)
		}
	}
}

// mustServe serves an app on a loopback address until the test ends: a body is streamed over a connection only.
func mustServe(t *testing.T, app *fiber.App) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go app.Listener(listener)
	t.Cleanup(func() { app.Shutdown() })
	return "http://" + listener.Addr().String()
}

// zeros is a body without end, as far as a server is concerned.
type zeros struct{ left int }

func (z *zeros) Read(b []byte) (int, error) {
	n := min(len(b), z.left)
	z.left -= n
	if n == 0 {
		return 0, fmt.Errorf("read to its end")
	}
	clear(b[:n])
	return n, nil
}

// An app that streams its bodies holds no more of one in memory than the guard may read.
func TestStreamedBodiesAreBounded(t *testing.T) {
	for _, row := range []struct {
		cfg   captcha.Config
		limit int
	}{{captcha.Config{}, 1 << 20}, {captcha.Config{MaxBody: 1000}, 1000}} {
		app := fiber.New(fiber.Config{StreamRequestBody: true, DisableStartupMessage: true})
		app.Post("/", captcha.New(row.cfg).Protect)
		url := mustServe(t, app)

		fits := `{"a":"` + strings.Repeat("a", row.limit-8) + `"}`
		if status, body := mustPost(t, url, fits); status != 400 || !strings.Contains(body, "required") {
			t.Errorf("%d bytes: %d %s", len(fits), status, body)
		}
		want := fmt.Sprintf(`{"detail":"The request's body has more than %d bytes."}`, row.limit)
		// The sender reads why it was refused, whatever the timing.
		for _, more := range []int{1, 3 << 20, 3 << 20, 3 << 20, 3 << 20} {
			if status, body := mustPost(t, url, fits+strings.Repeat(" ", more)); status != 413 || body != want {
				t.Errorf("%d bytes: %d %s", len(fits)+more, status, body)
			}
		}

		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		request, err := http.NewRequest("POST", url, &zeros{left: 300 << 20}) // chunked: nobody says how long it is
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		if response, err := http.DefaultClient.Do(request); err == nil {
			if response.Body.Close(); response.StatusCode != 413 {
				t.Errorf("300 MiB: %s", response.Status)
			}
		} // otherwise the server hung up while the body was still on its way
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 {
			t.Errorf("300 MiB took %d MiB", grown>>20)
		}
	}
}

// What was refused is refused again, to whoever reads the request next, and whatever is left of the stream.
func TestAStreamedBodyIsRefusedAgain(t *testing.T) {
	app := fiber.New(fiber.Config{StreamRequestBody: true, DisableStartupMessage: true})
	guard := captcha.New()
	app.Post("/", func(c *fiber.Ctx) error {
		if _, err := captcha.Fields(c, "a"); err == nil {
			t.Error("the body was read")
		}
		return c.Next()
	}, guard.Protect)
	url := mustServe(t, app)
	for _, more := range []int{1, 6 << 20} {
		body := io.MultiReader(strings.NewReader(`{"a":"`+strings.Repeat("a", 1<<20+more)+`"}`), strings.NewReader("")) // chunked
		response, err := http.Post(url, "application/json", body)
		if err != nil {
			continue // the server hung up while the body was still on its way
		}
		if response.Body.Close(); response.StatusCode != 413 {
			t.Errorf("1 MiB and %d bytes: status %d", more, response.StatusCode)
		}
	}
}

func mustPost(t *testing.T, url, body string) (status int, reply string) {
	t.Helper()
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var buffer bytes.Buffer
	buffer.ReadFrom(response.Body)
	return response.StatusCode, buffer.String()
}

// FuzzFieldsOfJSON compares the reading of objects with encoding/json's, which is silent about names that come twice.
func FuzzFieldsOfJSON(f *testing.F) {
	for _, body := range oddJSON {
		f.Add([]byte(body))
	}
	f.Add([]byte(` { "a" : "x\"," , "\u0061":[{}," ]"], "b":1e5 } `))
	f.Add([]byte(`{"a":{"a":"]}"},"b":"","":"\\"}`))
	app := fiber.New()
	var got map[string]string
	var problem error
	app.Post("/", func(c *fiber.Ctx) error {
		got, problem = captcha.Fields(c, "a", "b", "")
		return nil
	})
	f.Fuzz(func(t *testing.T, body []byte) {
		request := post("/", "application/json", string(body))
		if response, err := app.Test(request, -1); err != nil || response.StatusCode != 200 {
			return // not HTTP
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(body, &object); err != nil || object == nil {
			if problem == nil {
				t.Fatalf("%q was read as %q", body, got)
			}
			return
		}
		for _, name := range []string{"a", "b", ""} {
			var want string
			raw, there := object[name]
			if is := there && raw[0] == '"' && json.Unmarshal(raw, &want) == nil; got[name] != want && problem == nil || is && problem == nil && got[name] != want {
				t.Fatalf("%q: %q is %q, want %q", body, name, got[name], want)
			}
		}
	})
}
