package fiberv3_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	v2attempts "github.com/fibercaptcha/fibercaptcha/captcha/attempts"
	"github.com/fibercaptcha/fibercaptcha/captcha/fiberv3"
	"github.com/fibercaptcha/fibercaptcha/captcha/fiberv3/attempts"
	"github.com/fibercaptcha/fibercaptcha/captcha/fiberv3/limit"
	"github.com/fibercaptcha/fibercaptcha/captcha/fiberv3/once"
	v2once "github.com/fibercaptcha/fibercaptcha/captcha/once"
)

// A client's own claim about its address does not count.
func TestLimitBehindAProxy(t *testing.T) {
	app := fiber.New(fiber.Config{ProxyHeader: "X-Forwarded-For", TrustProxy: true, TrustProxyConfig: fiber.TrustProxyConfig{Proxies: []string{"0.0.0.0"}}})
	app.Get("/", limit.New(limit.Config{Rate: limit.Rate{Count: 1, Per: time.Hour}}), func(fiber.Ctx) error { return nil })
	for i, row := range []struct {
		forwarded string
		want      int
	}{{"198.51.100.1, 203.0.113.7", 200}, {"198.51.100.2, 203.0.113.7", 429}, {"203.0.113.7, 203.0.113.8", 200}} {
		request := httptest.NewRequest("GET", "/", nil)
		request.Header.Set("X-Forwarded-For", row.forwarded)
		response, err := app.Test(request)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != row.want {
			t.Errorf("request %d: %s, want %d", i, response.Status, row.want)
		}
	}
}

func TestLimit(t *testing.T) {
	guard, app := fiberv3.New(), fiber.New()
	app.Use("/api/captcha", limit.New(limit.Config{Rate: limit.Rate{Count: 3, Per: time.Hour},
		Next:   func(c fiber.Ctx) bool { return c.Get("X-Known") != "" },
		Client: func(fiber.Ctx) netip.Addr { return netip.MustParseAddr("192.0.2.1") }}))
	guard.Register(app)
	ask := func(method, path, known string) *http.Response {
		r := httptest.NewRequest(method, path, nil)
		if known != "" {
			r.Header.Set("X-Known", known)
		}
		response, err := app.Test(r, fiber.TestConfig{Timeout: 0})
		if err != nil {
			t.Fatal(err)
		}
		return response
	}
	for range 3 {
		if got := ask("POST", "/api/captcha/", ""); got.StatusCode != 200 {
			t.Error(got.Status)
		}
	}
	if got := ask("POST", "/api/captcha/", ""); got.StatusCode != 429 || got.Header.Get("Retry-After") == "" {
		t.Errorf("%s %v", got.Status, got.Header)
	}
	if got := ask("GET", "/api/captcha/assets/field.js", ""); got.StatusCode != 200 {
		t.Error("the script is counted:", got.Status)
	}
	if got := ask("POST", "/api/captcha/", "yes"); got.StatusCode != 200 {
		t.Error("Next:", got.Status)
	}
	if _, err := limit.NewHandler(limit.Config{Rate: limit.Rate{Count: -7, Per: time.Hour}}); err == nil {
		t.Error("a count of -7 is accepted")
	}
}

func TestAttempts(t *testing.T) {
	guard, app := fiberv3.New(), fiber.New()
	logins := attempts.New(attempts.Config{Guard: guard})
	app.Post("/login", func(c fiber.Ctx) error {
		needed, err := logins.Try(c, "ada", func() (bool, error) { return c.FormValue("password") == "right", nil })
		switch {
		case errors.Is(err, attempts.ErrFailed) && !needed:
			return c.SendStatus(401)
		case errors.Is(err, attempts.ErrFailed):
			return c.SendStatus(402) // it failed, and the next one needs a captcha
		case err != nil:
			return err
		}
		return c.SendStatus(201)
	})
	wrong := url.Values{"password": {"wrong"}}
	for _, want := range []int{401, 401, 402, 400} {
		if status, body := postForm(t, app, "/login", wrong); status != want {
			t.Errorf("%d %s, want %d", status, body, want)
		}
	}
	right := solved(t, guard, captcha.Visitor{})
	right.Set("password", "right")
	if status, body := postForm(t, app, "/login", right); status != 201 {
		t.Errorf("%d %s", status, body)
	}
	for field, cfg := range map[string]attempts.Config{
		"Guard":          {},
		"Config.Guard":   {Guard: guard, Config: v2attempts.Config{Guard: guard.Guard}},
		"Config.Network": {Guard: guard, Config: networkOfV2()},
	} {
		var refused *captcha.SettingError
		if _, err := attempts.NewAttempts(cfg); !errors.As(err, &refused) || refused.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// networkOfV2 has a function that no request here could be given to.
func networkOfV2() (cfg v2attempts.Config) {
	field := reflect.ValueOf(&cfg).Elem().FieldByName("Network")
	field.Set(reflect.MakeFunc(field.Type(), func([]reflect.Value) []reflect.Value { panic("called") }))
	return cfg
}

func TestOnce(t *testing.T) {
	guard := fiberv3.New(fiberv3.Config{Binding: func(c fiber.Ctx) string { return "ada" }})
	app := fiber.New()
	var handled atomic.Int64
	app.Post("/contact", once.New(once.Config{Guard: guard}), guard.Protect, func(c fiber.Ctx) error {
		handled.Add(1)
		if strings.HasPrefix(c.FormValue("name"), "Eve") {
			return fiber.NewError(409, "Not you.")
		}
		return c.Redirect().Status(303).To("/message/1")
	})
	fields := solved(t, guard, captcha.Visitor{Binding: "ada"})
	for range 2 {
		response, _ := mustDo(t, app, "POST", "/contact", fiber.MIMEApplicationForm, fields.Encode())
		if response.StatusCode != 303 || response.Header.Get("Location") != "/message/1" {
			t.Errorf("%s %v", response.Status, response.Header)
		}
	}
	fields.Set("name", "Ada")
	if status, body := postForm(t, app, "/contact", fields); status != 400 {
		t.Errorf("another content: %d %s", status, body)
	}
	fields = solved(t, guard, captcha.Visitor{Binding: "ada"})
	fields.Set("name", "Eve")
	for range 2 {
		if status, body := postForm(t, app, "/contact", fields); status != 409 || body != "Not you." {
			t.Errorf("an error: %d %s", status, body)
		}
	}
	if handled.Load() != 2 {
		t.Errorf("handled %d times", handled.Load())
	}
	var refused *captcha.SettingError
	for field, cfg := range map[string]once.Config{"Guard": {}, "Config.Guard": {Guard: guard, Config: v2once.Config{Guard: guard.Guard}}} {
		if _, err := once.NewHandler(cfg); !errors.As(err, &refused) || refused.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
