// Bare is an app on Fiber v3 without a captcha, to compare the size of a binary with.
package main

import (
	"html/template"
	"log"
	"os"

	"github.com/gofiber/fiber/v3"
)

var page = template.Must(template.New("page").Parse("<!doctype html><title>Guestbook</title>{{.}}\n"))

func main() {
	app := fiber.New()
	app.Get("/", func(c fiber.Ctx) error { return page.Execute(c, "Hello") })
	app.Post("/", func(c fiber.Ctx) error { return c.Redirect().Status(fiber.StatusSeeOther).To(c.FormValue("to")) })
	log.Fatal(app.Listen(os.Getenv("ADDR")))
}
