package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Group registers the guard's routes in a group. Config.Path begins with the group's prefix.
func Group(app *fiber.App) *captcha.Guard {
	guard := captcha.New(captcha.Config{Path: "/v1/captcha/"})
	guard.Register(app.Group("/v1"))
	return guard
}

// Mounted registers them in an app that is mounted in another one. No setting has to say so.
func Mounted(app, inner *fiber.App, guard *captcha.Guard) {
	app.Mount("/inner", inner)
	guard.Register(inner)
}
