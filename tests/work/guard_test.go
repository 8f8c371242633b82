package work_test

import (
	"encoding/json"
	"html/template"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
	kit "github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// guarded is a Fiber app with a guard and a page on which ALTCHA's published widget stands in a form.
type guarded struct {
	url   string
	guard *captcha.Guard
	key   atomic.Value // of the widget's last challenge
	late  atomic.Int64 // how far the server's clock is ahead
}

// guardedPage is the form. It comes back with what was typed until there is a name in it.
var guardedPage = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en">
<title>A form</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/dist/external/altcha.css">
<script type="module" src="/dist/external/altcha.js"></script>
<script type="module" src="/altcha-page.js"></script>
<form method="post" action="/form">
  <p id="problem">{{.}}</p>
  <input id="name" name="name" aria-label="Name">
  <altcha-widget challenge="/api/captcha/altcha"></altcha-widget>
  <button>Send</button>
</form>`))

func serveGuarded(t *testing.T, cfg captcha.Config) *guarded {
	needWidget(t)
	g := &guarded{}
	cfg.Work = work.New(work.Config{Range: 100})
	cfg.Receipts = time.Minute
	cfg.Audio = audio.New()
	cfg.Now = func() time.Time { return time.Now().Add(time.Duration(g.late.Load())) }
	g.guard = captcha.New(cfg)
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Use(func(c *fiber.Ctx) error {
		c.Set("Content-Security-Policy", policy)
		return c.Next()
	})
	app.Get("/api/captcha/altcha", func(c *fiber.Ctx) error {
		err := c.Next()
		var sent struct{ Parameters work.Challenge }
		if json.Unmarshal(c.Response().Body(), &sent) == nil {
			g.key.Store(sent.Parameters.Data["key"])
		}
		return err
	})
	g.guard.Register(app)
	show := func(c *fiber.Ctx, problem string) error {
		c.Type("html", "utf-8")
		return guardedPage.Execute(c, problem)
	}
	app.Get("/", func(c *fiber.Ctx) error { return show(c, "") })
	app.Post("/form", func(c *fiber.Ctx) error {
		submission, err := g.guard.Read(c)
		if err == nil && strings.TrimSpace(c.FormValue("name")) == "" {
			return show(c.Status(fiber.StatusUnprocessableEntity), "Enter a name")
		}
		if err == nil {
			err = g.guard.Verify(c.UserContext(), submission)
		}
		if err != nil {
			return show(c.Status(fiber.StatusUnprocessableEntity), err.Error())
		}
		return c.SendString("let in")
	})
	app.Static("/altcha-page.js", "page/altcha-page.js")
	app.Static("/dist", "../node_modules/altcha/dist")
	g.url = kit.Inside(t, app)
	return g
}

// visit opens the form and gives it a name.
func (g *guarded) visit(p *browser.Page, name string) {
	p.Visit(g.url)
	p.Await(`document.querySelector("` + box + `")`)
	if name != "" {
		p.Type("#name", name)
	}
}

// sent sends the form and returns what the next page says.
func sent(p *browser.Page) string {
	const text = `(document.querySelector("#problem") ?? document.body).textContent`
	p.Submit("altcha-widget ~ button")
	p.Await("document.body && " + text) // a page that has come may still be empty
	return browser.Value[string](p, text)
}

// post sends the widget's field by script, as a program does that has it.
func post(p *browser.Page, payload string) int {
	return browser.Value[int](p, `fetch("/form", {method: "POST", body: new URLSearchParams({name: "x", altcha: "`+payload+`"})}).then(r => r.status)`)
}

const unknownKey = "Invalid or expired captcha key"

// The published widget meets a guard's demand by work, once. What it sent is refused the second time, and if it is
// altered. If the form comes back because of another field, the widget works again.
func TestWidgetAgainstAGuard(t *testing.T) {
	t.Parallel()
	needWidget(t)
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		g := serveGuarded(t, captcha.Config{})
		g.visit(p, "")
		p.Click(box)
		p.Await(field)
		if got := sent(p); got != "Enter a name" {
			t.Errorf("without a name: %s", got)
		}
		p.Problems() // a browser notes the refusal
		p.Await(`document.querySelector("` + box + `")`)
		p.Type("#name", "Ada")
		p.Click(box)
		p.Await(field)
		payload := browser.Value[string](p, field)
		p.WantNoProblems()

		altered := browser.Value[[]string](p, `(() => {
			const whole = JSON.parse(atob("`+payload+`"));
			const {challenge: {parameters}} = whole, all = [];
			for (const name in parameters) {
				const copy = structuredClone(whole);
				copy.challenge.parameters[name] = typeof parameters[name] === "number" ? parameters[name] + 1 : "00";
				if (name === "data") copy.challenge.parameters.data = {...parameters.data, more: "x"};
				all.push(btoa(JSON.stringify(copy)));
			}
			whole.challenge.signature = "00";
			all.push(btoa(JSON.stringify(whole)));
			return all;
		})()`)
		if len(altered) < 9 {
			t.Errorf("only %d alterations", len(altered))
		}
		for _, other := range altered {
			if status := post(p, other); status != 422 {
				t.Errorf("altered: %d for %s", status, other)
			}
		}
		p.Problems()
		if got := sent(p); got != "let in" {
			t.Errorf("what the widget submits: %s", got)
		}
		if status := post(p, payload); status != 422 {
			t.Errorf("again: %d", status)
		}
	})
}

// The unmodified widget shows our picture and sound, and brings the receipt for them; wrong letters make it start
// again.
func TestWidgetShowsAGuardsLetters(t *testing.T) {
	t.Parallel()
	needWidget(t)
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		g := serveGuarded(t, captcha.Config{Demand: func(*fiber.Ctx, string) captcha.Demand { return captcha.LettersAndWork }})
		g.visit(p, "Ada")
		for _, row := range []struct {
			right bool
			state string
		}{{false, "error"}, {true, "verified"}} {
			p.Click(box)
			p.Await(`document.querySelector("` + code + `")`)
			p.Await(`document.querySelector(".altcha-code-challenge-image").naturalWidth > 0`)
			if !strings.HasSuffix(t.Name(), "webkit") { // WebKitGTK does not play every WAV file
				p.Click(".altcha-code-challenge-row button")
				p.Await(`document.querySelector(".altcha-code-challenge audio")?.currentTime > 0`)
			}
			typed := "XXXX"
			if row.right {
				typed = captchatest.Solve(t, g.guard, g.key.Load().(string))
			}
			p.Type(code, typed)
			p.Click(".altcha-code-challenge button[type=submit]")
			p.Await(`document.querySelector("altcha-widget").getState() === "` + row.state + `"`)
		}
		p.WantNoProblems()
		receipt := browser.Value[string](p, field)
		if got := sent(p); got != "let in" {
			t.Errorf("what the widget submits after letters: %s", got)
		}
		if status := post(p, receipt); status != 422 {
			t.Errorf("the receipt again: %d", status)
		}
	})
}

// A challenge that expires while the form is open is refused like one that never existed. The widget works again.
func TestWidgetTooLate(t *testing.T) {
	t.Parallel()
	needWidget(t)
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		g := serveGuarded(t, captcha.Config{})
		g.visit(p, "Ada")
		p.Click(box)
		p.Await(field)
		g.late.Store(int64(5 * time.Minute))
		if got := sent(p); got != unknownKey {
			t.Errorf("too late: %s", got)
		}
		p.Await(`document.querySelector("` + box + `")`)
		p.Type("#name", "Ada")
		p.Click(box)
		p.Await(field)
		if got := sent(p); got != "let in" {
			t.Errorf("the next one: %s", got)
		}
	})
}
