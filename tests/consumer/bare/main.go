// Bare is a Fiber app without a captcha, to compare the size of a binary with.
package main

import (
	"html/template"
	"log"
	"os"

	"github.com/gofiber/fiber/v2"
)

var page = template.Must(template.New("page").Parse("<!doctype html><title>Guestbook</title>{{.}}\n"))

func main() {
	app := fiber.New()
	app.Get("/", func(c *fiber.Ctx) error { return page.Execute(c, "Hello") })
	app.Post("/", func(c *fiber.Ctx) error { return c.JSON(fiber.Map{"words": c.FormValue("words")}) })
	log.Fatal(app.Listen(os.Getenv("ADDR")))
}
