package readme_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/siteverify"
	"github.com/fibercaptcha/fibercaptcha/handlers/settings"
)

// The demo accepts the line that its page gives for the file .env, once there is a secret in it.
func TestSitesOfTheDemosPage(t *testing.T) {
	line := regexp.MustCompile(`(?m)^CAPTCHA_SITES='(.*)'$`).FindStringSubmatch(textOf(t, "handlers/README.md"))
	if line == nil {
		t.Fatal("handlers/README.md has no CAPTCHA_SITES")
	}
	read, err := settings.Parse([]string{"CAPTCHA_SITES=" + strings.Replace(line[1], "SECRET", strings.Repeat("x", 32), 1)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := siteverify.NewServer(siteverify.Config{Guard: captcha.New(), Sites: read.Sites.List()}); err != nil {
		t.Error(err)
	}
}
