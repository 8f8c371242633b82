package limit_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// perMinute is an app that lets an address through once a minute.
func perMinute(config limit.Config) *fiber.App {
	config.Rate = limit.Rate{Count: 1, Per: time.Minute}
	app := fiber.New()
	app.Use(limit.New(config))
	app.All("/*", func(c *fiber.Ctx) error { return c.SendString("ok") })
	return app
}

func ask(t *testing.T, app *fiber.App, method, path string) (status int, header http.Header, body string) {
	t.Helper()
	response, err := app.Test(httptest.NewRequest(method, path, nil), -1)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(content)
}

// What is too much is answered as Django REST framework does, and let through again after the time that it said.
func TestReplyOfDjango(t *testing.T) {
	ask(t, perMinute(limit.Config{}), "GET", "/") // fasthttp's first request starts a goroutine that stays
	synctest.Test(t, func(t *testing.T) {
		app := perMinute(limit.Config{})
		ask(t, app, "POST", "/")
		time.Sleep(10*time.Second + time.Millisecond)
		status, header, body := ask(t, app, "POST", "/")
		if want := `{"detail":"Request was throttled. Expected available in 50 seconds."}`; status != 429 || body != want {
			t.Errorf("status %d, %s; want 429, %s", status, body, want)
		}
		if header.Get("Retry-After") != "50" || header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(header.Get("Content-Type"), "application/json") {
			t.Errorf("header %v", header)
		}
		time.Sleep(50 * time.Second)
		if status, _, _ := ask(t, app, "POST", "/"); status != 200 {
			t.Errorf("status %d after the time that it said", status)
		}
	})
}

func TestWhatIsNotCounted(t *testing.T) {
	for _, row := range []struct {
		name, method, path string
		config             limit.Config
		counted            bool
	}{
		{"any request", "GET", "/api/captcha", limit.Config{}, true},
		{"the field's script", "GET", "/api/captcha/assets/field.js", limit.Config{}, false},
		{"the field's style", "HEAD", "/api/captcha/assets/field.css", limit.Config{}, false},
		{"another asset", "GET", "/api/captcha/assets/other.js", limit.Config{}, true},
		{"a script that is sent", "POST", "/api/captcha/assets/field.js", limit.Config{}, true},
		{"what Next lets pass", "GET", "/", limit.Config{Next: func(*fiber.Ctx) bool { return true }}, false},
		{"what Next does not", "GET", "/", limit.Config{Next: func(*fiber.Ctx) bool { return false }}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			app := perMinute(row.config)
			ask(t, app, row.method, row.path)
			if status, _, _ := ask(t, app, row.method, row.path); (status == 429) != row.counted {
				t.Errorf("the second has status %d", status)
			}
		})
	}
}

func TestClientAndErrorHandlerOfTheApp(t *testing.T) {
	client := netip.MustParseAddr("192.0.2.1")
	app := perMinute(limit.Config{
		Client: func(*fiber.Ctx) netip.Addr { return client },
		ErrorHandler: func(c *fiber.Ctx, err error) error {
			var throttled *limit.Error
			if !errors.As(err, &throttled) || throttled.Seconds() != 60 {
				t.Errorf("the error is %v", err)
			}
			return c.Status(503).SendString("later")
		},
	})
	ask(t, app, "GET", "/")
	if status, _, body := ask(t, app, "GET", "/"); status != 503 || body != "later" {
		t.Errorf("status %d, %s", status, body)
	}
	client = netip.MustParseAddr("192.0.2.2")
	if status, _, _ := ask(t, app, "GET", "/"); status != 200 {
		t.Errorf("another client has status %d", status)
	}
}

func TestEachHandlerCountsByItself(t *testing.T) {
	app := fiber.New()
	for _, path := range []string{"/a", "/b"} {
		app.Get(path, limit.New(limit.Config{Rate: limit.Rate{Count: 1, Per: time.Hour}}), func(c *fiber.Ctx) error { return nil })
	}
	for path, want := range map[string]int{"/a": 200, "/b": 200} {
		if status, _, _ := ask(t, app, "GET", path); status != want {
			t.Errorf("%s: status %d", path, status)
		}
	}
}

func TestUnlimited(t *testing.T) {
	app := fiber.New()
	app.Use(limit.New(limit.Config{Rate: limit.Rate{Count: limit.Unlimited}}))
	for range 1000 {
		if status, _, _ := ask(t, app, "GET", "/"); status == 429 {
			t.Fatal("refused")
		}
	}
}

// A proxy appends to what a visitor claims of itself, some in the same line and some in one of their own.
func TestNoVisitorNamesItsOwnAddress(t *testing.T) {
	for _, validation := range []bool{false, true} {
		app := fiber.New(fiber.Config{ProxyHeader: "X-Forwarded-For", EnableTrustedProxyCheck: true, TrustedProxies: []string{"0.0.0.0"},
			EnableIPValidation: validation})
		app.Get("/", limit.New(limit.Config{Rate: limit.Rate{Count: 2, Per: time.Hour}}), func(c *fiber.Ctx) error { return nil })
		for i, want := range []int{200, 200, 429, 429} {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Add("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
			if i%2 == 0 {
				r.Header.Add("X-Forwarded-For", "192.0.2.7")
			} else {
				r.Header.Set("X-Forwarded-For", r.Header.Get("X-Forwarded-For")+", 192.0.2.7")
			}
			response, err := app.Test(r, -1)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != want {
				t.Errorf("EnableIPValidation %t, request %d: status %d, want %d", validation, i+1, response.StatusCode, want)
			}
		}
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	minute := limit.Rate{Count: 1, Per: time.Minute}
	for field, config := range map[string]limit.Config{
		"Rate.Count":        {Rate: limit.Rate{Count: 0, Per: time.Minute}},
		"Rate.Per":          {Rate: limit.Rate{Count: 1}},
		"Prefixes":          {Prefixes: []limit.Prefix{}},
		"Prefixes[0].IPv4":  {Prefixes: []limit.Prefix{{IPv4: 33}}},
		"Prefixes[1].IPv6":  {Prefixes: []limit.Prefix{{IPv4: 32}, {IPv6: 129}}},
		"Prefixes[0].Times": {Rate: minute, Prefixes: []limit.Prefix{{IPv4: 32, Times: -1}}},
	} {
		_, err := limit.NewHandler(config)
		var refused *setting.Error
		if !errors.As(err, &refused) || refused.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	_, err := limit.NewHandler(limit.Config{Rate: minute, Prefixes: []limit.Prefix{{Times: 5}, {}}})
	if err == nil || !strings.Contains(err.Error(), "nobody is counted") {
		t.Errorf("prefixes that leave everybody out: %v", err)
	}
	for _, config := range []limit.Config{
		{Rate: limit.Rate{Count: 1, Per: time.Second}},
		{Rate: limit.Rate{Count: 1_000_000, Per: 24 * time.Hour}},
		{Rate: minute, Prefixes: []limit.Prefix{{IPv4: 32, IPv6: 128, Times: 1000}, {}, {}, {}, {}, {}, {}, {}}},
	} {
		if _, err := limit.NewHandler(config); err != nil {
			t.Errorf("%+v: %v", config, err)
		}
	}
	defer func() {
		var refused *setting.Error
		if err, _ := recover().(error); !errors.As(err, &refused) || !strings.HasPrefix(err.Error(), "limit: setting ") {
			t.Errorf("New panics with %v, want the refusal and whose it is", err)
		}
	}()
	limit.New(limit.Config{Rate: limit.Rate{Count: -2, Per: time.Minute}})
}

// Whoever waits for the seconds that are said has waited long enough, and not for one too many.
func TestSecondsAreRoundedUp(t *testing.T) {
	for wait, want := range map[time.Duration]int{
		1: 1, time.Second - 1: 1, time.Second: 1, time.Second + 1: 2, time.Minute: 60, time.Minute + time.Millisecond: 61,
	} {
		if got := (&limit.Error{Wait: wait}).Seconds(); got != want {
			t.Errorf("%v is %d seconds, want %d", wait, got, want)
		}
	}
}

func TestRateOfText(t *testing.T) {
	for text, want := range map[string]limit.Rate{
		"60/min": {Count: 60, Per: time.Minute}, "1/s": {Count: 1, Per: time.Second}, "1000/day": {Count: 1000, Per: 24 * time.Hour},
		"1000000/h": {Count: 1_000_000, Per: time.Hour}, "none": {Count: limit.Unlimited},
	} {
		var rate limit.Rate
		if err := rate.UnmarshalText([]byte(text)); err != nil || rate != want {
			t.Errorf("%q is %v, %v", text, rate, err)
		}
	}
	for _, text := range []string{"", "60", "60/", "/min", "0/min", "-1/min", "60/fortnight", "60/min/min", "1.5/s", "9999999/s"} {
		var rate limit.Rate
		if err := rate.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "must be") {
			t.Errorf("%q: error is %v, want one that says what is accepted", text, err)
		}
	}
}
