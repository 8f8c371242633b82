package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Message answers a refusal in the visitor's language, without another challenge.
func Message(app *fiber.App, guard *captcha.Guard) {
	app.Post("/", func(c *fiber.Ctx) error {
		if err := guard.Check(c); err != nil {
			return c.Status(fiber.StatusUnprocessableEntity).SendString(guard.Message(guard.Language(c), err))
		}
		return done(c)
	})
}
