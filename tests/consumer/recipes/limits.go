package recipes

import (
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/gofiber/fiber/v2"
)

// Limits bounds how many challenges and how many submissions a network may send. Fiber's own limiter would also count
// the field's style and script, so that a page within the limit could come without them. This one never counts them.
func Limits(app *fiber.App, guard *captcha.Guard) {
	challenges := limit.Rate{Count: 30, Per: time.Minute}
	app.Use("/api/captcha", limit.New(limit.Config{Rate: challenges}))
	guard.Register(app)
	app.Get("/", func(c *fiber.Ctx) error { return form(c, "contact", guard, nil) })
	app.Post("/", limit.New(limit.Config{Rate: limit.Rate{Count: 10, Per: time.Minute}}), guard.Protect, done)
}
