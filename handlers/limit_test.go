package handlers_test

import (
	"fmt"
	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/handlers"
	"github.com/fibercaptcha/fibercaptcha/storage"
)

func TestLimitsAnswer429(t *testing.T) {
	ask(t, limitedApp(t, handlers.Limits{}), "GET", "/livez", "") // fasthttp's first request starts a goroutine that stays
	synctest.Test(t, func(t *testing.T) {
		app := limitedApp(t, handlers.Limits{
			Issue:  limit.Rate{Count: 2, Per: time.Minute},
			Submit: limit.Rate{Count: 2, Per: time.Minute},
			Audio:  limit.Rate{Count: 2, Per: time.Minute},
		})
		tests := []struct{ name, method, path string }{
			{"issue", "POST", "/api/captcha"},
			{"submit", "POST", "/api/contact"},
			{"submit a page", "POST", "/signup"},
			{"audio", "GET", "/api/captcha/key/audio.wav"},
			{"open a form", "GET", "/contact"},
		}
		for _, test := range tests {
			time.Sleep(time.Minute) // all allowances are whole again
			for i := range 2 {
				if r := ask(t, app, test.method, test.path, "192.0.2.7"); r.status == http.StatusTooManyRequests {
					t.Errorf("%s: request %d was throttled", test.name, i+1)
				}
			}
			time.Sleep(10*time.Second + time.Millisecond)
			r := ask(t, app, test.method, test.path, "192.0.2.7")
			if r.status != http.StatusTooManyRequests || r.header.Get("Retry-After") != "20" {
				t.Errorf("%s: status %d, Retry-After %q; want 429, 20", test.name, r.status, r.header.Get("Retry-After"))
			}
			if want := `{"detail":"Request was throttled. Expected available in 20 seconds."}`; strings.HasPrefix(test.path, "/api/") {
				if r.body != want {
					t.Errorf("%s: %s, want %s", test.name, r.body, want)
				}
			} else if !strings.Contains(r.body, "Try again in 20 seconds.") || !strings.Contains(r.header.Get("Content-Type"), "text/html") {
				t.Errorf("%s: no page that says when to try again: %s", test.name, r.body)
			}
			if r := ask(t, app, test.method, test.path, "192.0.2.8"); r.status == http.StatusTooManyRequests {
				t.Errorf("%s: another address was throttled too", test.name)
			}
			time.Sleep(20 * time.Second) // as long as it said
			if r := ask(t, app, test.method, test.path, "192.0.2.7"); r.status == http.StatusTooManyRequests {
				t.Errorf("%s: throttled after the time that it said", test.name)
			}
		}
	})
}

func TestLimitsCountBySourceOfTheRequest(t *testing.T) {
	const ours = "203.0.113.1" // what the trusted proxy saw
	tests := []struct {
		name          string
		first, second string
		same          bool
	}{
		{"one address", ours, ours, true},
		{"two addresses", ours, "203.0.113.2", false},
		{"a spoofed header", "198.51.100.1, " + ours, "198.51.100.2, " + ours, true},
		{"one /64", "2001:db8:1:2::1", "2001:db8:1:2:ffff::2", true},
		{"two /64s", "2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"one address in two forms", ours, "::ffff:" + ours, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			app := limitedApp(t, handlers.Limits{Issue: limit.Rate{Count: 1, Per: time.Hour}})
			ask(t, app, "POST", "/api/captcha", test.first)
			throttled := ask(t, app, "POST", "/api/captcha", test.second).status == http.StatusTooManyRequests
			if throttled != test.same {
				t.Errorf("throttled %t, want %t", throttled, test.same)
			}
		})
	}
}

func TestLimitsIgnoreHeadersOfStrangers(t *testing.T) {
	app := newApp(t, handlers.Config{Limits: handlers.Limits{Issue: limit.Rate{Count: 1, Per: time.Hour}}})
	ask(t, app, "POST", "/api/captcha", "198.51.100.1")
	for i := range 10 {
		if r := ask(t, app, "POST", "/api/captcha", fmt.Sprint("198.51.100.", i)); r.status != http.StatusTooManyRequests {
			t.Fatalf("status %d with a spoofed header, want 429", r.status)
		}
	}
}

// limitedApp is a site behind a proxy that it trusts: app.Test's peer, which is 0.0.0.0.
func limitedApp(t testing.TB, limits handlers.Limits) *fiber.App {
	return newApp(t, handlers.Config{Limits: limits, Proxies: mustProxies(t, "0.0.0.0")})
}

func newApp(t testing.TB, cfg handlers.Config) *fiber.App {
	t.Helper()
	store, err := storage.Open(t.Context(), "memory://")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	cfg.Guard = captcha.New(captcha.Config{Storage: store})
	cfg.Storage = store
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return handlers.New(cfg)
}

type reply struct {
	status int
	header http.Header
	body   string
}

func ask(t testing.TB, app *fiber.App, method, path, forwarded string) reply {
	t.Helper()
	request := httptest.NewRequest(method, path, nil)
	request.Header.Set("X-Forwarded-For", forwarded)
	response, err := app.Test(request, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(body)}
}
