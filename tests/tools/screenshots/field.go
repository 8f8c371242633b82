package main

import (
	"fmt"
	"html/template"
	"net"
	"os"
	"path/filepath"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

// hosts are pages of other houses' styles, by their sheet below tests/node_modules.
var hosts = map[string]struct {
	sheet   string
	options captcha.FieldOptions
}{
	"bare":      {},
	"bootstrap": {"bootstrap/dist/css/bootstrap.min.css", captcha.FieldOptions{InputClass: "form-control", ButtonClass: "btn btn-link"}},
	"pico":      {"@picocss/pico/css/pico.min.css", captcha.FieldOptions{}},
	"tailwind":  {"tailwindcss/preflight.css", captcha.FieldOptions{}},
}

var hostPage = template.Must(template.New("host").Parse(`<!doctype html>
<html lang="en" dir="{{.Dir}}" data-bs-theme="{{.Scheme}}" data-theme="{{.Scheme}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Forms</title><link rel="icon" href="data:,">
{{with .Sheet}}<link rel="stylesheet" href="/{{.}}">{{end}}
<style>main { max-width: 42rem; padding: 1rem } {{if eq .Scheme "unsaid"}}body { background: #101418; color: #eee }{{else}}:root { color-scheme: {{.Scheme}} }{{end}}</style></head>
<body><main>
{{range .Fields}}<form method="post"><p><label>Name <input name="name"{{with $.Class}} class="{{.}}"{{end}}></label></p>{{.}}<p><button>Send</button></p></form><hr>{{end}}
</main></body></html>`))

// languages are the five whose texts are longest, those that run from right to left, and others with letters of their
// own.
var languages = []string{"de", "fr", "ta", "el", "ml", "ar", "he", "fa", "ur", "ja", "hi", "th"}

// fieldShots are the field as it is first seen, refused, and met by work, in every host; and in languages on a narrow
// phone.
func fieldShots() []shot {
	var shots []shot
	for host := range hosts {
		for _, scheme := range []string{"light", "dark", "unsaid"} {
			shots = append(shots, shot{file: fmt.Sprintf("field-%s-%s", host, scheme), path: "/" + host + "?scheme=" + scheme, width: 480, scheme: scheme})
		}
	}
	for _, width := range []int{320, 768, 1280} {
		shots = append(shots, shot{file: fmt.Sprintf("field-%d", width), path: "/bare?scheme=light", width: width})
	}
	for _, dense := range []float64{2, 3} {
		shots = append(shots, shot{file: fmt.Sprintf("field-dense-%v", dense), path: "/bare?scheme=light", width: 360, dense: dense})
	}
	for _, language := range languages {
		for _, scheme := range []string{"light", "dark"} {
			shots = append(shots, shot{file: fmt.Sprintf("field-%s-%s", language, scheme), path: "/bare?scheme=" + scheme + "&language=" + language,
				width: 320, scheme: scheme})
		}
	}
	return append(shots,
		shot{file: "field-rtl", path: "/bare?scheme=light&dir=rtl", width: 480, height: 800},
		shot{file: "field-ar-rtl", path: "/bare?scheme=light&dir=rtl&language=ar", width: 320, height: 800},
		shot{file: "field-forced", path: "/bare?scheme=light", width: 480, forced: true},
		shot{file: "field-no-script", path: "/bare?scheme=light", width: 480, plain: true},
		shot{file: "field-work", path: "/bare?scheme=light", width: 480, touch: true})
}

// startHosts serves the field in its hosts, on a free loopback port.
func startHosts() (url string, stop func(), err error) {
	guard := captcha.New(captcha.Config{Audio: audio.New(), Work: work.New(work.Config{Cost: 500, Range: 20})})
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	guard.Register(app)
	app.Get("/:host", func(c *fiber.Ctx) error {
		host, ok := hosts[c.Params("host")]
		if !ok {
			return fiber.ErrNotFound
		}
		var fields []template.HTML
		for _, problem := range []error{nil, captcha.ErrWrongAnswer} {
			challenge, err := guard.IssueTo(c.UserContext(), captcha.Visitor{Language: c.Query("language")})
			if err != nil {
				return err
			}
			options := host.options
			options.Error = problem
			fields = append(fields, challenge.Field(options))
		}
		c.Type("html", "utf-8")
		return hostPage.Execute(c, map[string]any{"Sheet": host.sheet, "Class": host.options.InputClass, "Scheme": c.Query("scheme", "light"),
			"Dir": c.Query("dir", "ltr"), "Fields": fields})
	})
	app.Get("/+", func(c *fiber.Ctx) error {
		content, err := os.ReadFile(filepath.Join("tests", "node_modules", filepath.Clean("/"+c.Params("+"))))
		if err != nil {
			return fiber.ErrNotFound
		}
		return c.Type("css").Send(content)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() { _ = app.Listener(listener) }()
	return "http://" + listener.Addr().String(), func() { _ = app.Shutdown() }, nil
}
