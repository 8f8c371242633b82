// Guestbook is a form with a captcha in an app on Fiber v3, in a module of its own.
package main

import (
	"errors"
	"html/template"
	"log"
	"os"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/fiberv3"
	"github.com/gofiber/fiber/v3"
)

var page = template.Must(template.New("guestbook").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8"><title>Guestbook</title><link rel="icon" href="data:,">
<h1>Guestbook</h1>
<form method="post">
  <p><label>Your words <input name="words" value="{{.Words}}" required></label></p>
  {{.Captcha}}
  <p><button name="sign">Sign</button></p>
</form>
`))

func main() {
	log.Fatal(newApp(fiberv3.New()).Listen(os.Getenv("ADDR")))
}

func newApp(guard *fiberv3.Guard) *fiber.App {
	show := func(c fiber.Ctx, refused error) error {
		challenge, err := guard.Issue(c)
		if err != nil {
			return err
		}
		c.Type("html", "utf-8").Set(fiber.HeaderCacheControl, "no-store")
		return page.Execute(c, fiber.Map{
			"Words": c.FormValue("words"), "Captcha": challenge.Field(captcha.FieldOptions{Error: refused}),
		})
	}
	app := fiber.New()
	guard.Register(app)
	app.Get("/", func(c fiber.Ctx) error { return show(c, nil) })
	app.Post("/", func(c fiber.Ctx) error {
		switch err := guard.Check(c); {
		case errors.Is(err, captcha.ErrStorage):
			return err
		case err != nil:
			return show(c.Status(fiber.StatusUnprocessableEntity), err)
		}
		return c.Redirect().Status(fiber.StatusSeeOther).To("/thanks")
	})
	app.Get("/thanks", func(c fiber.Ctx) error {
		return c.Type("html", "utf-8").SendString(`<!doctype html><html lang="en"><title>Thanks</title><link rel="icon" href="data:,"><h1>Thanks</h1>`)
	})
	return app
}
