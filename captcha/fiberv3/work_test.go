package fiberv3_test

import (
	"encoding/json"
	"io"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/fiberv3"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

// What is demanded follows the purpose, on the guard's own routes too, and work meets it.
func TestWorkAndDemand(t *testing.T) {
	guard := fiberv3.New(fiberv3.Config{
		Config: captcha.Config{Work: work.New(work.Config{Cost: 500, Range: 8}), Receipts: time.Minute},
		Demand: func(_ fiber.Ctx, purpose string) captcha.Demand {
			return map[string]captcha.Demand{"letters": captcha.LettersAndWork, "open": captcha.Nothing}[purpose]
		},
	})
	app := fiber.New()
	guard.Register(app)
	app.Post("/", guard.Protect, created)
	app.Post("/letters", guard.For("letters").Protect, created)
	app.Post("/open", guard.For("open").Protect, created)
	send := func(path string, fields url.Values) (int, string) {
		r := httptest.NewRequest("POST", path, strings.NewReader(fields.Encode()))
		r.Header.Set("Content-Type", fiber.MIMEApplicationForm)
		response, err := app.Test(r, fiber.TestConfig{})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	for purpose, status := range map[string]int{"": 201, "letters": 400} {
		_, body := mustDo(t, app, "POST", "/api/captcha/?purpose="+purpose, "", "")
		var made map[string]string
		if err := json.Unmarshal([]byte(body), &made); err != nil {
			t.Fatal(err)
		}
		key := made["captcha_key"]
		response, body := mustDo(t, app, "GET", "/api/captcha/"+key+"/work?purpose="+purpose, "", "")
		var set work.Challenge
		if err := json.Unmarshal([]byte(body), &set); err != nil || response.StatusCode != 200 {
			t.Fatalf("%s %s", response.Status, body)
		}
		solution, err := set.Solve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, body := send("/"+purpose, url.Values{"captcha_key": {key}, "captcha_work": {solution}}); got != status {
			t.Errorf("work for the purpose %q: %d %s, want %d", purpose, got, body, status)
		}
	}
	if status, body := send("/open", nil); status != 201 {
		t.Errorf("nothing is demanded: %d %s", status, body)
	}
	if _, body := mustDo(t, app, "GET", "/api/captcha/altcha?purpose=letters", "", ""); !strings.Contains(body, `"codeChallenge"`) {
		t.Errorf("the widget is told %s", body)
	}
	if response, body := mustDo(t, app, "POST", "/api/captcha/altcha/verify", "application/json", "{}"); response.StatusCode != 400 {
		t.Errorf("%s %s", response.Status, body)
	}
	if response, _ := mustDo(t, app, "GET", "/api/captcha/assets/work.js", "", ""); response.StatusCode != 200 {
		t.Errorf("work.js: %s", response.Status)
	}
}
