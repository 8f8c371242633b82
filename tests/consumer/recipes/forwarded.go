package recipes

import (
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/gofiber/fiber/v2"
)

// behind is the configuration of an app behind reverse proxies in 10.0.0.0/8. What a visitor writes into
// X-Forwarded-For does not count.
var behind = fiber.Config{
	ProxyHeader:             "X-Forwarded-For",
	EnableTrustedProxyCheck: true,
	TrustedProxies:          []string{"10.0.0.0/8"},
}

// Forwarded limits each visitor, and not the reverse proxy through which all of them come.
func Forwarded(guard *captcha.Guard) *fiber.App {
	app := fiber.New(behind)
	app.Use("/api/captcha", limit.New(limit.Config{Rate: limit.Rate{Count: 30, Per: time.Minute}}))
	guard.Register(app)
	app.Post("/", limit.New(limit.Config{Rate: limit.Rate{Count: 10, Per: time.Minute}}), guard.Protect, done)
	return app
}
