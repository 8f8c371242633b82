package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Purposes has a guard for each form. None of them accepts another's challenges. The third has settings of its own, so
// it needs a path of its own too.
func Purposes(app *fiber.App, guard *captcha.Guard) (signup, contact, account *captcha.Guard) {
	signup, contact = guard.For("signup"), guard.For("contact")
	account = captcha.New(captcha.Config{Purpose: "account", Length: 6, Path: "/api/account/captcha/"})
	guard.Register(app) // the routes of both purposes
	account.Register(app)
	app.Post("/signup", signup.Protect, done)
	app.Post("/contact", contact.Protect, done)
	app.Post("/account", account.Protect, done)
	return signup, contact, account
}
