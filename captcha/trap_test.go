package captcha_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
)

// Each row says what is sent beside the right or wrong answer, when, and what comes of it. A refusal reads like that of
// a wrong answer and uses the challenge up. Only the event tells the two apart.
func TestTrapAndPause(t *testing.T) {
	const right, wrong, solved, receipt = "right", "wrong", "solved", "receipt"
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		for _, row := range []struct {
			brings, beside string
			after          time.Duration
			reason         captcha.Reason
		}{
			{right, ``, 2 * time.Second, captcha.OK},
			{right, `,"subject":""`, 2 * time.Second, captcha.OK},
			{right, `,"subject":"  "`, 2 * time.Second, captcha.OK},
			{right, `,"subject":null`, 2 * time.Second, captcha.OK},
			{right, `,"subject":"Hello"`, 2 * time.Second, captcha.Trapped},
			{right, `,"subject":7`, 2 * time.Second, captcha.Trapped},
			{right, `,"subject":"","subject":""`, 2 * time.Second, captcha.Trapped},
			{wrong, `,"subject":"Hello"`, 2 * time.Second, captcha.Trapped},
			{wrong, ``, 2 * time.Second, captcha.WrongAnswer},
			{right, ``, 1900 * time.Millisecond, captcha.TooSoon},
			{right, ``, 0, captcha.TooSoon},
			{wrong, ``, 0, captcha.TooSoon},
			{right, `,"subject":"Hello"`, 0, captcha.Trapped},
			{solved, ``, 0, captcha.OK},
			{solved, `,"subject":"Hello"`, 0, captcha.Trapped},
			{receipt, ``, 0, captcha.OK},
			{receipt, `,"subject":"Hello"`, 0, captcha.Trapped},
		} {
			clock, cfg := newClock(), cfg
			var last captcha.Event
			cfg.Now, cfg.Trap, cfg.Pause = clock.now, "subject", 2*time.Second
			cfg.Observe = func(_ context.Context, e captcha.Event) { last = e }
			guard := captcha.New(withWork(cfg))
			app := newReceiptApp(guard)
			key := mustGenerate(t, guard)
			body := fmt.Sprintf(`{"captcha_key":%q,"captcha_value":"WWWW"`, key)
			switch row.brings {
			case right:
				body = fmt.Sprintf(`{"captcha_key":%q,"captcha_value":%q`, key, captchatest.Solve(t, guard, key))
			case solved:
				body = fmt.Sprintf(`{"captcha_key":%q,"captcha_work":%q`, key, captchatest.Work(t, guard, key, captcha.Visitor{}))
			case receipt:
				body = fmt.Sprintf(`{"captcha_receipt":%q`, mustReceipt(t, guard, captcha.Visitor{}))
			}
			clock.move(row.after)
			want, again := "400 "+`{"non_field_errors":["Invalid captcha value"]}`, isUnknown
			switch {
			case row.reason == captcha.OK:
				want = "201 Created"
			case row.brings == receipt: // whose answer nobody looks at, so that none can be wrong
				want = isUnknown
			}
			for i, want := range []string{want, again} {
				response, text := mustDo(t, app, post(endpoint, "application/json", body+row.beside+"}"))
				if got := fmt.Sprintf("%d %s", response.StatusCode, text); got != want {
					t.Errorf("%+v, try %d: %s, want %s", row, i+1, got, want)
				}
				if i == 0 && last.Reason != row.reason {
					t.Errorf("%+v: the event says %s", row, last.Reason)
				}
			}
		}
	})
}

// A visitor who is refused is told the same as for a wrong answer, from Go too.
func TestTheTrapsErrorIsThatOfAWrongAnswer(t *testing.T) {
	guard := captcha.New(captcha.Config{Pause: time.Second})
	key := mustGenerate(t, guard)
	early := verify(guard, key, captchatest.Solve(t, guard, key))
	if !errors.Is(early, captcha.ErrWrongAnswer) || early.Error() != captcha.ErrWrongAnswer.Error() ||
		guard.Message("en", early) != guard.Message("en", captcha.ErrWrongAnswer) {
		t.Errorf("%v", early)
	}
}

// If the trap is set, the field has it under its name, with nothing that a browser fills in or a screen reader says.
func TestTrapInTheField(t *testing.T) {
	challenge := mustChallenge(t, captcha.New(captcha.Config{Trap: "subject"}), "en")
	field := parse(t, challenge.Field())
	field.one(t, "input", "name", "subject", "type", "text", "tabindex", "-1", "autocomplete", "off")
	field.one(t, "p", "class", "captcha-trap", "aria-hidden", "true")
	if !strings.Contains(string(challenge.Field()), ">Leave this field empty <") {
		t.Error("whoever sees it is not told to leave it")
	}
	for _, none := range []captcha.Config{{}, {Trap: "topic"}} {
		if strings.Contains(string(mustChallenge(t, captcha.New(none)).Field()), `"subject"`) {
			t.Errorf("%+v has the trap", none.Trap)
		}
	}
}

// A span without its unit is a few nanoseconds, which nobody can have meant.
func TestSettingsOfTrapAndPause(t *testing.T) {
	for _, row := range []struct {
		cfg  captcha.Config
		want string
	}{
		{captcha.Config{Trap: "e-mail"}, `this one contains "mail"`},
		{captcha.Config{Trap: "Website"}, "a name that no browser fills in"},
		{captcha.Config{Trap: "two words"}, "letters, digits"},
		{captcha.Config{Trap: "captcha_value"}, "no other field"},
		{captcha.Config{Trap: "topic", Compat: captcha.Compat{KeyField: "topic"}}, "no other field"},
		{captcha.Config{Pause: -1}, "setting Pause"},
		{captcha.Config{Pause: 2}, "setting Pause is 2ns"},
		{captcha.Config{Receipts: 600}, "setting Receipts is 600ns; accepted: 0, or 1s to 24h0m0s"},
		{captcha.Config{Pause: 2 * time.Minute}, "0, or 1ms to 1m0s"},
		{captcha.Config{Pause: 20 * time.Second, Expiration: 30 * time.Second}, "1ms to 15s"},
	} {
		if _, err := captcha.NewGuard(row.cfg); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%v, want %q", err, row.want)
		}
	}
}

// A form that is sent without script by the field's own button brings the trap along, and is not judged by it.
func TestTrapAndAFormThatAsksForNewCharacters(t *testing.T) {
	guard := captcha.New(captcha.Config{Trap: "subject"})
	app := fiber.New()
	app.Post("/form", func(c *fiber.Ctx) error {
		challenge, err := guard.Issue(c)
		if err != nil {
			return err
		}
		return c.SendString(fmt.Sprint(challenge.Refreshed))
	})
	if _, body := mustDo(t, app, post("/form", fiber.MIMEApplicationForm, "captcha_refresh=1&subject=")); body != "true" {
		t.Error(body)
	}
}
