package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Known asks nothing of visitors who have logged in, by Protect as by Check.
func Known(app *fiber.App) *captcha.Guard {
	guard := captcha.New(captcha.Config{Next: func(c *fiber.Ctx) bool { return c.Locals("account") != nil }})
	app.Post("/protect", guard.Protect, done)
	app.Post("/check", func(c *fiber.Ctx) error {
		if err := guard.Check(c); err != nil {
			return err
		}
		return done(c)
	})
	return guard
}
