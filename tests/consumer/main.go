// Guestbook is what somebody who never met the authors of captcha builds with it: one form, one JSON endpoint, in a
// module of its own.
package main

import (
	"errors"
	"html/template"
	"log"
	"os"
	"sync"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/gofiber/fiber/v2"
)

func main() {
	config := captcha.Config{}
	if secret := os.Getenv("CAPTCHA_SECRET"); secret != "" {
		config.Secrets = []string{secret}
	}
	log.Fatal(newApp(captcha.New(config)).Listen(os.Getenv("ADDR")))
}

func newApp(guard *captcha.Guard) *fiber.App {
	book := &guestbook{guard: guard}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/", book.show)
	app.Post("/", book.sign)
	guard.Register(app)
	app.Post("/api/entries", guard.Protect, book.add)
	return app
}

type guestbook struct {
	guard *captcha.Guard

	mu      sync.Mutex
	entries []string
}

var page = template.Must(template.New("guestbook").Parse(`<!doctype html>
<html lang="en">
<title>Guestbook</title>
<ul>{{range .Entries}}<li>{{.}}</li>{{end}}</ul>
<form method="post">
  <p><label>Your words <input name="words" value="{{.Words}}" required></label></p>
  {{.Captcha}}
  <button>Sign</button>
</form>
`))

func (b *guestbook) show(c *fiber.Ctx) error { return b.render(c, "", nil) }

func (b *guestbook) render(c *fiber.Ctx, words string, refused error) error {
	challenge, err := b.guard.Issue(c)
	if err != nil {
		return err
	}
	c.Type("html", "utf-8").Set(fiber.HeaderCacheControl, "no-store")
	return page.Execute(c, map[string]any{
		"Entries": b.list(), "Words": words, "Captcha": challenge.Field(captcha.FieldOptions{Error: refused}),
	})
}

func (b *guestbook) sign(c *fiber.Ctx) error {
	words := c.FormValue("words")
	switch err := b.guard.Check(c); {
	case errors.Is(err, captcha.ErrStorage):
		return b.render(c.Status(fiber.StatusServiceUnavailable), words, err)
	case err != nil:
		return b.render(c.Status(fiber.StatusUnprocessableEntity), words, err)
	}
	b.write(words)
	return c.Redirect("/", fiber.StatusSeeOther)
}

func (b *guestbook) add(c *fiber.Ctx) error {
	var entry struct {
		Words string `json:"words"`
	}
	if err := c.BodyParser(&entry); err != nil {
		return fiber.ErrBadRequest
	}
	b.write(entry.Words)
	return c.Status(fiber.StatusCreated).JSON(fiber.Map{"entries": len(b.list())})
}

func (b *guestbook) write(words string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = append(b.entries, string([]byte(words))) // Fiber lends it for the time of the request
}

func (b *guestbook) list() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.entries...)
}
