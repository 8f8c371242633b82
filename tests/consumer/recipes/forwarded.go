package recipes

import (
	"net/netip"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/gofiber/fiber/v2"
)

// Forwarded limits each visitor, and not the reverse proxy through which all of them come: here one in 10.0.0.0/8. What
// a visitor writes into X-Forwarded-For does not count.
func Forwarded(app *fiber.App, guard *captcha.Guard) {
	client := limit.Behind(netip.MustParsePrefix("10.0.0.0/8"))
	perMinute := func(count int) fiber.Handler {
		return limit.New(limit.Config{Rate: limit.Rate{Count: count, Per: time.Minute}, Client: client})
	}
	app.Use("/api/captcha", perMinute(30))
	guard.Register(app)
	app.Post("/", perMinute(10), guard.Protect, done)
}
