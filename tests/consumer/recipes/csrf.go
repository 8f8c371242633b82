package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/csrf"
	"github.com/gofiber/fiber/v2/middleware/session"
)

// CSRF is a form behind the middleware csrf and session. The guard's own routes come before the middleware: they change
// nothing of a visitor's, and the field's button has no token to send.
func CSRF(app *fiber.App, guard *captcha.Guard) {
	guard.Register(app)
	app.Use(csrf.New(csrf.Config{Session: session.New(), KeyLookup: "form:csrf", ContextKey: "csrf"}))
	app.Get("/", func(c *fiber.Ctx) error {
		challenge, err := guard.Issue(c)
		if err != nil {
			return err
		}
		return show(c, "csrf", fiber.Map{"CSRF": c.Locals("csrf"), "Captcha": challenge.Field()})
	})
	app.Post("/", guard.Protect, done)
}
