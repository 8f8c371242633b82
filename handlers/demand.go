package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// Demand is what the site's forms ask for, for captcha.Config. To write a message, a visitor has to type letters, and
// on the home page the letters are there to be tried. To sign up, or to log in after failures, the browser may work
// instead. So may a client of the API, which names no purpose.
func Demand(_ *fiber.Ctx, purpose string) captcha.Demand {
	switch purpose {
	case "home", "contact":
		return captcha.LettersOnly
	default:
		return captcha.LettersOrWork
	}
}
