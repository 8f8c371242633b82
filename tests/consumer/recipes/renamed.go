package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Renamed gives the fields the names that a client already uses.
func Renamed(app *fiber.App) *captcha.Guard {
	guard := captcha.New(captcha.Config{Compat: captcha.Compat{KeyField: "id", ValueField: "letters", ImageField: "picture"}})
	guard.Register(app)
	app.Post("/", guard.Protect, done)
	return guard
}
