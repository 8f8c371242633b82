package recipes

import (
	"context"
	"log/slog"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Trapped refuses a sender who fills in a field that people don't see, or answers in less than two seconds. The sender
// is told that the answer is wrong; the log says which it was.
func Trapped(app *fiber.App, log *slog.Logger, now func() time.Time) *captcha.Guard {
	guard := captcha.New(captcha.Config{Trap: "subject", Pause: 2 * time.Second, Now: now, Observe: func(_ context.Context, e captcha.Event) {
		if e.Reason == captcha.Trapped || e.Reason == captcha.TooSoon {
			log.Info("a program was refused", "reason", e.Reason)
		}
	}})
	guard.Register(app)
	app.Get("/", func(c *fiber.Ctx) error { return form(c, "contact", guard, nil) })
	app.Post("/", guard.Protect, done)
	return guard
}
