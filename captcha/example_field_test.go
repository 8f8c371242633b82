package captcha_test

import (
	"errors"
	"fmt"
	"html/template"
	"net/http/httptest"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
)

var page = template.Must(template.New("page").Parse(
	`<!doctype html><title>Contact</title><form method="post">{{.}}<button>Send</button></form>`))

// A form that the server renders: shown with a challenge, and shown again with another and the reason if it is refused.
func ExampleChallenge_Field() {
	guard := captcha.New(captcha.Config{Audio: audio.New()})

	show := func(c *fiber.Ctx, refused error) error {
		challenge, err := guard.Issue(c)
		if err != nil {
			return err
		}
		c.Type("html").Set(fiber.HeaderCacheControl, "no-store")
		return page.Execute(c, challenge.Field(captcha.FieldOptions{Error: refused}))
	}

	app := fiber.New()
	guard.Register(app)
	app.Get("/contact", func(c *fiber.Ctx) error { return show(c, nil) })
	app.Post("/contact", func(c *fiber.Ctx) error {
		switch err := guard.Check(c); {
		case errors.Is(err, captcha.ErrStorage):
			return show(c.Status(fiber.StatusServiceUnavailable), err)
		case err != nil:
			return show(c.Status(fiber.StatusUnprocessableEntity), err)
		}
		return c.Redirect("/thanks", fiber.StatusSeeOther)
	})
	shown := do(app, httptest.NewRequest("GET", "/contact", nil))
	fmt.Println(shown.status, strings.Contains(shown.body, "<audio "))
	// Output: 200 true
}
