package captcha_test

import (
	"fmt"
	"html/template"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
)

func TestRegisterAddsWhatTheFieldNeeds(t *testing.T) {
	for _, row := range []struct {
		cfg   captcha.Config
		sound int
	}{
		{captcha.Config{}, 404},
		{captcha.Config{Audio: audio.New()}, 200},
		{captcha.Config{Audio: audio.New(), Path: "/inner/"}, 200},
	} {
		guard := captcha.New(row.cfg)
		app := fiber.New()
		guard.Register(app)
		path := row.cfg.Path
		if path == "" {
			path = captcha.ConfigDefault.Path
		}
		if response, body := mustDo(t, app, post(path, "", "")); response.StatusCode != 200 {
			t.Errorf("%s: %s %s", path, response.Status, body)
		}
		for file, want := range map[string]int{
			"assets/field.js":                                200,
			"assets/field.css":                               200,
			mustGenerate(t, guard) + "/audio.wav":            row.sound,
			"de67e7f3-72d9-42d8-9677-ea381610363d/audio.wav": 404,
		} {
			if response, _ := mustDo(t, app, httptest.NewRequest("GET", path+file, nil)); response.StatusCode != want {
				t.Errorf("%s: %s, want %d", path+file, response.Status, want)
			}
		}
	}
}

// Wherever the routes are, the field leads to them.
func TestRegisterInOtherHouses(t *testing.T) {
	show := func(guard *captcha.Guard) fiber.Handler {
		return func(c *fiber.Ctx) error {
			challenge, err := guard.Issue(c)
			if err != nil {
				return err
			}
			return c.Type("html").SendString(string(challenge.Field()))
		}
	}
	for name, build := range map[string]func() *fiber.App{
		"strict": func() *fiber.App {
			app, guard := fiber.New(fiber.Config{StrictRouting: true}), captcha.New()
			guard.Register(app)
			app.Get("/", show(guard))
			return app
		},
		"group": func() *fiber.App {
			app, guard := fiber.New(), captcha.New(captcha.Config{Path: "/v1/api/captcha/"})
			group := app.Group("/v1")
			guard.Register(group)
			app.Get("/", show(guard))
			return app
		},
		"mounted": func() *fiber.App {
			app, inner, guard := fiber.New(), fiber.New(), captcha.New()
			guard.Register(inner)
			app.Get("/", show(guard))
			app.Mount("/inner", inner)
			return app
		},
		"mounted at the root": func() *fiber.App {
			app, inner, guard := fiber.New(), fiber.New(), captcha.New()
			guard.Register(inner)
			app.Get("/", show(guard))
			app.Mount("/", inner)
			return app
		},
		"mounted twice": func() *fiber.App {
			app, middle, inner, guard := fiber.New(), fiber.New(), fiber.New(), captcha.New()
			middle.Mount("/inner", inner)
			guard.Register(inner)
			app.Get("/", show(guard))
			app.Mount("/middle", middle)
			return app
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := build()
			_, page := mustDo(t, app, httptest.NewRequest("GET", "/", nil))
			create := parse(t, template.HTML(page)).one(t, "captcha-field").attrs["data-create"]
			for _, path := range []string{create, strings.Replace(create, "/?", "?", 1)} {
				if response, body := mustDo(t, app, post(path, "", "")); response.StatusCode != 200 {
					t.Errorf("%s: %s %s", path, response.Status, body)
				}
			}
			style := parse(t, template.HTML(page)).one(t, "link").attrs["href"]
			if response, body := mustDo(t, app, httptest.NewRequest("GET", style, nil)); response.StatusCode != 200 {
				t.Errorf("%s: %s %s", style, response.Status, body)
			}
		})
	}

	field := parse(t, mustChallenge(t, captcha.New(captcha.Config{Prefix: "/shop"})).Field())
	if create := field.one(t, "captcha-field").attrs["data-create"]; create != "/shop/api/captcha/?preset=field" {
		t.Errorf("behind a proxy: %s", create)
	}
}

// A registration that could not work panics, and says what to do.
func TestRegisterRefuses(t *testing.T) {
	app := fiber.New()
	captcha.New().Register(app)
	for cure, register := range map[string]func(){
		"Config.Path of its own":     func() { captcha.New().Register(app) },
		"set Config.Path to /v1/api": func() { captcha.New().Register(fiber.New().Group("/v1")) },
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
