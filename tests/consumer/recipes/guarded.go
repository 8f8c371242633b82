package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// guarded is Protect for people: if the captcha is refused, it shows the page with the form again, not JSON.
func guarded(page string, guard *captcha.Guard, next fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := guard.Check(c); err != nil {
			return form(c, page, guard, err)
		}
		return next(c)
	}
}
