package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Proxy is an app that browsers find below /shop. A reverse proxy takes /shop off the path of each request.
func Proxy(app *fiber.App) *captcha.Guard {
	guard := captcha.New(captcha.Config{Prefix: "/shop"})
	guard.Register(app)
	app.Get("/", func(c *fiber.Ctx) error { return form(c, "contact", guard, nil) })
	return guard
}
