// Package browser_test uses the recipes with a script as visitors do. It is a module of its own, so that the module of
// tests/consumer does not need what drives a browser.
package browser_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"example.com/guestbook/recipes"
	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

const modules = "../../node_modules"

// newApp is an app with a page around a recipe, and the scripts that it loads.
func newApp(t *testing.T, page string) *fiber.App {
	t.Helper()
	if _, err := os.Stat(modules + "/htmx.org"); err != nil {
		const lacking = "this needs npm ci --prefix tests"
		if os.Getenv("REQUIRE_BROWSER") == "1" {
			t.Fatal(lacking)
		}
		t.Skip(lacking)
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true, IdleTimeout: time.Second})
	app.Static("/modules", modules)
	app.Static("/recipe", "../recipes/pages")
	app.Static("/pages", "pages")
	app.Static("/checked.js", "../recipes/pages/checked.js")
	if page != "" {
		app.Static("/", "pages", fiber.Static{Index: page})
	}
	return app
}

const (
	// The field's script has run, and its style has come, after which nothing moves.
	ready  = `document.querySelector(".captcha-refresh:not([hidden])") && document.querySelector("captcha-field link").sheet`
	key    = `document.querySelector("[name=captcha_key]")?.value`
	status = `document.querySelector(".captcha-status")?.textContent`
)

// wantOnlyRefusals fails the test for what went wrong in the page, except for refusals on purpose.
func wantOnlyRefusals(t *testing.T, p *browser.Page, status string) {
	t.Helper()
	for _, problem := range p.Problems() {
		if !strings.Contains(problem, status) {
			t.Error(problem)
		}
	}
}

// A field that a script inserts works like one that came with its page.
func TestFragments(t *testing.T) {
	for _, row := range []struct{ page, fragment string }{
		{"htmx.html", "htmx"}, {"frame.html", "turbo"}, {"drive.html", "contact"},
	} {
		t.Run(row.page, func(t *testing.T) {
			app, guard := newApp(t, row.page), captcha.New()
			recipes.Fragments(app, guard, row.fragment)
			p := browser.Open(t)
			p.Visit(server.Inside(t, app))
			p.Click("#open")
			refreshed := func() {
				t.Helper()
				p.Await(ready)
				before := browser.Value[string](p, key)
				p.Click(".captcha-refresh")
				p.Await(status + ` === "New characters are ready."`)
				if browser.Value[string](p, key) == before {
					t.Error("the challenge stayed")
				}
			}
			refreshed()
			p.Type("[name=name]", "Ada")
			p.Type("[name=captcha_value]", "no")
			p.Click("[name=send]")
			p.Await(`document.querySelector(".captcha-error")`)
			if name := browser.Value[string](p, `document.querySelector("[name=name]").value`); name != "Ada" {
				t.Errorf("of what was typed %q came back", name)
			}
			refreshed()
			wantOnlyRefusals(t, p, "422")
			used := browser.Value[string](p, key)
			p.Type("[name=captcha_value]", captchatest.Solve(t, guard, used))
			p.Click("[name=send]")
			p.Await(`document.querySelector("#done")`)
			if left := browser.Value[int](p, `document.querySelectorAll("captcha-field").length`); left != 0 {
				t.Errorf("%d fields are left", left)
			}
			p.WantNoProblems()
			if row.page == "drive.html" { // whose pages are in the browser's history, and kept by Turbo
				browser.Value[bool](p, `history.back() === undefined`)
				p.Await(key + ` && ` + key + ` !== "` + used + `"`)
			}
		})
	}
}

func TestReact(t *testing.T) {
	app, guard := newApp(t, "react.html"), captcha.New()
	recipes.Fetch(app, guard)
	p := browser.Open(t)
	p.Visit(server.Inside(t, app))
	const key, picture = `document.querySelector("form").dataset.key`, `document.querySelector("img")?.naturalWidth > 0`
	p.Await(picture)
	p.WantNoProblems()
	first := browser.Value[string](p, key)
	p.Type("[name=captcha_value]", "no")
	p.Click("[name=send]")
	p.Await(`document.querySelector("[role=alert]").textContent === "Invalid captcha value" && ` + key + ` !== "` + first + `"`)
	wantOnlyRefusals(t, p, "400")
	p.Await(picture)
	p.Type("[name=captcha_value]", captchatest.Solve(t, guard, browser.Value[string](p, key)))
	p.Click("[name=send]")
	p.Await(`document.querySelector("#done")`)
	p.WantNoProblems()
}

// A mistake is shown without a new page, and a form that was checked is sent once.
func TestChecked(t *testing.T) {
	app, guard := newApp(t, ""), captcha.New(captcha.Config{Receipts: time.Minute})
	recipes.Checked(app, guard)
	p := browser.Open(t)
	p.Visit(server.Inside(t, app))
	p.Await(ready)
	p.Type("[name=captcha_value]", "no")
	first := browser.Value[string](p, key)
	p.Click("[name=send]")
	p.Await(`document.querySelector("[role=alert]").textContent !== "" && ` + key + ` !== "` + first + `"`)
	wantOnlyRefusals(t, p, "400")
	p.Type("[name=captcha_value]", captchatest.Solve(t, guard, browser.Value[string](p, key)))
	p.Submit("[name=send]")
	p.Await(`document.querySelector("h1")?.textContent === "Thank you."`)
	p.WantNoProblems()

	// Without script the form is sent as it is.
	p.Scripts(false)
	p.Visit(browser.Value[string](p, `location.origin`))
	p.Type("[name=captcha_value]", captchatest.Solve(t, guard, browser.Value[string](p, key)))
	p.Submit("[name=send]")
	p.Await(`document.querySelector("#done")`)
}
