package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/attempts"
	"github.com/gofiber/fiber/v2"
)

// Login asks for the captcha after three failures for an account, or twenty from a network.
func Login(app *fiber.App, guard *captcha.Guard, match func(name, password string) (bool, error)) {
	logins := attempts.New(attempts.Config{Guard: guard.For("login")})
	app.Post("/login", func(c *fiber.Ctx) error {
		name, password := c.FormValue("name"), c.FormValue("password")
		needed, err := logins.Try(c, name, func() (bool, error) { return match(name, password) })
		switch {
		case err == nil:
			return done(c)
		case needed:
			return form(c.Status(fiber.StatusUnprocessableEntity), "login", guard.For("login"), err)
		}
		return show(c.Status(fiber.StatusUnprocessableEntity), "login", fiber.Map{"Name": name})
	})
}
