package handlers_test

import (
	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/handlers"
)

func TestEveryReplyRestrictsTheBrowser(t *testing.T) {
	app := newApp(t, handlers.Config{})
	for _, path := range []string{"/", "/contact", "/nothing", "/api/nothing", "/static/nothing"} {
		header := ask(t, app, "GET", path, "").header
		for name, want := range map[string]string{
			"X-Content-Type-Options":     "nosniff",
			"X-Frame-Options":            "DENY",
			"Referrer-Policy":            "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin",
			"Strict-Transport-Security":  "",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if got := header.Get("Content-Security-Policy"); !strings.Contains(got, part) || strings.Contains(got, "unsafe") {
				t.Errorf("%s: Content-Security-Policy is %q, want it to have %s and nothing unsafe", path, got, part)
			}
		}
		if header.Get("X-Request-Id") == "" {
			t.Errorf("%s: no request id", path)
		}
	}
}

// Only a trusted proxy is believed about TLS.
func TestStrictTransportSecurityBehindTLS(t *testing.T) {
	for _, test := range []struct {
		name    string
		proxies web.Proxies
		proto   string
		want    bool
	}{
		{"trusted, https", mustProxies(t, "0.0.0.0"), "https", true},
		{"trusted, http", mustProxies(t, "0.0.0.0"), "http", false},
		{"a stranger's claim", nil, "https", false},
	} {
		app := newApp(t, handlers.Config{Proxies: test.proxies})
		reply := handle(app, "GET", "/", map[string]string{"X-Forwarded-Proto": test.proto})
		if got := len(reply.Header.Peek("Strict-Transport-Security")) > 0; got != test.want {
			t.Errorf("%s: Strict-Transport-Security is sent: %t, want %t", test.name, got, test.want)
		}
	}
}

// Whatever is in its headers and address, a request is answered, and not with a server error.
func FuzzHeaders(f *testing.F) {
	f.Add("/contact?x=%zz", "session=; session=\x00", "10.0.0.1, ,", "de;q=0.5,,*", "bytes=-1,5-", "https")
	f.Add("/account", "session=../../x", "[::1", "\xff", "bytes=99999999999999999999-", "HTTPS,http")
	f.Add("/api/captcha/%00/audio.wav", "", "", "", "", "")
	f.Add("//static/..%2f..%2fgo.mod?a=b&a=c", "__Host-session=x", "::ffff:1.2.3.4", "en", "lines=1-2", "")
	app := newApp(f, handlers.Config{Proxies: mustProxies(f, "0.0.0.0"), Limits: handlers.Limits{Login: limit.Rate{Count: 1, Per: time.Second}}})
	f.Fuzz(func(t *testing.T, path, cookie, forwarded, language, bytes, proto string) {
		reply := handle(app, "GET", "/"+strings.TrimPrefix(path, "/"), map[string]string{
			"Cookie": cookie, "X-Forwarded-For": forwarded, "Accept-Language": language, "Range": bytes,
			"X-Forwarded-Proto": proto, "Origin": proto, "Sec-Fetch-Site": language, "If-None-Match": cookie,
		})
		if status := reply.StatusCode(); status >= http.StatusInternalServerError {
			t.Errorf("status %d: %s", status, reply.Body())
		}
	})
}

// handle serves a request without a connection, and with headers that no client would send.
func handle(app *fiber.App, method, uri string, headers map[string]string) *fasthttp.Response {
	return handleBody(app, method, uri, "", headers)
}

func handleBody(app *fiber.App, method, uri, body string, headers map[string]string) *fasthttp.Response {
	request := new(fasthttp.Request)
	request.SetBodyString(body)
	request.Header.SetMethod(method)
	request.SetRequestURI(uri)
	request.Header.SetHost("localhost")
	for name, value := range headers {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	ctx := new(fasthttp.RequestCtx)
	ctx.Init(request, &net.TCPAddr{IP: net.IPv4zero}, nil)
	app.Handler()(ctx)
	return &ctx.Response
}

func mustProxies(t testing.TB, text string) (proxies web.Proxies) {
	t.Helper()
	if err := proxies.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return proxies
}
