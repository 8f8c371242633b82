package recipes

import (
	"net/netip"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/pressure"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/gofiber/fiber/v2"
)

// Pressed asks more of networks in which guesses fail, and never of the office. Whoever the app lets into /admin can
// see there how much pressure there is.
func Pressed(app *fiber.App, office netip.Prefix) *captcha.Guard {
	p := pressure.New(pressure.Config{Exempt: office.Contains})
	guard := captcha.New(captcha.Config{Pressure: p, Work: work.New()})
	guard.Register(app)
	app.Get("/admin/pressure", func(c *fiber.Ctx) error { return c.JSON(p.Status()) })
	app.Post("/", guard.Protect, done)
	return guard
}
