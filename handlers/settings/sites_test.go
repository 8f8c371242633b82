package settings_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/siteverify"
	"github.com/fibercaptcha/fibercaptcha/handlers/settings"
)

var siteList = `[{"key": "shop", "secrets": ["` + secretA + `"], "origins": ["https://shop.example"]}]`

func TestSites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sites.json")
	if err := os.WriteFile(path, []byte(siteList+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []siteverify.Site{{Key: "shop", Secrets: []string{secretA}, Origins: []string{"https://shop.example"}}}
	for _, line := range []string{"CAPTCHA_SITES=" + siteList, "CAPTCHA_SITES_FILE=" + path} {
		read, err := settings.Parse([]string{line})
		if err != nil || !reflect.DeepEqual(read.Sites.List(), want) {
			t.Errorf("%s: %+v, %v", line, read.Sites, err)
		}
	}
}

func TestDemandsOfSites(t *testing.T) {
	for text, want := range map[string]captcha.Demand{
		`"letters"`: captcha.LettersOnly, `"work"`: captcha.LettersOrWork, `"both"`: captcha.LettersAndWork, `null`: 0,
	} {
		read, err := settings.Parse([]string{"CAPTCHA_SITES=" + strings.Replace(siteList, "{", `{"demand": `+text+`, `, 1)})
		if err != nil {
			t.Fatal(err)
		}
		var seen []string
		guard := captcha.New(captcha.Config{Observe: func(_ context.Context, e captcha.Event) { seen = append(seen, e.Purpose) }})
		app := fiber.New()
		siteverify.New(siteverify.Config{Guard: guard, Sites: read.Sites.List()}).Register(app)
		guard.Register(app)
		r := httptest.NewRequest("POST", "/api/captcha/?purpose=site_shop", nil)
		r.Header.Set("Origin", "https://shop.example")
		if _, err := app.Test(r, -1); err != nil || len(seen) != 1 {
			t.Fatalf("%q, %v", seen, err)
		}
		if got := read.Sites.Demand(seen[0]); got != want {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
		if got := read.Sites.Demand("contact"); got != 0 {
			t.Errorf("of another purpose %v is demanded", got)
		}
	}
}

// What can't be read, and what the server refuses, is told by the variable's name, and shows no secret.
func TestSitesThatAreRefused(t *testing.T) {
	short := secretA[:20]
	for _, row := range []struct{ value, says string }{
		{"shop " + secretA, "must be a JSON list of sites"},
		{`[]`, "must be a JSON list of sites"},
		{siteList + `x`, "must be a JSON list of sites"},
		{strings.Replace(siteList, "{", `{"demand": "nothing", `, 1), "must be a JSON list of sites"},
		{siteList + siteList, "must be a JSON list of sites"},
		{`[{"name": "` + secretA + `"}]`, "must be a JSON list of sites"},
		{`[{"key": "shop", "secrets": "` + secretA + `"}]`, "must be a JSON list of sites"},
		{strings.Replace(siteList, secretA, short, 1), "setting Sites[0].Secrets[0] is not accepted; accepted: at least 32 characters"},
		{strings.Replace(siteList, "https://", "", 1), "setting Sites[0].Origins[0] is not accepted; accepted: an origin as browsers send it"},
	} {
		read, err := settings.Parse([]string{"CAPTCHA_SITES=" + row.value})
		if err == nil {
			_, err = siteverify.NewServer(siteverify.Config{Guard: captcha.New(), Sites: read.Sites.List()})
			err = settings.Refused(err)
		}
		if err == nil || !strings.HasPrefix(err.Error(), "CAPTCHA_SITES") || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), short) {
			t.Errorf("%s: %v", row.value, err)
		}
	}
}
