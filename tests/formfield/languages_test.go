package field_test

import (
	"fmt"
	"html/template"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

var everyLanguage = template.Must(template.New("languages").Parse(`<!doctype html>
<html lang="en" dir="{{.Dir}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Forms</title><link rel="icon" href="data:,">
<style>body { margin: 16px; font: 16px/1.5 sans-serif }</style></head>
<body>{{range .Fields}}<form>{{.}}</form>{{end}}</body></html>`))

// startEveryLanguage serves a page with a field in each language, refused.
func startEveryLanguage(t *testing.T) (url string) {
	t.Helper()
	files, err := filepath.Glob("../../captcha/texts/*.json")
	if err != nil || len(files) < 60 {
		t.Fatal(files, err)
	}
	guard := captcha.New(captcha.Config{Audio: audio.New(), Work: work.New()})
	app := fiber.New(fiber.Config{DisableStartupMessage: true, IdleTimeout: time.Second})
	guard.Register(app)
	app.Get("/:dir", func(c *fiber.Ctx) error {
		var fields []template.HTML
		for _, file := range files {
			language := strings.TrimSuffix(filepath.Base(file), ".json")
			challenge, err := guard.IssueTo(c.UserContext(), captcha.Visitor{Language: language})
			if err != nil {
				return err
			}
			fields = append(fields, challenge.Field(captcha.FieldOptions{Error: captcha.ErrWrongAnswer}))
		}
		c.Type("html", "utf-8").Set(fiber.HeaderCacheControl, "no-store")
		return everyLanguage.Execute(c, map[string]any{"Dir": c.Params("dir"), "Fields": fields})
	})
	return server.Inside(t, app)
}

// measured says what does not fit: words that are wider than a phone, labels of buttons that take two lines, and parts
// on the wrong side. It tries every sentence that the script says in its place.
const measured = `(() => {
	const wrong = [], wide = document.documentElement.clientWidth;
	for (const field of document.querySelectorAll("captcha-field")) {
		const complain = (what) => wrong.push(field.lang + ": " + what);
		const part = (name) => field.querySelector(".captcha-" + name);
		const fits = (element, text) => {
			const box = element.getBoundingClientRect();
			if (box.left < 16 || box.right > wide - 16 || element.scrollWidth > element.clientWidth + 1) complain("does not fit: " + text);
		};
		for (const name of ["label", "error", "row", "actions"]) fits(part(name), part(name).textContent);
		if (part("count").getBoundingClientRect().height > 36) complain("the count takes two lines");
		part("letters").hidden = false;
		for (const button of field.querySelectorAll(".captcha-button")) {
			fits(button, button.textContent);
			if (button.offsetHeight > 50) complain("takes two lines: " + button.textContent.trim());
		}
		const said = Object.keys(field.dataset).map((name) => field.dataset[name]).filter((text) => / |[^\x00-\x7f]/.test(text));
		if (said.length < 10) complain("says no more than " + said);
		for (const text of said) {
			part("status").textContent = part("error").textContent = text;
			for (const name of ["status", "error"]) {
				fits(part(name), text);
				if (part(name).offsetHeight > 150) complain(part(name).offsetHeight + " high: " + text);
			}
		}
		const start = getComputedStyle(field).direction === "rtl" ? "right" : "left";
		for (const name of ["picture", "answer", "refresh"]) {
			const off = Math.abs(part(name).getBoundingClientRect()[start] - field.getBoundingClientRect()[start]);
			if (off > 1) complain(name + " begins " + off + " from the " + start);
		}
		if (getComputedStyle(part("answer")).direction !== "ltr") complain("the answer is typed from right to left");
		if (getComputedStyle(field).direction !== field.dir) complain("runs " + getComputedStyle(field).direction);
	}
	return wrong;
})()`

func TestEveryLanguageOnAPhone(t *testing.T) {
	url, p := startEveryLanguage(t), browser.Open(t)
	p.Size(320, 800)
	for _, direction := range []string{"ltr", "rtl"} {
		p.Visit(url + "/" + direction)
		p.Await(`Array.from(document.querySelectorAll(".captcha-listen")).every((button) => !button.hidden)`)
		for _, wrong := range browser.Value[[]string](p, measured) {
			t.Errorf("on a page that runs %s, %s", direction, wrong)
		}
		if wide := browser.Value[int](p, `document.documentElement.scrollWidth`); wide > 320 {
			t.Errorf("the page that runs %s is %d wide", direction, wide)
		}
	}
	p.WantNoProblems()
}

// The element that builds itself takes its page's language and direction, and so do the challenges that it asks for
// later.
func TestElementRunsAsItsLanguage(t *testing.T) {
	s, p := start(t, captcha.Config{}), browser.Open(t)
	for language, direction := range map[string]string{"ar-EG": "rtl", "zh-TW": "ltr"} {
		p.Visit(s.url + "/static?language=" + language)
		p.Await(`document.querySelector("captcha-field .captcha-answer") !== null`)
		if got := browser.Value[string](p, `document.querySelector("captcha-field").dir`); got != direction {
			t.Errorf("%s runs %q", language, got)
		}
		lang := browser.Value[string](p, `document.querySelector("captcha-field").lang`)
		before := browser.Value[string](p, `document.querySelector("[name=captcha_key]").value`)
		p.Click(".captcha-refresh")
		p.Await(fmt.Sprintf(`document.querySelector("[name=captcha_key]").value !== %q`, before))
		if got := s.language.Load(); got != lang {
			t.Errorf("the challenge after that in %s is in %v", lang, got)
		}
	}
}
