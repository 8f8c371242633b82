package recipes

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

// Fragments is a form that htmx or Turbo puts into a page and replaces with the reply. The field works wherever it is
// inserted, and brings its own script. Both show a reply with the status 422; htmx before version 4 has to be told to.
func Fragments(app *fiber.App, guard *captcha.Guard, fragment string) {
	guard.Register(app)
	app.Get("/form", func(c *fiber.Ctx) error { return form(c, fragment, guard, nil) })
	app.Post("/form", guarded(fragment, guard, func(c *fiber.Ctx) error {
		return c.Redirect("/thanks", fiber.StatusSeeOther)
	}))
	app.Get("/thanks", func(c *fiber.Ctx) error { return show(c, "thanks", nil) })
}
