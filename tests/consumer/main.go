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
	app.All("/api/captcha/", guard.Create)
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
  {{with .Complaint}}<p role="alert">{{.}}</p>{{end}}
  <p><label>Your words <input name="words" value="{{.Words}}" required></label></p>
  <p><img src="{{.Challenge.DataURI}}" width="90" height="40" alt="Letters to copy"></p>
  <p><label>Letters in the picture <input name="captcha_value" autocomplete="off" required></label></p>
  <input type="hidden" name="captcha_key" value="{{.Challenge.Key}}">
  <button>Sign</button>
</form>
`))

func (b *guestbook) show(c *fiber.Ctx) error { return b.render(c, "", "") }

func (b *guestbook) render(c *fiber.Ctx, words, complaint string) error {
	challenge, err := b.guard.Generate(c.UserContext())
	if err != nil {
		return err
	}
	c.Type("html", "utf-8").Set(fiber.HeaderCacheControl, "no-store")
	return page.Execute(c, map[string]any{
		"Entries": b.list(), "Challenge": challenge, "Words": words, "Complaint": complaint,
	})
}

func (b *guestbook) sign(c *fiber.Ctx) error {
	words := c.FormValue("words")
	switch err := b.guard.Check(c); {
	case errors.Is(err, captcha.ErrStorage):
		return fiber.ErrServiceUnavailable
	case err != nil:
		return b.render(c.Status(fiber.StatusUnprocessableEntity), words, "Those were not the letters. Here are new ones.")
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
