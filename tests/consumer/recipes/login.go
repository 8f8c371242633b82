package recipes

import (
	"errors"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/attempts"
	"github.com/gofiber/fiber/v2"
)

// Login asks for the captcha after three failures for an account, or twenty from a network.
func Login(app *fiber.App, guard *captcha.Guard, match func(c *fiber.Ctx) (bool, error)) {
	logins := attempts.New(attempts.Config{Guard: guard.For("login")})
	app.Post("/login", func(c *fiber.Ctx) error {
		switch needed, err := logins.Try(c, c.FormValue("name"), func() (bool, error) { return match(c) }); {
		case needed:
			return form(c, "login", guard.For("login"), err)
		case errors.Is(err, attempts.ErrFailed):
			return show(c.Status(fiber.StatusUnprocessableEntity), "login", fiber.Map{"Name": c.FormValue("name")})
		case err != nil:
			return err // the storage failed, or match did
		}
		return done(c)
	})
}
