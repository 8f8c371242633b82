package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Returned leaves a refusal to Fiber's error handler: it has the right status, and a text that any visitor may read.
func Returned(app *fiber.App, guard *captcha.Guard) {
	app.Post("/", func(c *fiber.Ctx) error {
		if err := guard.Check(c); err != nil {
			return err
		}
		return done(c)
	})
}
