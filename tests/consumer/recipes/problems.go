package recipes

import (
	"errors"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Problems answers refusals by Protect and by the guard's own routes in the app's own JSON, here that of RFC 9457.
func Problems(app *fiber.App, storage fiber.Storage) *captcha.Guard {
	handler := func(c *fiber.Ctx, err error) error {
		problem := fiber.ErrInternalServerError
		errors.As(err, &problem)
		return c.Status(problem.Code).JSON(fiber.Map{"status": problem.Code, "title": problem.Message}, "application/problem+json")
	}
	guard := captcha.New(captcha.Config{Storage: storage, Stored: true, ErrorHandler: handler})
	guard.Register(app)
	app.Post("/", guard.Protect, done)
	return guard
}
