// Package recipes shows how a guard works with the other parts of a Fiber app. Each recipe is a file, is compiled and
// run by the tests, and is shorter than fifteen lines. This file has the parts of an app that a recipe needs and that
// have nothing to do with a captcha, such as its pages.
package recipes

import (
	"embed"
	"html/template"

	"github.com/gofiber/fiber/v2"
)

//go:embed pages
var files embed.FS

var pages = template.Must(template.ParseFS(files, "pages/*.html"))

// show answers with a page. The page is for one visitor only.
func show(c *fiber.Ctx, page string, values fiber.Map) error {
	c.Type("html", "utf-8").Set(fiber.HeaderCacheControl, "no-store")
	return pages.ExecuteTemplate(c, page+".html", values)
}

// done is what an app does behind a captcha.
func done(c *fiber.Ctx) error { return show(c.Status(fiber.StatusCreated), "done", nil) }
