package captcha_test

import (
	"net/http/httptest"
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
