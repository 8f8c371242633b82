// Package recipes shows how a guard gets on with what else there is in a Fiber app: one file a recipe, each compiled, run by
// the tests, and shorter than fifteen lines. What a recipe needs of an app that has nothing to do with a captcha, such as
// its pages and what it says in the end, is in this file.
package recipes

import (
	"embed"
	"html/template"

	"github.com/gofiber/fiber/v2"
)

//go:embed pages
var files embed.FS

var pages = template.Must(template.ParseFS(files, "pages/*.html"))

// show answers with a page. It is one visitor's.
func show(c *fiber.Ctx, page string, values fiber.Map) error {
	c.Type("html", "utf-8").Set(fiber.HeaderCacheControl, "no-store")
	return pages.ExecuteTemplate(c, page+".html", values)
}

// done is what an app does behind a captcha.
func done(c *fiber.Ctx) error { return show(c.Status(fiber.StatusCreated), "done", nil) }
