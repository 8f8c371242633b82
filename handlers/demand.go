package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// Demand is what the site's forms ask for, for captcha.Config. To write a message, or on the home page, a visitor has
// to type letters. To sign up, or to log in after failures, the browser may work instead, as may a client of the API.
func Demand(_ *fiber.Ctx, purpose string) captcha.Demand {
	switch purpose {
	case "home", "contact":
		return captcha.LettersOnly
	default:
		return captcha.LettersOrWork
	}
}
