package handlers_test

import (
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/handlers"
)

var secretA, secretB = strings.Repeat("a", 32), strings.Repeat("b", 40)

// Each setting of the captcha reaches its place in the guard's.
func TestSettingsOfTheCaptcha(t *testing.T) {
	for _, row := range []struct {
		line      string
		got, want func(c *captcha.Config) any
	}{
		{"CAPTCHA_TIMEOUT=300", func(c *captcha.Config) any { return c.Expiration }, is(5 * time.Minute)},
		{"CAPTCHA_TIMEOUT=1", func(c *captcha.Config) any { return c.Expiration }, is(time.Second)},
		{"CAPTCHA_LENGTH=4", func(c *captcha.Config) any { return [2]int{c.Length, c.MaxLength} }, is([2]int{4, 4})},
		{"CAPTCHA_LENGTH=4-6", func(c *captcha.Config) any { return [2]int{c.Length, c.MaxLength} }, is([2]int{4, 6})},
		{"CAPTCHA_FONT_SIZE=24.5", func(c *captcha.Config) any { return c.Picture.FontSize }, is(24.5)},
		{"CAPTCHA_IMAGE_SIZE=180x80", func(c *captcha.Config) any { return [2]int{c.Picture.Width, c.Picture.Height} }, is([2]int{180, 80})},
		{"CAPTCHA_IMAGE_SIZE=0x40", func(c *captcha.Config) any { return c.Picture.Width }, is(picture.Fit)},
		{"CAPTCHA_LETTER_ROTATION=-20,30", func(c *captcha.Config) any { return [2]float64{c.Picture.RotationMin, c.Picture.RotationMax} }, is([2]float64{-20, 30})},
		{"CAPTCHA_LETTER_ROTATION=none", func(c *captcha.Config) any { return c.Picture.Upright }, is(true)},
		{"CAPTCHA_LETTER_ROTATION=0,0", func(c *captcha.Config) any { return c.Picture.Upright }, is(true)},
		{"CAPTCHA_FOREGROUND_COLOR=#102030", func(c *captcha.Config) any { r, g, b, a := c.Picture.Foreground.RGBA(); return [4]uint32{r, g, b, a} }, is([4]uint32{0x1010, 0x2020, 0x3030, 0xffff})},
		{"CAPTCHA_BACKGROUND_COLOR=transparent", func(c *captcha.Config) any { _, _, _, a := c.Picture.Background.RGBA(); return a }, is(uint32(0))},
		{"CAPTCHA_CACHE_KEY=c:{key}", func(c *captcha.Config) any { return c.StorageKey }, is("c:{key}")},
		{"CAPTCHA_KEY=id", func(c *captcha.Config) any { return c.KeyField }, is("id")},
		{"CAPTCHA_IMAGE=png", func(c *captcha.Config) any { return c.ImageField }, is("png")},
		{"FILTER_FUNCTION=none", func(c *captcha.Config) any { return c.Picture.Filters != nil && len(c.Picture.Filters) == 0 }, is(true)},
		{"FILTER_FUNCTION=smooth", func(c *captcha.Config) any { return len(c.Picture.Filters) }, is(1)},
		{"NOISE_FUNCTION=arcs, dots", func(c *captcha.Config) any { return len(c.Picture.Noise) }, is(2)},
		{"CAPTCHA_STYLE=classic", func(c *captcha.Config) any { return len(c.Picture.Styles) }, is(1)},
		{"CAPTCHA_SCALE=2", func(c *captcha.Config) any { return c.Picture.Scale }, is(2)},
		{"CAPTCHA_STORED=true", func(c *captcha.Config) any { return c.Stored }, is(true)},
		{"MASTER_CAPTCHA=k:sesame,k2:a:b", func(c *captcha.Config) any { return c.InsecureMasterAnswers }, is(map[string]string{"k": "sesame", "k2": "a:b"})},
		{"CAPTCHA_SECRETS=" + secretA + "," + secretB, func(c *captcha.Config) any { return c.Secrets }, is([]string{secretA, secretB})},
		{"CAPTCHA_LENGTH=", func(c *captcha.Config) any { return c.Length }, is(0)},
	} {
		settings, err := handlers.ParseSettings([]string{row.line})
		if err != nil {
			t.Errorf("%s: %v", row.line, err)
			continue
		}
		config := settings.Captcha()
		if got := row.got(&config); !reflect.DeepEqual(got, row.want(nil)) {
			t.Errorf("%s: %v, want %v", row.line, got, row.want(nil))
		}
	}
}

func is(want any) func(*captcha.Config) any { return func(*captcha.Config) any { return want } }

// What does not parse is refused with the variable, its value and what is accepted.
func TestSettingsThatDoNotParse(t *testing.T) {
	for variable, row := range map[string]struct {
		values   string // with blanks between
		accepted string
	}{
		"ADDR":                     {"3000 localhost a:b :70000 :-1 ::1", "accepted is host:port"},
		"METRICS_ADDR":             {"9090", "accepted is host:port"},
		"STORAGE_WAIT":             {"0 -1 10s x", "accepted is a whole number of seconds from 1 to 86400"},
		"CAPTCHA_TIMEOUT":          {"0 -5 86401 5m 1.5 x 99999999999999999999", "accepted is a whole number of seconds from 1 to 86400"},
		"CAPTCHA_LENGTH":           {"0 15 6-4 4- -4 4-5-6 x", "accepted is a number of letters from 1 to 14"},
		"CAPTCHA_FONT_PATH":        {"/nothing/here.ttf", "accepted"},
		"CAPTCHA_FONT_SIZE":        {"7 1001 NaN +Inf x", "accepted is a number of pixels from 8 to 1000"},
		"CAPTCHA_IMAGE_SIZE":       {"90 90x -1x40 90x2001 axb 90X40x1", "accepted is width x height in pixels"},
		"CAPTCHA_LETTER_ROTATION":  {"35 35,-35 -91,0 NaN,0 0,x upright", "accepted are the least and the greatest angle"},
		"CAPTCHA_FOREGROUND_COLOR": {"red #fff #gggggg 001100", "#rrggbb"},
		"CAPTCHA_BACKGROUND_COLOR": {"white #12345", "transparent"},
		"CAPTCHA_CACHE_KEY":        {"captcha {key}{key} {version}", "accepted is up to 256 bytes with {key} once"},
		"CAPTCHA_KEY":              {`a"b ключ a.b`, "accepted is a name of letters, digits, _ and -"},
		"CAPTCHA_IMAGE":            {`a\b a:b`, "accepted is a name of letters, digits, _ and -"},
		"FILTER_FUNCTION":          {"blurry smooth,", "accepted"},
		"NOISE_FUNCTION":           {"loud none,arcs", "accepted"},
		"CAPTCHA_STYLE":            {"fancy classic,,", "accepted"},
		"CAPTCHA_SCALE":            {"0 5 1.5 x", "accepted is a whole number from 1 to 4"},
		"CAPTCHA_STORED":           {"yes 2 on", "accepted is true or false"},
		"LIMIT_ISSUE":              {"fast 0/min 10 10/week", "accepted"},
		"TRUSTED_PROXIES":          {"everybody 0.0.0.0/0 10.0.0.0/33", ""},
		"LOG_FORMAT":               {"xml", "accepted is text or json"},
		"LOG_LEVEL":                {"loud", "accepted is debug, info, warn or error"},
		"STOP_DELAY":               {"2 1h -1s", "accepted is a time"},
	} {
		for value := range strings.FieldsSeq(row.values) {
			_, err := handlers.ParseSettings([]string{variable + "=" + value})
			if err == nil {
				t.Errorf("%s=%s is accepted", variable, value)
				continue
			}
			if got := err.Error(); !strings.HasPrefix(got, variable+"="+strconv.Quote(value)+": ") || !strings.Contains(got, row.accepted) {
				t.Errorf("%s=%s: %q does not say %q", variable, value, got, row.accepted)
			}
		}
	}
}

// All that is wrong is said at once.
func TestSeveralSettingsThatDoNotParse(t *testing.T) {
	_, err := handlers.ParseSettings([]string{"CAPTCHA_TIMEOUT=x", "CAPTCHA_LENGTH=0", "ADDR=:1"})
	if err == nil || !strings.Contains(err.Error(), "CAPTCHA_TIMEOUT=") || !strings.Contains(err.Error(), "CAPTCHA_LENGTH=") {
		t.Errorf("%v", err)
	}
}

// The value of a secret is not repeated.
func TestSecretSettingsAreNotShown(t *testing.T) {
	for _, line := range []string{"CAPTCHA_SECRETS=tooshort", "CAPTCHA_SECRETS=" + secretA + ",tooshort", "MASTER_CAPTCHA=tooshort", "MASTER_CAPTCHA=:tooshort"} {
		_, err := handlers.ParseSettings([]string{line})
		name, _, _ := strings.Cut(line, "=")
		if err == nil || !strings.HasPrefix(err.Error(), name+" (not shown): ") || !strings.Contains(err.Error(), "accepted") ||
			strings.Contains(err.Error(), "tooshort") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestSecretsFromFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	mustWrite(t, path, secretA+"\n")
	settings, err := handlers.ParseSettings([]string{"CAPTCHA_SECRETS_FILE=" + path, "STORAGE_URL_FILE=" + path})
	if err != nil || settings.StorageURL != secretA || settings.Captcha().Secrets[0] != secretA {
		t.Errorf("%v, %v", settings, err)
	}
	if _, err := handlers.ParseSettings([]string{"CAPTCHA_SECRETS_FILE=" + path, "CAPTCHA_SECRETS=" + secretB}); err == nil {
		t.Error("a secret is taken both ways at once")
	}
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := handlers.ParseSettings([]string{"MASTER_CAPTCHA_FILE=" + missing}); err == nil ||
		!strings.Contains(err.Error(), "MASTER_CAPTCHA_FILE=") || !strings.Contains(err.Error(), "accepted is the path of a file") {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := handlers.ParseSettings([]string{"CAPTCHA_LENGTH_FILE=" + missing}); err != nil {
		t.Errorf("the file of what is no secret is read: %v", err)
	}
}

func TestSettingsByDefault(t *testing.T) {
	settings, err := handlers.ParseSettings([]string{"HOME=/", "CAPTCHA_LENGTH=", "ADDR="})
	if err != nil || settings.Addr != ":3000" || settings.StorageURL != "memory://" || settings.StorageWait != 10 {
		t.Errorf("%v, %v", settings, err)
	}
	if got, want := settings.Captcha(), (captcha.Config{}); !reflect.DeepEqual(got, want) {
		t.Errorf("the captcha's settings are %+v", got)
	}
}

// Whatever stands in the variables, they are read or refused by name, and what is read makes a guard, or is refused by it
// with the variables' names.
func FuzzSettings(f *testing.F) {
	variables := []string{"ADDR", "STORAGE_WAIT", "CAPTCHA_TIMEOUT", "CAPTCHA_LENGTH", "CAPTCHA_FONT_SIZE", "CAPTCHA_IMAGE_SIZE",
		"CAPTCHA_LETTER_ROTATION", "CAPTCHA_FOREGROUND_COLOR", "CAPTCHA_BACKGROUND_COLOR", "CAPTCHA_CACHE_KEY", "CAPTCHA_KEY",
		"CAPTCHA_IMAGE", "FILTER_FUNCTION", "NOISE_FUNCTION", "CAPTCHA_STYLE", "CAPTCHA_SCALE", "CAPTCHA_STORED", "MASTER_CAPTCHA",
		"CAPTCHA_SECRETS", "LIMIT_ISSUE", "TRUSTED_PROXIES", "LOG_LEVEL", "STOP_DELAY"}
	for n, value := range []string{":3000", "10", "300", "4-6", "22", "90x40", "-35,35", "#001100", "transparent", "x{key}", "id",
		"png", "none", "arcs,dots", "classic", "2", "true", "k:v", secretA, "60/min", "10.0.0.0/8", "warn", "1s"} {
		f.Add(byte(n), value, byte(0), "")
	}
	f.Add(byte(5), "90x40", byte(4), "2000")
	f.Add(byte(7), "#101010", byte(8), "#111111")
	f.Add(byte(10), "same", byte(11), "same")
	f.Fuzz(func(t *testing.T, first byte, value string, second byte, other string) {
		names := []string{variables[int(first)%len(variables)], variables[int(second)%len(variables)]}
		settings, err := handlers.ParseSettings([]string{names[0] + "=" + value, names[1] + "=" + other})
		if err != nil {
			if got := err.Error(); !strings.HasPrefix(got, names[0]) && !strings.HasPrefix(got, names[1]) {
				t.Fatalf("%q names no variable", got)
			}
			return
		}
		defer func() {
			if problem := recover(); problem != nil {
				if got := handlers.Impossible(problem).Error(); !strings.HasPrefix(got, "captcha: ") {
					t.Fatalf("%q is not the guard's", got)
				}
			}
		}()
		captcha.New(settings.Captcha())
	})
}
