package field_test

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/net/html"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// joinPage is a form in which a browser and a password manager have everything to fill in. The captcha stands where
// it is worst: its fields are the last before the password.
var joinPage = template.Must(template.New("join").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Join</title>
<link rel="icon" href="data:,"></head><body><main><h1>Join</h1>
<form id="one" method="post" action="/join">
<p><label>Name <input name="name" autocomplete="name"></label></p>
<p><label>Email <input name="email" type="email" autocomplete="email"></label></p>
<p><label>Telephone <input name="phone" type="tel" autocomplete="tel"></label></p>
<p><label>Street <input name="street" autocomplete="street-address"></label></p>
<p><label>City <input name="city" autocomplete="address-level2"></label></p>
<p><label>Postcode <input name="postcode" autocomplete="postal-code"></label></p>
<p><label>Website <input name="website"></label></p>
{{.Field}}
<p><label>Password <input name="password" type="password"></label></p>
<p><button name="send">Join</button></p></form></main></body></html>`))

// club is an app with that form, with a trap and a pause.
type club struct {
	guard   *captcha.Guard
	url     string
	thought atomic.Int64 // how far the server's clock is ahead: the time that a visitor takes
	reasons chan captcha.Reason
	policy  string
}

func startClub(t *testing.T, cfg captcha.Config) *club {
	t.Helper()
	c := &club{reasons: make(chan captcha.Reason, 100), policy: policy}
	cfg.Trap, cfg.Pause = "subject", 3*time.Second
	cfg.Now = func() time.Time { return time.Now().Add(time.Duration(c.thought.Load())) }
	cfg.Observe = c.observe
	c.guard = captcha.New(cfg)
	app := fiber.New(fiber.Config{DisableStartupMessage: true, IdleTimeout: time.Second})
	app.Use(func(r *fiber.Ctx) error {
		r.Set(fiber.HeaderContentSecurityPolicy, c.policy)
		return r.Next()
	})
	c.guard.Register(app)
	app.Get("/", func(r *fiber.Ctx) error { return c.show(r, nil) })
	app.Get("/static", func(r *fiber.Ctx) error {
		r.Type("html", "utf-8")
		return r.SendString(`<!doctype html><html lang="en"><title>Join</title><link rel="icon" href="data:,">
<script type="module" src="/api/captcha/assets/field.js"></script><form id="one" method="post" action="/join"><p><label>Name <input name="name"></label></p>
<captcha-field data-api="/api/captcha/"></captcha-field><p><button name="send">Join</button></p></form></html>`)
	})
	app.Post("/join", func(r *fiber.Ctx) error {
		if err := c.guard.Check(r); err != nil {
			return c.show(r.Status(fiber.StatusUnprocessableEntity), err)
		}
		r.Type("html", "utf-8")
		return r.SendString(`<!doctype html><html lang="en"><title>Welcome</title><link rel="icon" href="data:,"><h1>Welcome</h1></html>`)
	})
	c.url = server.Inside(t, app)
	return c
}

func (c *club) show(r *fiber.Ctx, problem error) error {
	challenge, err := c.guard.Issue(r)
	if err != nil {
		return err
	}
	r.Type("html", "utf-8").Set(fiber.HeaderCacheControl, "no-store")
	return joinPage.Execute(r, map[string]any{"Field": challenge.Field(captcha.FieldOptions{Error: problem})})
}

// think lets the server's clock go on as if a person had read and typed for five seconds.
func (c *club) think() { c.thought.Add(int64(5 * time.Second)) }

// join types the letters of the form that p shows, sends it, and wants to be let in.
func (c *club) join(t *testing.T, p *browser.Page) {
	t.Helper()
	p.Await(`!document.querySelector("#one captcha-field").replacing`) // which would wipe what is typed
	c.think()
	p.Type("#one [name=captcha_value]", captchatest.Solve(t, c.guard, keyOf(p)))
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Welcome")
	if got := c.last(t); got != captcha.OK {
		t.Errorf("the event says %s", got)
	}
	p.WantNoProblems()
}

func keyOf(p *browser.Page) string {
	return browser.Value[string](p, `document.querySelector("[name=captcha_key]").value`)
}

// last returns the reason of the one submission since the last call.
func (c *club) last(t *testing.T) captcha.Reason {
	t.Helper()
	select {
	case reason := <-c.reasons:
		return reason
	default:
		t.Fatal("nothing was judged")
		return ""
	}
}

// wantTrap fails the test unless the trap is there, empty, out of sight and out of reach.
func wantTrap(t *testing.T, p *browser.Page) {
	t.Helper()
	type trap struct {
		Value                string
		Seen, Focused, Named bool
	}
	got := browser.Value[trap](p, `((trap) => {
		const {width, height} = trap.parentNode.parentNode.getBoundingClientRect(), had = document.activeElement;
		trap.focus();
		const focused = document.activeElement === trap;
		had.focus();
		return {Value: trap.value, Seen: width > 1 || height > 1, Focused: focused, Named: Boolean(trap.id)};
	})(document.querySelector("[name=subject]"))`)
	if got != (trap{}) {
		t.Errorf("the trap: %+v", got)
	}
}

// People in every browser: with the keyboard, and on a page that was left, gone back to and restored.
func TestEveryBrowserLetsPeopleByTheTrap(t *testing.T) {
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		c := startClub(t, captcha.Config{})
		p.Visit(c.url)
		wantTrap(t, p)
		p.Type("[name=name]", "Ada")
		c.join(t, p)
		p.Back() // to the page that was sent, whose challenge is replaced
		p.Await(`document.querySelector(".captcha-answer") && !document.querySelector("captcha-field").replacing`)
		first := keyOf(p)
		p.Click(".captcha-refresh")
		p.Await(fmt.Sprintf(`document.querySelector("[name=captcha_key]").value !== %q`, first))
		wantTrap(t, p)
		c.join(t, p)
		p.Visit(c.url + "/static")
		p.Await(`document.querySelector("[name=subject]")`)
		p.Type("[name=name]", "Ada")
		wantTrap(t, p)
		c.join(t, p)

		// Left half filled in, gone back to, and forward again.
		p.Visit(c.url)
		p.Type("[name=name]", "Ada")
		p.Visit(c.url + "/static")
		p.Await(`document.querySelector("[name=subject]")`)
		p.Back()
		p.Await(`document.querySelector("[name=subject]")`)
		wantTrap(t, p)
		p.Follow(func() { browser.Value[bool](p, `history.forward() === undefined`) })
		p.Await(`document.querySelector("[name=subject]")`)
		p.Type("[name=name]", "Ada")
		wantTrap(t, p)
		c.join(t, p)
	})
}

// Without the style the trap can be seen, and its label says what to do.
func TestTrapWithoutTheStyle(t *testing.T) {
	c, p := startClub(t, captcha.Config{}), browser.Open(t)
	c.policy = strings.Replace(policy, "style-src 'self'", "style-src 'none'", 1)
	p.Visit(c.url)
	if !browser.Value[bool](p, `((label) => label.innerText.trim() === "Leave this field empty" && label.getBoundingClientRect().width > 50)(
		document.querySelector(".captcha-trap label"))`) {
		t.Error("who sees the trap is not told to leave it")
	}
}

// Nobody who listens to the page, or goes through it by keys, meets the trap.
func TestTrapIsNotRead(t *testing.T) {
	c, p := startClub(t, captcha.Config{}), browser.Open(t)
	p.Visit(c.url)
	p.Axe()
	for _, node := range p.Tree() {
		if strings.Contains(node.Name, "Leave this") {
			t.Errorf("a screen reader says %+v", node)
		}
	}
	for range 12 {
		if node := p.Tab(); strings.Contains(node.Name, "Leave this") {
			t.Error("the focus came to the trap")
		}
		if browser.Value[string](p, `document.activeElement.name ?? ""`) == "subject" {
			t.Error("the focus came to the trap")
		}
	}
}

// Chromium fills in a saved address, and not the trap.
func TestTrapAndAutofill(t *testing.T) {
	c, p := startClub(t, captcha.Config{}), browser.Open(t)
	p.Visit(c.url)
	p.Autofill("[name=name]", map[string]string{
		"NAME_FULL": "Ada Lovelace", "EMAIL_ADDRESS": "ada@example.com", "PHONE_HOME_WHOLE_NUMBER": "+16502530000",
		"ADDRESS_HOME_STREET_ADDRESS": "12 St James's Square", "ADDRESS_HOME_CITY": "Springfield", "ADDRESS_HOME_ZIP": "94043",
		"ADDRESS_HOME_STATE": "CA", "ADDRESS_HOME_COUNTRY": "US", "COMPANY_NAME": "Analytical Engines",
	})
	p.Await(`document.querySelector("[name=email]").value === "ada@example.com" && document.querySelector("[name=city]").value === "Springfield"`)
	wantTrap(t, p)
	c.join(t, p)
}

// Password managers fill in the password, and the name into what they take for its field: the last text field before
// it of those that can be used, or the first in the form.
func TestTrapAndPasswordManagers(t *testing.T) {
	c, p := startClub(t, captcha.Config{}), browser.Open(t)
	for name, choose := range map[string]string{
		"the last that can be focused":   `texts.filter((input) => (input.focus(), document.activeElement === input)).pop()`,
		"the last that can be seen":      `texts.filter((input) => input.getBoundingClientRect().width > 10 && input.checkVisibility({contentVisibilityAuto: true, opacityProperty: true, visibilityProperty: true}) && !input.closest("[aria-hidden=true]")).pop()`,
		"the last without off":           `texts.filter((input) => input.autocomplete !== "off").pop()`,
		"by its name":                    `texts.find((input) => /user|login|mail|account|name/i.test(input.name + input.id))`,
		"the first of the form":          `texts[0]`,
		"by what is said beside a field": `texts.find((input) => /user|login|mail|account|name/i.test(input.labels[0]?.textContent))`,
	} {
		t.Run(name, func(t *testing.T) {
			p.Visit(c.url)
			filled := browser.Value[string](p, `((password) => {
				const all = Array.from(password.form.elements), texts = all.slice(0, all.indexOf(password)).filter(({type}) => type === "text" || type === "email");
				const user = `+choose+`;
				for (const [input, value] of [[user, "ada"], [password, "secret"]]) {
					input.value = value;
					for (const sign of ["input", "change"]) input.dispatchEvent(new Event(sign, {bubbles: true}));
				}
				return user.name;
			})(document.querySelector("[type=password]"))`)
			wantTrap(t, p)
			if filled == "captcha_value" { // not because of the trap: the letters are typed over it
				browser.Value[string](p, `document.querySelector("[name=captcha_value]").value = ""`)
			}
			c.join(t, p)
		})
	}
}

// What is pasted goes where it was meant.
func TestTrapAndPaste(t *testing.T) {
	c, p := startClub(t, captcha.Config{}), browser.Open(t)
	p.Visit(c.url)
	p.Type("[name=name]", "Ada")
	p.Edit("selectAll", "copy")
	for _, field := range []string{"street", "city", "website", "password"} {
		p.Type("[name="+field+"]", "")
		p.Edit("paste")
		if got := browser.Value[string](p, `document.querySelector("[name=`+field+`]").value`); got != "Ada" {
			t.Errorf("%s has %q", field, got)
		}
	}
	wantTrap(t, p)
	c.join(t, p)
}

// Programs that fill in forms, as they are written most simply: what they send, after how long, and why they are
// refused. Each knows the letters, so that nothing but the trap and the pause stops it.
func TestNaiveFormFillersAreStopped(t *testing.T) {
	form := regexp.MustCompile(`(?i)name|mail|phone|street|city|post|web|url|subject|message|comment`)
	for name, row := range map[string]struct {
		fill  func(input map[string]string) string // what it fills an input with
		waits bool
		want  captcha.Reason
	}{
		"fills in every input":        {func(map[string]string) string { return "Buy now" }, true, captcha.Trapped},
		"fills in every text input":   {func(i map[string]string) string { return when(i["type"] == "" || i["type"] == "text", "Buy now") }, true, captcha.Trapped},
		"fills in by name":            {func(i map[string]string) string { return when(form.MatchString(i["name"]), "Buy now") }, true, captcha.Trapped},
		"posts at once":               {func(i map[string]string) string { return when(i["name"] == "email", "a@example.com") }, false, captcha.TooSoon},
		"is the same and takes time":  {func(i map[string]string) string { return when(i["name"] == "email", "a@example.com") }, true, captcha.OK},
		"fills in what is required":   {func(i map[string]string) string { _, ok := i["required"]; return when(ok, "Buy now") }, false, captcha.TooSoon},
		"minds what is hidden at all": {func(i map[string]string) string { return when(i["tabindex"] == "" && i["type"] != "hidden", "Buy now") }, false, captcha.TooSoon},
	} {
		t.Run(name, func(t *testing.T) {
			c := startClub(t, captcha.Config{})
			response, err := http.Get(c.url)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			page, err := html.Parse(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			sent := url.Values{}
			for node := range page.Descendants() {
				if node.Data != "input" {
					continue
				}
				input := map[string]string{}
				for _, attr := range node.Attr {
					input[attr.Key] = attr.Val
				}
				sent.Set(input["name"], input["value"])
				if text := row.fill(input); text != "" && input["type"] != "hidden" {
					sent.Set(input["name"], text)
				}
			}
			sent.Set("captcha_value", captchatest.Solve(t, c.guard, sent.Get("captcha_key")))
			if row.waits {
				c.think()
			}
			response, err = http.PostForm(c.url+"/join", sent)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if got := c.last(t); got != row.want {
				t.Errorf("%s, want %s", got, row.want)
			}
			if accepted := response.StatusCode == 200; accepted != (row.want == captcha.OK) {
				t.Errorf("status %d", response.StatusCode)
			}
		})
	}
}

func when(is bool, text string) string {
	if is {
		return text
	}
	return ""
}

func (c *club) observe(_ context.Context, e captcha.Event) {
	if e.Kind == captcha.Verified {
		c.reasons <- e.Reason
	}
}
