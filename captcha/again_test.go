package captcha_test

import (
	"html/template"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
)

// newForm is a form with a field of its own, name, that comes back until it is filled in and the captcha is solved.
func newForm(guard *captcha.Guard) *fiber.App {
	app := fiber.New()
	app.Post("/", func(c *fiber.Ctx) error {
		var refused error
		if c.FormValue("name") != "" {
			if refused = guard.Check(c); refused == nil {
				return c.SendStatus(fiber.StatusCreated)
			}
		}
		challenge, err := guard.Issue(c)
		if err != nil {
			return err
		}
		return c.Status(fiber.StatusUnprocessableEntity).SendString(string(challenge.Field(captcha.FieldOptions{Error: refused})))
	})
	return app
}

// A form that comes back for another field's sake brings the same picture and what was typed; one whose challenge was
// used up, or is about to expire, brings another.
func TestAFormThatComesBackKeepsItsChallenge(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		clock := newClock()
		cfg.Now = clock.now
		guard := captcha.New(cfg)
		app := newForm(guard)
		shown := mustChallenge(t, guard)
		answer := captchatest.Solve(t, guard, shown.Key)
		send := func(form string) (status int, key, typed, image string) {
			response, body := mustDo(t, app, post("/", fiber.MIMEApplicationForm, form))
			if response.StatusCode != 422 {
				return response.StatusCode, "", "", ""
			}
			field := parse(t, template.HTML(body))
			return 422, field.one(t, "input", "name", "captcha_key").attrs["value"],
				field.one(t, "input", "name", "captcha_value").attrs["value"], field.one(t, "img").attrs["src"]
		}
		for range 3 {
			_, key, typed, image := send("captcha_key=" + shown.Key + "&captcha_value=" + answer)
			if key != shown.Key || typed != answer || image != string(shown.DataURI()) {
				t.Fatalf("another challenge, or %q for what was typed", typed)
			}
		}
		if _, key, typed, _ := send("captcha_key=" + shown.Key + "&captcha_value=123456789"); key != shown.Key || typed != "" {
			t.Errorf("too much was typed: %q", typed)
		}
		if status, _, _, _ := send("name=Ada&captcha_key=" + shown.Key + "&captcha_value=" + answer); status != 201 {
			t.Errorf("the answer: %d", status)
		}
		if _, key, typed, _ := send("captcha_key=" + shown.Key + "&captcha_value=" + answer); key == shown.Key || typed != "" {
			t.Errorf("a used challenge was shown again, or %q typed into a new one", typed)
		}
		wrong := mustGenerate(t, guard)
		if _, key, typed, _ := send("name=Ada&captcha_key=" + wrong + "&captcha_value=no"); key == wrong || typed != "" {
			t.Errorf("after a wrong answer the same challenge came back, with %q", typed)
		}
		late := mustGenerate(t, guard)
		clock.move(5*time.Minute - 30*time.Second)
		if _, key, _, _ := send("captcha_key=" + late); key == late {
			t.Error("a challenge that was about to expire came back")
		}
	})
}

// A handler may return an error of this package as it is. Fiber's own error handler then answers with its status, and
// tells a stranger nothing of the inside.
func TestErrorsReturnedAsTheyAre(t *testing.T) {
	storage := atomicPlain{newPlain()}
	guard := captcha.New(captcha.Config{Storage: storage, Logger: quiet})
	app := fiber.New()
	app.Post("/", func(c *fiber.Ctx) error { return guard.Check(c) })
	key := mustGenerate(t, guard)
	for _, row := range []struct {
		form, want string
		status     int
	}{
		{"captcha_key=" + key, "captcha_value: This field is required.", 400},
		{"captcha_key=made-up&captcha_value=ABCD", "Invalid or expired captcha key", 400},
		{"captcha_key=" + key + "&captcha_value=no", "Invalid captcha value", 400},
	} {
		response, body := mustDo(t, app, post("/", fiber.MIMEApplicationForm, row.form))
		if response.StatusCode != row.status || body != row.want {
			t.Errorf("%s: %s %q, want %d %q", row.form, response.Status, body, row.status, row.want)
		}
	}
	if response, body := mustDo(t, app, post("/", "text/plain", "x")); response.StatusCode != 415 {
		t.Errorf("%s %q", response.Status, body)
	}
	key = mustGenerate(t, guard)
	storage.broken = errOutage
	response, body := mustDo(t, app, post("/", fiber.MIMEApplicationForm, "captcha_key="+key+"&captcha_value=ABCD"))
	if response.StatusCode != 503 || body != "The captcha can't be checked at the moment. Try again in a few seconds." {
		t.Errorf("%s %q", response.Status, body)
	}
	err := captchatest.Try(t, guard, key, "ABCD")
	wantErr(t, err, errOutage)
}

// A challenge that no guard made shows nothing, and breaks nothing.
func TestAChallengeThatWasNotIssued(t *testing.T) {
	var c captcha.Challenge
	if html, message := c.Field(), c.Message(captcha.ErrWrongAnswer); html != "" || message != "" {
		t.Errorf("%q, %q", html, message)
	}
}

func TestMessageWithoutAChallenge(t *testing.T) {
	guard := captcha.New()
	if got := guard.Message("de", captcha.ErrMissing); got != "Bitte geben Sie die Zeichen ein." {
		t.Errorf("%q", got)
	}
	if got := guard.Message("tlh", captcha.ErrMissing); got != "Type the characters." {
		t.Errorf("%q", got)
	}
}
