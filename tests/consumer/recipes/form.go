package recipes

import (
	"errors"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// form shows one of the app's pages with the captcha's field in it, and why the last submission was refused. If it was
// refused because of another field, Issue returns the same challenge, with the letters that were typed. If the visitor
// asked for new characters without script, Refreshed is set, and nothing was wrong.
func form(c *fiber.Ctx, page string, guard *captcha.Guard, refused error) error {
	challenge, err := guard.Issue(c)
	switch {
	case err != nil:
		return err
	case errors.Is(refused, captcha.ErrStorage):
		c.Status(fiber.StatusServiceUnavailable)
	case refused != nil && !challenge.Refreshed:
		c.Status(fiber.StatusUnprocessableEntity)
	}
	field := challenge.Field(captcha.FieldOptions{Error: refused})
	return show(c, page, fiber.Map{"Name": c.FormValue("name"), "Captcha": field})
}
