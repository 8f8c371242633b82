package recipes

import (
	"errors"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/session"
)

// Binding ties each challenge to the session that it was shown to. In another session its answer is worth nothing.
func Binding(app *fiber.App, sessions *session.Store) *captcha.Guard {
	app.Use(func(c *fiber.Ctx) error {
		visit, err := sessions.Get(c)
		if err != nil {
			return err
		}
		c.Locals("visitor", visit.ID())
		return errors.Join(visit.Save(), c.Next()) // saved even if it is empty, so that the next request has it
	})
	guard := captcha.New(captcha.Config{Binding: func(c *fiber.Ctx) string { return c.Locals("visitor").(string) }})
	guard.Register(app)
	return guard
}
