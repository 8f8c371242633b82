package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Renamed has the fields under the names that a client has already.
func Renamed(app *fiber.App) *captcha.Guard {
	guard := captcha.New(captcha.Config{Compat: captcha.Compat{KeyField: "id", ValueField: "letters", ImageField: "picture"}})
	guard.Register(app)
	app.Post("/", guard.Protect, done)
	return guard
}
