package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/siteverify"
	"github.com/gofiber/fiber/v2"
)

// Siteverify serves the pages of a shop, whose backend is not Go and verifies with its secret at /api/siteverify.
func Siteverify(app *fiber.App, guard *captcha.Guard, secret string) {
	siteverify.New(siteverify.Config{Guard: guard, Sites: []siteverify.Site{
		{Key: "shop", Secrets: []string{secret}, Origins: []string{"https://shop.example"}},
	}}).Register(app)
	guard.Register(app)
}
