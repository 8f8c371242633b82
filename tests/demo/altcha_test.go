package demo_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// host is the demo of an operator who has pages of their own on its origin. A reverse proxy adds a page with ALTCHA's
// published widget, unmodified, under the demo's own Content-Security-Policy. All else is the demo's.
type host struct {
	url string
	key atomic.Value // of the challenge that the widget got last
}

// hostScript tells the widget where its worker is. It sends the API's form without leaving the page.
const hostScript = `$altcha.algorithms.set("PBKDF2/SHA-256", () => new Worker("/dist/workers/pbkdf2.js"));
const form = document.querySelector("form");
if (form.getAttribute("action").startsWith("/api/")) form.addEventListener("submit", async (event) => {
	event.preventDefault();
	const reply = await fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form))});
	document.getElementById("reply").textContent = reply.status + " " + await reply.text();
});
`

const hostPage = `<!doctype html>
<html lang="en">
<title>Write to us</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/dist/external/altcha.css">
<script type="module" src="/dist/external/altcha.js"></script>
<script type="module" src="/host.js"></script>
<form method="post" action="%s">
  <input name="name" aria-label="Name" value="Ada">
  <input name="email" aria-label="Email">
  <input name="message" aria-label="Message" value="Hello">
  <altcha-widget challenge="/api/captcha/altcha%s"></altcha-widget>
  <button>Send</button>
</form>
<p id="reply"></p>`

// serveHost puts the proxy before a demo. At /api.html its form is for the API, where work is enough; at /letters.html
// for the contact form, which demands letters.
func serveHost(t *testing.T, s *server.Server) *host {
	t.Helper()
	demo, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	policy := visit(t, s).get("/").Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") {
		t.Fatalf("the demo's policy is %q", policy)
	}
	h := &host{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(demo)
			r.Out.Host = r.In.Host // the origin that the browser sees is the demo's
		},
		ModifyResponse: h.note,
	}
	mux := http.NewServeMux()
	mux.Handle("/", proxy)
	own := func(path, mediaType, text string) {
		mux.HandleFunc(path, func(out http.ResponseWriter, _ *http.Request) {
			out.Header().Set("Content-Type", mediaType)
			out.Header().Set("Content-Security-Policy", policy)
			fmt.Fprint(out, text)
		})
	}
	own("/api.html", "text/html; charset=utf-8", fmt.Sprintf(hostPage, "/api/contact", ""))
	own("/letters.html", "text/html; charset=utf-8", fmt.Sprintf(hostPage, "/contact", "?purpose=contact"))
	own("/host.js", "text/javascript; charset=utf-8", hostScript)
	files := http.StripPrefix("/dist/", http.FileServer(http.Dir("../node_modules/altcha/dist")))
	mux.HandleFunc("/dist/", func(out http.ResponseWriter, in *http.Request) {
		out.Header().Set("Content-Security-Policy", policy) // a worker's is that of its script
		files.ServeHTTP(out, in)
	})
	front := httptest.NewServer(mux)
	t.Cleanup(front.Close)
	h.url = front.URL
	return h
}

// note keeps the key of a challenge that passes.
func (h *host) note(r *http.Response) error {
	if r.Request.URL.Path != "/api/captcha/altcha" {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var sent struct {
		Parameters struct{ Data struct{ Key string } }
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return err
	}
	h.key.Store(sent.Parameters.Data.Key)
	return nil
}

const (
	widgetBox     = "altcha-widget input[type=checkbox]"
	widgetCode    = ".altcha-code-challenge input[type=text]"
	widgetPayload = `(document.querySelector("input[name=altcha]")?.value ?? "")`
	hostReply     = `document.getElementById("reply").textContent`
)

// open shows a page of the host, its widget and an address in its form.
func (h *host) open(b *surfer, path, email string) {
	b.t.Helper()
	b.open(path)
	b.Await(`document.querySelector("` + widgetBox + `")`)
	b.write("email", email)
}

// solved has the widget do its work, and returns what it would submit.
func (b *surfer) solved() (payload string) {
	b.t.Helper()
	b.Click(widgetBox)
	b.inState("verified")
	return browser.Value[string](b.Page, widgetPayload)
}

func (b *surfer) inState(state string) {
	b.t.Helper()
	b.Await(`document.querySelector("altcha-widget").getState() === "` + state + `"`)
}

// answered sends the form of the API and returns the status of the reply, which has to have this text.
func (b *surfer) answered(status int, text string) {
	b.t.Helper()
	browser.Value[string](b.Page, hostReply+` = ""`)
	b.Click("form > button")
	b.Await(hostReply)
	if got := browser.Value[string](b.Page, hostReply); !strings.HasPrefix(got, fmt.Sprint(status, " ")) || !strings.Contains(got, text) {
		b.t.Errorf("the demo says %s, want %d and %q", got, status, text)
	}
}

// message is one that the API takes with this in the widget's field.
func message(payload string) map[string]string {
	return map[string]string{"name": "Eve", "email": "eve@example.org", "message": "Hello", "altcha": payload}
}

// alter returns copies of a payload in which one member is another: of what the demo signed, and of the solution. The
// time that the widget says it took is left out, because nothing depends on it.
func alter(t *testing.T, payload string) (signed, solution map[string]string) {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(payload)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(challenge, parameters, data, solution map[string]any)) string {
		var whole struct {
			Challenge map[string]any `json:"challenge"`
			Solution  map[string]any `json:"solution"`
		}
		if err := json.Unmarshal(text, &whole); err != nil {
			t.Fatal(err)
		}
		parameters := whole.Challenge["parameters"].(map[string]any)
		change(whole.Challenge, parameters, parameters["data"].(map[string]any), whole.Solution)
		altered, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(altered)
	}
	other := func(value any) any {
		switch value := value.(type) {
		case float64:
			return value + 1
		case string:
			return string(value[0]^1) + value[1:]
		}
		t.Fatalf("a member that is %T", value)
		return nil
	}
	signed, solution = map[string]string{}, map[string]string{}
	var names []string
	with(func(_, parameters, _, _ map[string]any) { names = slices.Collect(maps.Keys(parameters)) })
	for _, name := range names {
		if name == "data" {
			continue
		}
		signed[name] = with(func(_, parameters, _, _ map[string]any) { parameters[name] = other(parameters[name]) })
		signed["no "+name] = with(func(_, parameters, _, _ map[string]any) { delete(parameters, name) })
	}
	signed["key"] = with(func(_, _, data, _ map[string]any) { data["key"] = other(data["key"]) })
	signed["one more"] = with(func(_, _, data, _ map[string]any) { data["more"] = "x" })
	signed["signature"] = with(func(challenge, _, _, _ map[string]any) { challenge["signature"] = other(challenge["signature"]) })
	for _, name := range []string{"counter", "derivedKey"} {
		solution[name] = with(func(_, _, _, found map[string]any) { found[name] = other(found[name]) })
	}
	solution["the end of the key"] = with(func(_, _, _, found map[string]any) {
		key := found["derivedKey"].(string)
		found["derivedKey"] = key[:len(key)-1] + string(key[len(key)-1]^1)
	})
	return signed, solution
}

// eachHost is browser.Each with a demo behind a host.
func eachHost(t *testing.T, test func(b *surfer, h *host, v *visitor), env ...string) {
	t.Parallel()
	if _, err := os.Stat("../node_modules/altcha"); err != nil {
		if os.Getenv("REQUIRE_BROWSER") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		s := start(t, env...)
		h := serveHost(t, s)
		test(&surfer{p, t, h.url}, h, visit(t, s))
	})
}

const unknown = "Invalid or expired captcha key"

// The widget's work is taken once, also by a form that was refused before for another field's sake.
func TestWidgetIsSubmitted(t *testing.T) {
	eachHost(t, func(b *surfer, h *host, v *visitor) {
		h.open(b, "/api.html", "ada")
		payload := b.solved()
		b.WantNoProblems()
		b.answered(http.StatusBadRequest, `"email"`)
		b.write("email", "ada@example.org")
		b.answered(http.StatusCreated, `"reference"`)
		b.answered(http.StatusBadRequest, unknown)
		v.want(v.post("/api/contact", "json", message(payload)), http.StatusBadRequest)
	})
}

// What was signed can't be altered, and an attempt to do so uses nothing up. A wrong solution is refused and uses the
// challenge up.
func TestWidgetIsAltered(t *testing.T) {
	eachHost(t, func(b *surfer, h *host, v *visitor) {
		h.open(b, "/api.html", "ada@example.org")
		payload := b.solved()
		b.WantNoProblems()
		signed, solutions := alter(b.t, payload)
		if len(signed) < 15 {
			b.t.Errorf("only %d members to alter", len(signed))
		}
		for name, altered := range signed {
			if reply := v.post("/api/contact", "urlencoded", message(altered)); reply.StatusCode != http.StatusBadRequest {
				b.t.Errorf("altered, %s: %s %s", name, reply.Status, reply.text)
			}
		}
		b.answered(http.StatusCreated, `"reference"`)
		for name := range solutions {
			h.open(b, "/api.html", "ada@example.org")
			payload := b.solved()
			_, again := alter(b.t, payload)
			if reply := v.post("/api/contact", "urlencoded", message(again[name])); reply.StatusCode != http.StatusBadRequest {
				b.t.Errorf("altered, %s: %s %s", name, reply.Status, reply.text)
			}
			b.answered(http.StatusBadRequest, unknown)
		}
	})
}

// A challenge may expire while its form is open. Then the widget says so, its old solution is refused, and it works
// again.
func TestWidgetExpires(t *testing.T) {
	eachHost(t, func(b *surfer, h *host, v *visitor) {
		h.open(b, "/api.html", "ada@example.org")
		payload := b.solved()
		b.inState("expired")
		b.WantNoProblems()
		// The widget counts in whole seconds, and is up to one early.
		for v.get("/api/captcha/"+h.key.Load().(string)+"/work").StatusCode == http.StatusOK {
			time.Sleep(50 * time.Millisecond)
		}
		reply := v.post("/api/contact", "json", message(payload))
		v.want(reply, http.StatusBadRequest)
		if !strings.Contains(reply.text, unknown) {
			b.t.Errorf("too late: %s", reply.text)
		}
		b.solved()
		b.answered(http.StatusCreated, `"reference"`)
	}, "CAPTCHA_TIMEOUT=15")
}

// read has the widget show letters, and types the right ones or others.
func (h *host) read(b *surfer, right bool) {
	b.t.Helper()
	b.Click(widgetBox)
	b.Await(`document.querySelector("` + widgetCode + `")`)
	b.Await(`document.querySelector(".altcha-code-challenge-image").naturalWidth > 0`)
	typed, state := "XXXX", "error"
	if right {
		typed, state = captchatest.Solve(b.t, solver().For("contact"), h.key.Load().(string)), "verified"
	}
	b.Type(widgetCode, typed)
	b.Click(".altcha-code-challenge button[type=submit]")
	b.inState(state)
}

// If letters are demanded, the widget shows the demo's picture and gets a receipt for the right ones, which is good
// once.
func TestWidgetShowsLetters(t *testing.T) {
	eachHost(t, func(b *surfer, h *host, v *visitor) {
		h.open(b, "/letters.html", "ada@example.org")
		h.read(b, false)
		h.read(b, true)
		b.WantNoProblems()
		sent := message(browser.Value[string](b.Page, widgetPayload))
		b.Submit("form > button")
		if !strings.HasPrefix(b.at(), "/contact/") || !strings.Contains(b.words(), "Hello") {
			b.t.Errorf("with the receipt: %s: %s", b.at(), b.words())
		}
		v.want(v.post("/contact", "urlencoded", sent), http.StatusUnprocessableEntity)
	})
}

// A form that the demo refuses for a slip comes back as the demo's own, with what was typed, and is sent again from
// there.
func TestWidgetsFormComesBack(t *testing.T) {
	eachHost(t, func(b *surfer, h *host, v *visitor) {
		h.open(b, "/letters.html", "ada..l@example.org")
		h.read(b, true)
		b.WantNoProblems()
		b.Submit("form > button")
		if !strings.Contains(b.words(), "Enter your email address in the form") || b.value("message") != "Hello" {
			b.t.Fatalf("after a slip: %s", b.words())
		}
		b.write("email", "ada@example.org")
		b.solve()
		b.send()
		if !strings.HasPrefix(b.at(), "/contact/") || !strings.Contains(b.words(), "Hello") {
			b.t.Errorf("sent again: %s: %s", b.at(), b.words())
		}
	})
}
