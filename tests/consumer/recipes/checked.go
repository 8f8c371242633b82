package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Checked is a form whose captcha is checked by pages/checked.js before the form is sent, so that visitors learn of a
// mistake without a new page. It needs Config.Receipts. Without script the form is sent as usual.
func Checked(app *fiber.App, guard *captcha.Guard) {
	guard.Register(app)
	app.Get("/", func(c *fiber.Ctx) error { return form(c, "checked", guard, nil) })
	app.Post("/", guard.Protect, done)
}
