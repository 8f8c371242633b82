package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Checked is a form whose captcha pages/checked.js checks before the form is sent, so that a mistake is said without a new
// page. It needs Config.Receipts; without script the form is sent as ever.
func Checked(app *fiber.App, guard *captcha.Guard) {
	guard.Register(app)
	app.Get("/", func(c *fiber.Ctx) error { return form(c, "checked", guard, nil) })
	app.Post("/", guard.Protect, done)
}
