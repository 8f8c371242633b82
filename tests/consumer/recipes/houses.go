package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Group has the guard's routes in a group, with whose prefix Config.Path begins.
func Group(app *fiber.App) *captcha.Guard {
	guard := captcha.New(captcha.Config{Path: "/v1/captcha/"})
	guard.Register(app.Group("/v1"))
	return guard
}

// Mounted has them in an app that another one mounts. Nothing needs to be said of it.
func Mounted(app, inner *fiber.App, guard *captcha.Guard) {
	app.Mount("/inner", inner)
	guard.Register(inner)
}
