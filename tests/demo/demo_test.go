// Package demo_test visits the demo through its front door: real processes, over HTTP, as a program and as a visitor
// does.
package demo_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/waiting"
)

func TestMain(m *testing.M) {
	waiting.SideBySide(8)
	os.Exit(m.Run())
}

const secret = "a secret that only these tests know"

// unlimited is an environment in which one address may ask as often as it likes, this package can solve what is shown,
// and Redis may be slow, as it is on a machine that is busy.
var unlimited = []string{"CAPTCHA_SECRETS=" + secret, "STORAGE_TIMEOUT=10s",
	"LIMIT_ISSUE=none", "LIMIT_SUBMIT=none", "LIMIT_AUDIO=none", "LIMIT_LOGIN=none"}

func start(t testing.TB, env ...string) *server.Server {
	t.Helper()
	return server.Start(t, slices.Concat(unlimited, env)...)
}

// solver opens the challenges of every server that has the secret.
func solver() *captcha.Guard { return captcha.New(captcha.Config{Secrets: []string{secret}}) }

// visitor is a browser without script: it keeps cookies, and shows where it is sent without going there.
type visitor struct {
	t      testing.TB
	base   string
	client *http.Client
	guard  *captcha.Guard
}

func visit(t testing.TB, s *server.Server) *visitor {
	t.Helper()
	return visitAt(t, s.URL)
}

func visitAt(t testing.TB, base string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	t.Cleanup(transport.CloseIdleConnections)
	return &visitor{t, base, &http.Client{Jar: jar, CheckRedirect: stay, Transport: transport}, solver()}
}

// page is a reply that was read to its end.
type page struct {
	*http.Response
	text string
	root *html.Node
}

func (v *visitor) do(r *http.Request) page {
	v.t.Helper()
	response, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	for _, trace := range []string{"goroutine ", "runtime error", ".go:"} {
		if strings.Contains(string(body), trace) {
			v.t.Errorf("%s %s shows its inside: %s", r.Method, r.URL, body)
		}
	}
	return page{response, string(body), root}
}

func (v *visitor) request(method, path, contentType, body string) *http.Request {
	v.t.Helper()
	r, err := http.NewRequest(method, v.base+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func (v *visitor) get(path string) page {
	v.t.Helper()
	return v.do(v.request(http.MethodGet, path, "", ""))
}

// follow goes where a page redirects to.
func (v *visitor) follow(p page) page {
	v.t.Helper()
	v.want(p, http.StatusSeeOther)
	return v.get(p.Header.Get("Location"))
}

// submit fills in a page's form of main, with the fields by their names, and sends it.
func (v *visitor) submit(p page, fields map[string]string) page {
	v.t.Helper()
	form := find(p.root, func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") != "/logout" })
	if form == nil || !strings.EqualFold(attr(form, "method"), "post") {
		v.t.Fatalf("%s has no form that is posted", p.Request.URL)
	}
	values := url.Values{}
	for _, input := range all(form, func(n *html.Node) bool { return n.Data != "button" && attr(n, "name") != "" }) {
		values.Set(attr(input, "name"), value(input))
	}
	for name, text := range fields {
		if !values.Has(name) {
			v.t.Fatalf("the form of %s has no field %q: %v", p.Request.URL, name, values)
		}
		values.Set(name, text)
	}
	action := cmp.Or(attr(form, "action"), p.Request.URL.Path)
	return v.do(v.request(http.MethodPost, action, "application/x-www-form-urlencoded", values.Encode()))
}

// solve returns the answer to the challenge of a page.
func (v *visitor) solve(p page) string {
	v.t.Helper()
	return captchatest.Solve(v.t, v.guard.For(purposes[p.Request.URL.Path]), p.field("captcha_key"))
}

// purposes are what the challenges of the pages are for. That of the API has none.
var purposes = map[string]string{"/": "home", "/contact": "contact", "/signup": "signup", "/login": "login"}

// challenge asks the API for a challenge, and solves it.
func (v *visitor) challenge() (key, answer string) {
	v.t.Helper()
	reply := v.do(v.request(http.MethodPost, "/api/captcha/", "", ""))
	v.want(reply, http.StatusOK)
	var challenge struct {
		Key string `json:"captcha_key"`
	}
	if err := json.Unmarshal([]byte(reply.text), &challenge); err != nil {
		v.t.Fatal(err)
	}
	return challenge.Key, captchatest.Solve(v.t, v.guard, challenge.Key)
}

// post sends fields to an address of the API in one of the encodings.
func (v *visitor) post(path, encoding string, fields map[string]string) page {
	v.t.Helper()
	contentType, body := encodings[encoding](fields)
	return v.do(v.request(http.MethodPost, path, contentType, body))
}

func (v *visitor) want(p page, status int) {
	v.t.Helper()
	if p.StatusCode != status {
		v.t.Fatalf("%s %s: %s, want %d: %s", p.Request.Method, p.Request.URL, p.Status, status, p.text)
	}
}

// encodings are the accepted kinds of body.
var encodings = map[string]func(fields map[string]string) (contentType, body string){
	"json": func(fields map[string]string) (string, string) {
		body, _ := json.Marshal(fields)
		return "application/json", string(body)
	},
	"urlencoded": func(fields map[string]string) (string, string) {
		form := url.Values{}
		for name, text := range fields {
			form.Set(name, text)
		}
		return "application/x-www-form-urlencoded", form.Encode()
	},
	"multipart": func(fields map[string]string) (string, string) {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for name, text := range fields {
			_ = form.WriteField(name, text)
		}
		_ = form.Close()
		return form.FormDataContentType(), body.String()
	},
}

// field returns what a form's field of this name holds.
func (p page) field(name string) string {
	if n := find(p.root, func(n *html.Node) bool { return attr(n, "name") == name }); n != nil {
		return value(n)
	}
	return ""
}

// has reports whether the page has an element with this attribute.
func (p page) has(element, key, val string) bool {
	return find(p.root, func(n *html.Node) bool { return n.Data == element && attr(n, key) == val }) != nil
}

// under returns the text of the element with this id.
func (p page) under(id string) string {
	if n := find(p.root, func(n *html.Node) bool { return attr(n, "id") == id }); n != nil {
		return text(n)
	}
	return ""
}

// words returns the visible text of the page's main part.
func (p page) words() string {
	if n := find(p.root, func(n *html.Node) bool { return n.Data == "main" }); n != nil {
		return text(n)
	}
	return ""
}

func find(root *html.Node, wanted func(*html.Node) bool) *html.Node {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && wanted(n) {
			return n
		}
	}
	return nil
}

func all(root *html.Node, wanted func(*html.Node) bool) (found []*html.Node) {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && wanted(n) {
			found = append(found, n)
		}
	}
	return found
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func value(n *html.Node) string {
	if n.Data == "textarea" {
		return text(n)
	}
	return attr(n, "value")
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}
