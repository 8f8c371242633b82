package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Fetch is the server for pages/fetch.js, which has the handlers of a React component.
func Fetch(app *fiber.App, guard *captcha.Guard) {
	app.All("/api/captcha/", guard.Create)
	app.Post("/api/contact", guard.Protect, done)
}
