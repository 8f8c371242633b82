package field_test

import (
	"html/template"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/waiting"
)

func TestMain(m *testing.M) {
	waiting.SideBySide(8)
	os.Exit(m.Run())
}

// policy allows what the field needs and what a form is, and nothing more.
const policy = "default-src 'none'; img-src data:; style-src 'self'; script-src 'self'; media-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Forms</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css"></head>
<body><main><h1>Forms</h1>
{{range .}}<form id="{{.Name}}" method="post" action="/{{.Name}}">
<h2>Form {{.Name}}</h2>
<p><label>Note for {{.Name}} <input name="note" value="{{.Note}}"></label></p>
{{.Field}}
<p><button name="send">Send {{.Name}}</button>
<button name="send-unchecked" formnovalidate>Send {{.Name}} as it is</button></p>
</form>
{{end}}</main></body></html>`))

const pageStyle = `
:root { color-scheme: light dark; background: Canvas; color: CanvasText; font: 100%/1.5 sans-serif }
h2 { font-size: 1rem }
main input, main button { min-height: 2.75rem; max-width: 100%; font: inherit }`

// form is what the page shows of one form.
type form struct {
	Name, Note string
	Field      template.HTML
}

// site is an app with two forms on one page.
type site struct {
	guard    *captcha.Guard
	url      string
	refuse   atomic.Int32  // the status that a request for a challenge gets, instead of a challenge
	created  atomic.Int32  // requests for a challenge
	language atomic.Value  // of the last such request's challenge
	heard    chan struct{} // gets one when a sound is asked for
	accepted atomic.Int32  // forms with the right answer
	delay    time.Duration // between the verdict on a form and the reply
	wait     atomic.Int64  // nanoseconds until a request for a challenge is answered

	refusedNote string // a note that the form is refused for
	options     captcha.FieldOptions
	policy      string // Content-Security-Policy
	older       bool   // whether browsers don't know the newer parts of the style
}

// start serves a site until the test ends.
func start(t *testing.T, cfg captcha.Config) *site {
	t.Helper()
	cfg.Audio = audio.New()
	s := &site{guard: captcha.New(cfg), heard: make(chan struct{}, 1), policy: policy}
	app := fiber.New(fiber.Config{DisableStartupMessage: true, IdleTimeout: time.Second})
	app.Use(func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentSecurityPolicy, s.policy)
		return c.Next()
	})
	app.All("/api/captcha/", s.count, s.guard.Create)
	app.All("/api/captcha/field", s.count, s.guard.Field)
	app.Get("/api/captcha/:key/audio.wav", s.hear, s.guard.Audio)
	app.Get("/api/captcha/:key/work", s.guard.Work)
	app.Get("/api/captcha/assets/:file", s.assets)
	app.Get("/static", s.static)
	app.Static("/modules", "../node_modules")
	app.Static("/pages", "pages")
	app.Get("/react", func(c *fiber.Ctx) error {
		c.Type("html", "utf-8")
		return c.SendString(`<!doctype html><html lang="en"><title>Forms</title><link rel="icon" href="data:,">
<div id="root"></div>
<script type="module" src="/api/captcha/assets/field.js"></script>
<script type="module" src="/pages/react.js"></script></html>`)
	})
	app.Get("/page.css", func(c *fiber.Ctx) error { return c.Type("css").SendString(pageStyle) })
	app.Get("/", func(c *fiber.Ctx) error { return s.show(c, "", nil) })
	app.Get("/thanks/:form", s.thank)
	app.Post("/:form", s.submit)
	s.url = server.Inside(t, app)
	return s
}

func (s *site) count(c *fiber.Ctx) error {
	s.created.Add(1)
	s.language.Store(s.guard.Language(c))
	time.Sleep(time.Duration(s.wait.Load()))
	if status := int(s.refuse.Load()); status != 0 {
		c.Set(fiber.HeaderRetryAfter, "1")
		return c.SendStatus(status)
	}
	return c.Next()
}

func (s *site) hear(c *fiber.Ctx) error {
	select {
	case s.heard <- struct{}{}:
	default:
	}
	return c.Next()
}

func (s *site) submit(c *fiber.Ctx) error {
	if note := c.FormValue("note"); note != "" && note == s.refusedNote {
		return s.show(c.Status(fiber.StatusUnprocessableEntity), c.Params("form"), nil)
	}
	err := s.guard.Check(c)
	if err == nil {
		s.accepted.Add(1)
	}
	time.Sleep(s.delay)
	if err != nil {
		return s.show(c.Status(fiber.StatusUnprocessableEntity), c.Params("form"), err)
	}
	return c.Redirect("/thanks/"+c.Params("form"), fiber.StatusSeeOther)
}

func (s *site) thank(c *fiber.Ctx) error {
	c.Type("html", "utf-8")
	return c.SendString(`<!doctype html><html lang="en"><title>Thanks</title><link rel="icon" href="data:,">` +
		`<h1>Thanks for ` + c.Params("form") + `</h1>`)
}

// newer are the parts of the style that need newer browsers than the script's head names.
var newer = strings.NewReplacer("color-mix(", "unknown-mix(", ":where(", ":unknown(", ":focus-visible", ":unknown",
	"inline-start", "unknown-start", "gap:", "unknown-gap:", "forced-color-adjust", "unknown-adjust",
	"inline-grid", "unknown-grid")

func (s *site) assets(c *fiber.Ctx) error {
	if s.older {
		c.Request().Header.Del(fiber.HeaderAcceptEncoding)
	}
	err := s.guard.Assets(c)
	if s.older && c.Params("file") == "field.css" {
		c.Response().SetBodyString(newer.Replace(string(c.Response().Body())))
	}
	return err
}

// static is a page that nobody renders: its field builds itself.
func (s *site) static(c *fiber.Ctx) error {
	c.Type("html", "utf-8")
	return c.SendString(`<!doctype html><html lang="` + c.Query("language", "en") + `">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Forms</title>
<link rel="icon" href="data:,">
<script type="module" src="/api/captcha/assets/field.js"></script></head>
<body><main><h1>Forms</h1><form id="one" method="post" action="/one">
<p><label>Note <input name="note"></label></p>
<captcha-field data-api="/api/captcha/" data-input-class="wide"><p>The captcha needs JavaScript.</p></captcha-field>
<p><button name="send">Send</button></p></form></main></body></html>`)
}

func (s *site) issue(c *fiber.Ctx, again bool) (*captcha.Challenge, error) {
	if again {
		return s.guard.Issue(c)
	}
	visitor := s.guard.Visitor(c)
	visitor.Language = c.Query("language", visitor.Language)
	return s.guard.IssueTo(c.UserContext(), visitor)
}

// show renders the page. The form that was refused has what was typed, and why it was refused.
func (s *site) show(c *fiber.Ctx, refused string, problem error) error {
	var forms []form
	for _, name := range []string{"one", "two"} {
		challenge, err := s.issue(c, name == refused)
		if err != nil {
			return err
		}
		f, options := form{Name: name}, s.options
		if name == refused {
			f.Note = c.FormValue("note")
			options.Error = problem
		}
		f.Field = challenge.Field(options)
		forms = append(forms, f)
		if challenge.Refreshed {
			c.Status(fiber.StatusOK)
		}
	}
	c.Type("html", "utf-8").Set(fiber.HeaderCacheControl, "no-store")
	if c.Query("cached") != "" {
		c.Set(fiber.HeaderCacheControl, "max-age=600")
	}
	return page.Execute(c, forms)
}
