package handlers

import (
	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// Demand is what the site's forms ask for, for captcha.Config. Who writes a message has to be a reader, and the home
// page shows letters to be tried. For an account, and to log in after failures, the browser may work instead; so may a
// client of the API, which names no purpose.
func Demand(_ *fiber.Ctx, purpose string) captcha.Demand {
	switch purpose {
	case "home", "contact":
		return captcha.LettersOnly
	default:
		return captcha.LettersOrWork
	}
}
