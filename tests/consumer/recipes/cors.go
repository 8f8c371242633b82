package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/cors"
)

// CORS serves a front end on another origin.
func CORS(app *fiber.App, guard *captcha.Guard) {
	app.Use("/api", cors.New(cors.Config{AllowOrigins: "https://front.example"}))
	app.All("/api/captcha/", guard.Create)
	app.Post("/api/contact", guard.Protect, done)
}
