package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// form shows a page of the app's with the captcha's field in it, and why the last submission was refused. Where that was
// for the sake of another field, Issue returns the same challenge, with the letters that were typed.
func form(c *fiber.Ctx, page string, guard *captcha.Guard, refused error) error {
	challenge, err := guard.Issue(c)
	if err != nil {
		return err
	}
	return show(c, page, fiber.Map{
		"Name":    c.FormValue("name"),
		"Captcha": challenge.Field(captcha.FieldOptions{Error: refused}),
	})
}
