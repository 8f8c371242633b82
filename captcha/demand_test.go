package captcha_test

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// A demand that nobody can meet is no wrong answer of the visitor's: the request fails, and the log says why.
func TestDemandsThatNobodyCanMeet(t *testing.T) {
	for name, row := range map[string]struct {
		demand captcha.Demand
		log    string
	}{
		"work without Work":                          {captcha.LettersAndWork, "Config.Work is not set"},
		"the same, harder":                           {captcha.LettersAndWork.AtLevel(3), "Config.Work is not set"},
		"a number that is Nothing but for its level": {99, "something other than"},
		"none": {captcha.Demand(6), "other than LettersOrWork"},
	} {
		var log strings.Builder
		guard := captcha.New(captcha.Config{
			Demand: func(*fiber.Ctx, string) captcha.Demand { return row.demand },
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		app := fiber.New()
		guard.Register(app)
		app.Post("/", guard.Protect, func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusCreated) })
		for _, path := range []string{"/api/captcha/", "/api/captcha/field", "/"} {
			r := httptest.NewRequest("POST", path, strings.NewReader("captcha_key=k&captcha_value=ABCD&captcha_work=x"))
			r.Header.Set("Content-Type", fiber.MIMEApplicationForm)
			response, err := app.Test(r, -1)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != fiber.StatusInternalServerError {
				t.Errorf("%s: %s: %s", name, path, response.Status)
			}
		}
		if got := strings.Count(log.String(), row.log); got != 1 {
			t.Errorf("%s: logged %d times within a second: %s", name, got, &log)
		}
	}
}

// Without Config.Work, LettersOrWork demands letters.
func TestLettersWhereThereIsNoWork(t *testing.T) {
	guard := captcha.New(captcha.Config{Demand: func(*fiber.Ctx, string) captcha.Demand { return captcha.LettersOrWork }})
	app := fiber.New()
	guard.Register(app)
	response, err := app.Test(httptest.NewRequest("POST", "/api/captcha/", nil), -1)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != fiber.StatusOK {
		t.Error(response.Status)
	}
}
