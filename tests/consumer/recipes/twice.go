package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/once"
	"github.com/gofiber/fiber/v2"
)

// Twice gives both copies of a form that is sent twice, by two clicks on Send without script, the same answer.
func Twice(app *fiber.App, guard *captcha.Guard, keep func(c *fiber.Ctx) (address string, err error)) {
	app.Post("/", once.New(once.Config{Guard: guard}), guard.Protect, func(c *fiber.Ctx) error {
		address, err := keep(c)
		if err != nil {
			return err
		}
		return c.Redirect(address, fiber.StatusSeeOther)
	})
}
