package fiberv3_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
	"github.com/fibercaptcha/fibercaptcha/captcha/fiberv3"
)

func TestRegisterAddsWhatTheFieldNeeds(t *testing.T) {
	for _, row := range []struct {
		cfg            captcha.Config
		sound, receipt int
	}{
		{captcha.Config{}, 404, 404},
		{captcha.Config{Audio: audio.New()}, 200, 404},
		{captcha.Config{Path: "/inner/", Receipts: time.Minute}, 404, 400},
	} {
		guard, app := fiberv3.New(fiberv3.Config{Config: row.cfg}), fiber.New()
		guard.Register(app)
		path := guard.Edge().Path()
		challenge, err := guard.IssueTo(t.Context(), captcha.Visitor{})
		if err != nil {
			t.Fatal(err)
		}
		for _, request := range []struct {
			method, path string
			want         int
		}{
			{"POST", "", 200},
			{"PUT", "", 405},
			{"POST", "receipt/", row.receipt},
			{"GET", "assets/field.js", 200},
			{"GET", "assets/field.css", 200},
			{"GET", "assets/field.html", 404},
			{"GET", challenge.Key + "/audio.wav", row.sound},
			{"GET", "de67e7f3-72d9-42d8-9677-ea381610363d/audio.wav", 404},
		} {
			response, body := mustDo(t, app, request.method, path+request.path, "", "")
			if response.StatusCode != request.want {
				t.Errorf("%s: %s %.80s, want %d", path+request.path, response.Status, body, request.want)
			}
		}
	}
}

// A player asks for a sound in parts.
func TestAudioInParts(t *testing.T) {
	guard, app := fiberv3.New(fiberv3.Config{Config: captcha.Config{Audio: audio.New()}}), fiber.New()
	guard.Register(app)
	challenge, err := guard.IssueTo(t.Context(), captcha.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, app) + "/api/captcha/" + challenge.Key + "/audio.wav"
	response, body := mustGet(t, address, "bytes=0-3")
	if response.StatusCode != 206 || body != "RIFF" {
		t.Errorf("%s %q", response.Status, body)
	}
}

// Wherever the routes are, the field leads to them.
func TestRegisterInOtherHouses(t *testing.T) {
	show := func(app *fiber.App, guard *fiberv3.Guard) {
		app.Get("/", func(c fiber.Ctx) error {
			challenge, err := guard.Issue(c)
			if err != nil {
				return err
			}
			return c.Type("html").SendString(string(challenge.Field()))
		})
	}
	for name, build := range map[string]func() *fiber.App{
		"strict": func() *fiber.App {
			app, guard := fiber.New(fiber.Config{StrictRouting: true}), fiberv3.New()
			guard.Register(app)
			show(app, guard)
			return app
		},
		"group": func() *fiber.App {
			app, guard := fiber.New(), fiberv3.New(fiberv3.Config{Config: captcha.Config{Path: "/v1/api/captcha/"}})
			guard.Register(app.Group("/v1"))
			show(app, guard)
			return app
		},
		"strict group that is all of the path": func() *fiber.App {
			app, guard := fiber.New(fiber.Config{StrictRouting: true}), fiberv3.New(fiberv3.Config{Config: captcha.Config{Path: "/v1/"}})
			guard.Register(app.Group("/v1"))
			show(app, guard)
			return app
		},
		"group in a group": func() *fiber.App {
			app, guard := fiber.New(), fiberv3.New(fiberv3.Config{Config: captcha.Config{Path: "/v1/api/captcha/"}})
			guard.Register(app.Group("/v1").Group("/api"))
			show(app, guard)
			return app
		},
		"route": func() *fiber.App {
			app, guard := fiber.New(), fiberv3.New(fiberv3.Config{Config: captcha.Config{Path: "/v1/api/captcha/"}})
			app.Route("/v1", func(router fiber.Router) { guard.Register(router) })
			show(app, guard)
			return app
		},
		"mounted": func() *fiber.App {
			app, inner, guard := fiber.New(), fiber.New(), fiberv3.New()
			guard.Register(inner)
			show(app, guard)
			app.Use("/inner", inner)
			return app
		},
		"mounted before": func() *fiber.App {
			app, inner, guard := fiber.New(), fiber.New(), fiberv3.New()
			show(app, guard)
			app.Use("/inner", inner)
			guard.Register(inner)
			return app
		},
		"mounted at the root": func() *fiber.App {
			app, inner, guard := fiber.New(), fiber.New(), fiberv3.New()
			guard.Register(inner)
			show(app, guard)
			app.Use("/", inner)
			return app
		},
		"mounted below a group": func() *fiber.App {
			app, inner, guard := fiber.New(), fiber.New(), fiberv3.New()
			guard.Register(inner)
			show(app, guard)
			app.Group("/outer").Use("/inner", inner)
			return app
		},
		"mounted twice": func() *fiber.App {
			app, middle, inner, guard := fiber.New(), fiber.New(), fiber.New(), fiberv3.New()
			middle.Use("/inner", inner)
			guard.Register(inner)
			show(app, guard)
			app.Use("/middle", middle)
			return app
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := build()
			_, page := mustDo(t, app, "GET", "/", "", "")
			create := attribute(t, page, `data-create="([^"]+)"`)
			for _, path := range []string{create, strings.Replace(create, "/?", "?", 1)} {
				if response, body := mustDo(t, app, "POST", path, "", ""); response.StatusCode != 200 {
					t.Errorf("%s: %s %s", path, response.Status, body)
				}
			}
			style := attribute(t, page, `rel="stylesheet" href="([^"]+)"`)
			if response, body := mustDo(t, app, "GET", style, "", ""); response.StatusCode != 200 {
				t.Errorf("%s: %s %s", style, response.Status, body)
			}
		})
	}

	challenge, err := fiberv3.New(fiberv3.Config{Config: captcha.Config{Prefix: "/shop"}}).IssueTo(t.Context(), captcha.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	if create := attribute(t, string(challenge.Field()), `data-create="([^"]+)"`); create != "/shop/api/captcha/?preset=field" {
		t.Errorf("behind a proxy: %s", create)
	}
}

func attribute(t *testing.T, page, pattern string) string {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(page)
	if match == nil {
		t.Fatalf("no %s in %s", pattern, page)
	}
	return match[1]
}

// A registration that could not work panics, and says what to do.
func TestRegisterRefuses(t *testing.T) {
	app := fiber.New()
	fiberv3.New().Register(app)
	for cure, register := range map[string]func(){
		"Config.Path of its own":     func() { fiberv3.New().Register(app) },
		"set Config.Path to /v1/api": func() { fiberv3.New().Register(fiber.New().Group("/v1")) },
	} {
		func() {
			defer func() {
				if problem := fmt.Sprint(recover()); !strings.Contains(problem, cure) {
					t.Errorf("panic %q, want it to say %q", problem, cure)
				}
			}()
			register()
		}()
	}
}
