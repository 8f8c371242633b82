package limit_test

import (
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
)

// Challenges and submissions are limited apart: each route that costs something has a limit of its own.
func ExampleNew() {
	guard, app := captcha.New(), fiber.New()
	app.Post("/api/captcha", limit.New(limit.Config{Rate: limit.Rate{Count: 2, Per: time.Minute}}), guard.Create)
	app.Post("/sign", limit.New(), guard.Protect, func(c *fiber.Ctx) error { return c.SendString("Thank you.") })

	for range 3 {
		response, err := app.Test(httptest.NewRequest("POST", "/api/captcha", nil))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d %q\n", response.StatusCode, response.Header.Get("Retry-After"))
	}
	// Output:
	// 200 ""
	// 200 ""
	// 429 "30"
}
