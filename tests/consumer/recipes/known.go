package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Known lets visitors who have logged in through without a captcha, with Protect and with Check alike.
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
