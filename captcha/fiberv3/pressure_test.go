package fiberv3_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v3"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/fiberv3"
	"github.com/fibercaptcha/fibercaptcha/captcha/pressure"
)

// More is asked of a client whose guesses fail, known by the address that the app gives, and of nobody else. A visitor
// who fills in the trap is told of a wrong answer.
func TestPressureAndTrap(t *testing.T) {
	guard := fiberv3.New(fiberv3.Config{
		Config: captcha.Config{Pressure: pressure.New(), Trap: "subject"},
		Client: func(c fiber.Ctx) netip.Addr { return netip.MustParseAddr(c.Get("From")) },
	})
	app := fiber.New()
	guard.Register(app)
	app.Post("/", guard.Protect, created)
	send := func(path, from string, fields url.Values) (status int, reply struct {
		Key    string `json:"captcha_key"`
		Length int    `json:"captcha_length"`
	}) {
		r := httptest.NewRequest("POST", path, strings.NewReader(fields.Encode()))
		r.Header.Set("Content-Type", fiber.MIMEApplicationForm)
		r.Header.Set("From", from)
		response, err := app.Test(r, fiber.TestConfig{})
		if err != nil {
			t.Fatal(err)
		}
		if path == "/api/captcha/" {
			err = json.NewDecoder(response.Body).Decode(&reply)
		}
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, reply
	}
	for range 6 {
		_, challenge := send("/api/captcha/", "192.0.2.1", nil)
		fields := url.Values{"captcha_key": {challenge.Key}, "captcha_value": {captchatest.Solve(t, guard.Guard, challenge.Key)}, "subject": {"Hello"}}
		if status, _ := send("/", "192.0.2.1", fields); status != 400 {
			t.Fatalf("the trap was filled in, and the status is %d", status)
		}
	}
	for from, want := range map[string]int{"192.0.2.1": 6, "192.0.2.2": 4} {
		if _, challenge := send("/api/captcha/", from, nil); challenge.Length != want {
			t.Errorf("%s is asked for %d letters, want %d", from, challenge.Length, want)
		}
	}
}
