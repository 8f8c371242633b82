package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Wizard is a form of two pages: the captcha is on the first, and the second brings a receipt for it. The guard's
// Config.Receipts says how long a receipt is good. A visitor who takes longer starts again with the first page.
func Wizard(app *fiber.App, guard *captcha.Guard) {
	app.Get("/", func(c *fiber.Ctx) error { return form(c, "contact", guard, nil) })
	app.Post("/", guarded("contact", guard, func(c *fiber.Ctx) error {
		receipt, err := guard.Receipt(c)
		if err != nil {
			return err
		}
		return show(c, "second", fiber.Map{"Name": c.FormValue("name"), "Receipt": receipt})
	}))
	app.Post("/second", guarded("contact", guard, done))
}
