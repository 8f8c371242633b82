package demo_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// Every refusal is a page for a visitor and JSON for a program, and says what to do.
func TestErrorShapes(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t))
	long := strings.Repeat("x", 300<<10)
	for _, row := range []struct {
		method, path, contentType, body string
		status                          int
		allow                           string
		want                            string
	}{
		{"GET", "/nothing", "", "", 404, "", "There is nothing at this address"},
		{"GET", "/static/nothing.css", "", "", 404, "", "There is nothing at this address"},
		{"GET", "/api/nothing", "", "", 404, "", "There is nothing at this address"},
		{"GET", "/API/nothing", "", "", 404, "", "There is nothing at this address"},
		{"GET", "/API/Contact", "", "", 405, "POST", `Method "GET" not allowed.`},
		{"PUT", "/", "", "", 405, "GET, HEAD, POST", "does not accept that kind of request"},
		{"DELETE", "/contact", "", "", 405, "GET, HEAD, POST", "does not accept that kind of request"},
		{"POST", "/contact/abc", "", "", 405, "GET, HEAD", "does not accept that kind of request"},
		{"PATCH", "/signup", "", "", 405, "GET, HEAD, POST", "does not accept that kind of request"},
		{"PUT", "/login", "", "", 405, "GET, HEAD, POST", "does not accept that kind of request"},
		{"POST", "/account", "", "", 405, "GET, HEAD", "does not accept that kind of request"},
		{"GET", "/logout", "", "", 405, "POST", "does not accept that kind of request"},
		{"POST", "/static/site.css", "", "", 405, "GET, HEAD", "does not accept that kind of request"},
		{"GET", "/api/captcha", "", "", 405, "POST", `Method "GET" not allowed.`},
		{"GET", "/api/captcha/", "", "", 405, "POST", `Method "GET" not allowed.`},
		{"GET", "/api/contact", "", "", 405, "POST", `Method "GET" not allowed.`},
		{"DELETE", "/api/signup", "", "", 405, "POST", `Method "DELETE" not allowed.`},
		{"POST", "/api/captcha/k/audio.wav", "", "", 405, "GET, HEAD", `Method "POST" not allowed.`},
		{"POST", "/api/captcha/assets/field.js", "", "", 405, "GET, HEAD", `Method "POST" not allowed.`},
		{"POST", "/contact", "application/x-www-form-urlencoded", "message=" + long, 413, "", "shorten it"},
		{"POST", "/api/contact", "application/json", `{"message":"` + long + `"}`, 413, "", "shorten it"},
		{"POST", "/contact", "text/plain", "hello", 415, "", "does not accept this kind"},
		{"POST", "/contact", "multipart/form-data; boundary=b", "--b\r\nContent", 400, "", "could not read"},
		{"POST", "/contact", "application/json", "{", 400, "", "could not read"},
		{"POST", "/login", "text/plain", "hello", 415, "", "does not accept this kind"},
		{"POST", "/login", "application/json", "{", 400, "", "could not read"},
	} {
		p := v.do(v.request(row.method, row.path, row.contentType, row.body))
		got := p.words()
		if strings.HasPrefix(strings.ToLower(row.path), "/api/") {
			got = detail(t, p)
		}
		if p.StatusCode != row.status || !strings.Contains(got, row.want) {
			t.Errorf("%s %s: %s %q, want %d %q", row.method, row.path, p.Status, got, row.status, row.want)
		}
		if allow := allowed(p); allow != row.allow {
			t.Errorf("%s %s: Allow %q, want %q", row.method, row.path, allow, row.allow)
		}
	}
}

// allowed returns the methods of the Allow header, in alphabetical order.
func allowed(p page) string {
	methods := strings.Split(p.Header.Get("Allow"), ", ")
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

func detail(t *testing.T, p page) string {
	t.Helper()
	var reply struct {
		Detail string `json:"detail"`
	}
	if err := json.Unmarshal([]byte(p.text), &reply); err != nil || reply.Detail == "" {
		t.Errorf("%s %s: not the JSON of an error: %s", p.Request.Method, p.Request.URL, p.text)
	}
	return reply.Detail
}

// A compressed body could unpack to more than the limit.
func TestCompressedBodiesAreRefused(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t))
	for _, path := range []string{"/", "/contact", "/signup", "/login", "/api/contact", "/api/signup"} {
		for encoding := range encodings {
			contentType, body := encodings[encoding](map[string]string{"name": "Ada"})
			r := v.request(http.MethodPost, path, contentType, body)
			r.Header.Set("Content-Encoding", "gzip")
			v.want(v.do(r), http.StatusUnsupportedMediaType)
		}
	}
}

// waitForExpiry returns when the challenge of a form can be heard no more.
func waitForExpiry(t *testing.T, v *visitor, form page) {
	t.Helper()
	sound := attr(find(form.root, func(n *html.Node) bool { return n.Data == "audio" }), "src")
	for limit := time.Now().Add(30 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		if v.get(sound).StatusCode == http.StatusNotFound {
			return
		}
	}
	t.Fatal("the challenge does not expire")
}
