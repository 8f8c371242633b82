package work_test

import (
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
)

const (
	box   = "altcha-widget input[type=checkbox]"
	field = `document.querySelector("input[name=altcha]")?.value`
	code  = ".altcha-code-challenge input[type=text]"
)

// widget opens the page with ALTCHA's published widget, unmodified.
func widget(t *testing.T, s *server) *browser.Page {
	t.Helper()
	needWidget(t)
	p := browser.Open(t)
	p.Visit(s.URL + "/altcha.html")
	p.Await(`document.querySelector("` + box + `")`)
	return p
}

// send submits the page's form and returns what the server makes of it.
func send(p *browser.Page) string {
	p.Submit("altcha-widget ~ button")
	return browser.Value[string](p, "document.body.textContent")
}

func TestWidget(t *testing.T) {
	t.Parallel()
	s := serve(t, work.New())
	p := widget(t, s)
	p.Click(box)
	p.Await(field)
	sent := browser.Value[string](p, field)
	p.WantNoProblems()
	if got := send(p); got != "right" {
		t.Errorf("what the widget submits is %s", got)
	}
	if got := s.judge(sent); got != "spent" {
		t.Errorf("sent again it is %s", got)
	}
}

func TestWidgetShowsPictures(t *testing.T) {
	t.Parallel()
	s := serve(t, work.New())
	s.code = true
	p := widget(t, s)
	for _, row := range []struct{ typed, state string }{{"XXXX", "error"}, {"ABCD", "verified"}} {
		p.Click(box)
		p.Await(`document.querySelector("` + code + `")`)
		if got := browser.Value[string](p, `document.querySelector(".altcha-code-challenge-image").src`); got != pixel {
			t.Errorf("its picture is %q", got)
		}
		p.Type(code, row.typed)
		p.Click(".altcha-code-challenge button[type=submit]")
		p.Await(`document.querySelector("altcha-widget").getState() === "` + row.state + `"`)
	}
	p.WantNoProblems()
	if got := send(p); got != "receipt" {
		t.Errorf("what the widget submits after letters is %s", got)
	}
}

// A challenge that expires while the form is open makes the widget say so, by the server's own clock in expiresAt.
func TestWidgetExpires(t *testing.T) {
	t.Parallel()
	s := serve(t, work.New(work.Config{Cost: 500, Range: 1})) // done long before it expires
	s.expires = 5 * time.Second
	p := widget(t, s)
	p.Click(box)
	p.Await(`document.querySelector("altcha-widget").getState() === "expired"`)
	p.WantNoProblems()
}
