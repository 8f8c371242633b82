package settings_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
	"github.com/fibercaptcha/fibercaptcha/handlers/settings"
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
		{"CAPTCHA_IMAGE_SIZE=180x80",
			func(c *captcha.Config) any { return [2]int{c.Picture.Width, c.Picture.Height} }, is([2]int{180, 80})},
		{"CAPTCHA_IMAGE_SIZE=0x40", func(c *captcha.Config) any { return c.Picture.Width }, is(picture.Fit)},
		{"CAPTCHA_LETTER_ROTATION=-20,30",
			func(c *captcha.Config) any { return [2]float64{c.Picture.RotationMin, c.Picture.RotationMax} },
			is([2]float64{-20, 30})},
		{"CAPTCHA_LETTER_ROTATION=none", func(c *captcha.Config) any { return c.Picture.Upright }, is(true)},
		{"CAPTCHA_LETTER_ROTATION=0,0", func(c *captcha.Config) any { return c.Picture.Upright }, is(true)},
		{"CAPTCHA_FOREGROUND_COLOR=#102030",
			func(c *captcha.Config) any { r, g, b, a := c.Picture.Foreground.RGBA(); return [4]uint32{r, g, b, a} },
			is([4]uint32{0x1010, 0x2020, 0x3030, 0xffff})},
		{"CAPTCHA_BACKGROUND_COLOR=transparent",
			func(c *captcha.Config) any { _, _, _, a := c.Picture.Background.RGBA(); return a }, is(uint32(0))},
		{"CAPTCHA_CACHE_KEY=c:{key}", func(c *captcha.Config) any { return c.Compat.Namespace }, is("c:{key}")},
		{"CAPTCHA_KEY=id", func(c *captcha.Config) any { return c.Compat.KeyField }, is("id")},
		{"CAPTCHA_IMAGE=png", func(c *captcha.Config) any { return c.Compat.ImageField }, is("png")},
		{"FILTER_FUNCTION=none",
			func(c *captcha.Config) any { return c.Picture.Filters != nil && len(c.Picture.Filters) == 0 }, is(true)},
		{"FILTER_FUNCTION=smooth", func(c *captcha.Config) any { return len(c.Picture.Filters) }, is(1)},
		{"NOISE_FUNCTION=arcs, dots", func(c *captcha.Config) any { return len(c.Picture.Noise) }, is(2)},
		{"CAPTCHA_STYLE=classic", func(c *captcha.Config) any { return len(c.Picture.Styles) }, is(1)},
		{"CAPTCHA_SCALE=2", func(c *captcha.Config) any { return c.Picture.Scale }, is(2)},
		{"CAPTCHA_STORED=true", func(c *captcha.Config) any { return c.Stored }, is(true)},
		{"MASTER_CAPTCHA=k:sesame,k2:a:b",
			func(c *captcha.Config) any { return c.Compat.InsecureMasterAnswers },
			is(map[string]string{"k": "sesame", "k2": "a:b"})},
		{"CAPTCHA_SECRETS= " + secretA + ", " + secretB + " ",
			func(c *captcha.Config) any { return c.Secrets }, is([]string{secretA, secretB})},
		{"CAPTCHA_LENGTH=", func(c *captcha.Config) any { return c.Length }, is(0)},
	} {
		read, err := settings.Parse([]string{row.line})
		if err != nil {
			t.Errorf("%s: %v", row.line, err)
			continue
		}
		config := read.Captcha()
		if got := row.got(&config); !reflect.DeepEqual(got, row.want(nil)) {
			t.Errorf("%s: %v, want %v", row.line, got, row.want(nil))
		}
	}
}

func is(want any) func(*captcha.Config) any { return func(*captcha.Config) any { return want } }

// What does not parse is refused with the variable, its value and what is accepted.
func TestSettingsThatDoNotParse(t *testing.T) {
	const seconds = "must be a whole number of seconds from 1 to 86400"
	const colliding = "m{key} account_{key} accounts{key} kept_x{key} {key}1 m{key}1 l{key} o{key}.{version}"
	for variable, row := range map[string]struct {
		values   string // with blanks between
		accepted string
	}{
		"ADDR":                     {"3000 localhost a:b :70000 :-1 ::1", "must be host:port"},
		"METRICS_ADDR":             {"9090", "must be host:port"},
		"STORAGE_WAIT":             {"0 -1 10s x", seconds},
		"CAPTCHA_TIMEOUT":          {"0 -5 5m 1.5 x 86401 99999999999999999999", seconds},
		"LIMIT_KEPT":               {"20 20/week x", "must be the number of messages"},
		"LIMIT_LOGIN":              {"20 20/week x", "must be a number of requests"},
		"CAPTCHA_LENGTH":           {"0 0-4 4- -4 4-5-6 x", "must be a number of letters"},
		"CAPTCHA_FONT_PATH":        {"/nothing/here.ttf", "must be the path of a TrueType or OpenType file"},
		"CAPTCHA_FONT_SIZE":        {"0 x", "must be a number of pixels"},
		"CAPTCHA_IMAGE_SIZE":       {"90 90x -1x40 axb 90X40x1", "must be width x height in pixels"},
		"CAPTCHA_LETTER_ROTATION":  {"35 0,x upright", "must be the least and the greatest angle"},
		"CAPTCHA_FOREGROUND_COLOR": {"red #fff #gggggg 001100", "#rrggbb"},
		"CAPTCHA_BACKGROUND_COLOR": {"white #12345", "transparent"},
		"CAPTCHA_CACHE_KEY":        {colliding, "must begin differently"},
		"CAPTCHA_KEY":              {`a"b ключ a.b`, "must be a name of letters, digits, _ and -"},
		"CAPTCHA_IMAGE":            {`a\b a:b`, "must be a name of letters, digits, _ and -"},
		"FILTER_FUNCTION":          {"blurry smooth,", "accepted"},
		"NOISE_FUNCTION":           {"loud none,arcs", "accepted"},
		"CAPTCHA_STYLE":            {"fancy classic,,", "accepted"},
		"CAPTCHA_SCALE":            {"0 -1 1.5 x", "must be a whole number above zero"},
		"CAPTCHA_STORED":           {"yes 2 on", "must be true or false"},
		"CAPTCHA_PRESSURE":         {"on 4 -1", "must be auto, off, or a level from 0 to 3"},
		"CAPTCHA_PRESSURE_EXEMPT":  {"office 192.0.2.0/33", "must be addresses and networks"},
		"LIMIT_ISSUE":              {"fast 0/min 10 10/week", "must be a number of requests"},
		"TRUSTED_PROXIES":          {"everybody 0.0.0.0/0 10.0.0.0/33", ""},
		"LOG_FORMAT":               {"xml", "must be text or json"},
		"LOG_LEVEL":                {"loud", "must be debug, info, warn or error"},
		"STOP_DELAY":               {"2 1h -1s", "must be a time"},
	} {
		for value := range strings.FieldsSeq(row.values) {
			_, err := settings.Parse([]string{variable + "=" + value})
			if err == nil {
				t.Errorf("%s=%s is accepted", variable, value)
				continue
			}
			if got := err.Error(); !strings.HasPrefix(got, variable+"="+strconv.Quote(value)+": ") ||
				!strings.Contains(got, row.accepted) {
				t.Errorf("%s=%s: %q does not say %q", variable, value, got, row.accepted)
			}
		}
	}
}

// The site's forms read what a visitor has typed under these names.
func TestNoKeyUnderTheNameOfAFormsField(t *testing.T) {
	for _, name := range []string{"name", "email", "message", "password", "shown"} {
		if _, err := settings.Parse([]string{"CAPTCHA_KEY=" + name}); err == nil ||
			!strings.Contains(err.Error(), "a field of this name") {
			t.Errorf("CAPTCHA_KEY=%s: %v", name, err)
		}
	}
}

// A value that can be read but is not possible is refused by the captcha, with the variable and what is accepted.
func TestSettingsThatTheCaptchaRefuses(t *testing.T) {
	const takenFields = "captcha_value image_type captcha_work captcha_receipt captcha_refresh altcha"
	for variable, row := range map[string]struct {
		values string // with blanks between
		says   string
	}{
		"CAPTCHA_LENGTH":           {"33 6-4", ""},
		"CAPTCHA_FONT_SIZE":        {"7 1001 NaN +Inf", "1000"},
		"CAPTCHA_IMAGE_SIZE":       {"90x1001 90x8", ""},
		"CAPTCHA_LETTER_ROTATION":  {"35,-35 -91,0 NaN,0", "90 degrees"},
		"CAPTCHA_SCALE":            {"5", "1 to 4"},
		"CAPTCHA_CACHE_KEY":        {"captcha c{key}{key} {version}", "{key} once"},
		"CAPTCHA_KEY":              {takenFields, "no other field"},
		"CAPTCHA_IMAGE":            {"image_type", "no other field"},
		"CAPTCHA_FOREGROUND_COLOR": {"transparent #ffffff", "accepted"},
		"CAPTCHA_SECRETS":          {"tooshort " + secretA + ",tooshort", "32"},
		"MASTER_CAPTCHA":           {"k:tooshortt " + strings.Repeat("k", 65) + ":tooshort", "64 characters"},
	} {
		for value := range strings.FieldsSeq(row.values) {
			read, err := settings.Parse([]string{variable + "=" + value})
			if err != nil {
				t.Errorf("%s=%s: %v", variable, value, err)
				continue
			}
			_, err = newGuard(read)
			if err == nil {
				t.Errorf("%s=%s is accepted", variable, value)
				continue
			}
			got := err.Error()
			if named, _, _ := strings.Cut(got, ": "); !slices.Contains(strings.Fields(named), variable) ||
				strings.Count(got, "setting ") != 1 || !strings.Contains(got, row.says) ||
				strings.Contains(got, "tooshort") {
				t.Errorf("%s=%s: %q does not say %q", variable, value, got, row.says)
			}
		}
	}
}

// newGuard is what the demo makes of settings.
func newGuard(read settings.Settings) (*captcha.Guard, error) {
	guard, err := captcha.NewGuard(read.Captcha())
	if err != nil {
		return nil, settings.Refused(err)
	}
	return guard, nil
}

// Each setting that the captcha refuses by name has a variable, or is one that the demo does not have.
func TestEverySettingHasAVariable(t *testing.T) {
	for _, row := range []struct{ field, want string }{
		{"Length", "CAPTCHA_LENGTH: setting Length is v; accepted: a"},
		{"Picture.Width", "CAPTCHA_IMAGE_SIZE: setting Picture.Width is v; accepted: a"},
		{"Picture.Fonts[1]", "CAPTCHA_FONT_PATH: setting Picture.Fonts[1] is v; accepted: a"},
		{"Secrets[0]", "CAPTCHA_SECRETS: setting Secrets[0] is not accepted; accepted: a"},
		{"Compat.InsecureMasterAnswers",
			"MASTER_CAPTCHA: setting Compat.InsecureMasterAnswers is not accepted; accepted: a"},
		{"Path", "setting Path is v; accepted: a"},
	} {
		refused := &setting.Error{Field: row.field, Value: "v", Accepted: "a"}
		err := settings.Refused(fmt.Errorf("captcha: %w", errors.Join(refused)))
		if err.Error() != row.want {
			t.Errorf("%s: %s, want %s", row.field, err, row.want)
		}
	}
	if err := errors.New("something else"); settings.Refused(err) != err {
		t.Error("an error that refuses no setting is changed")
	}
}

// A length that fits into a key, or needs none, is accepted up to the package's own limit.
func TestLongLengths(t *testing.T) {
	for _, environ := range [][]string{
		{"CAPTCHA_LENGTH=14", "CAPTCHA_IMAGE_SIZE=0x40"},
		{"CAPTCHA_LENGTH=32", "CAPTCHA_IMAGE_SIZE=0x40", "CAPTCHA_STORED=true"},
	} {
		read, err := settings.Parse(environ)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := newGuard(read); err != nil {
			t.Errorf("%s: %v", environ[0], err)
		}
	}
	read, err := settings.Parse([]string{"CAPTCHA_LENGTH=20", "CAPTCHA_IMAGE_SIZE=0x40"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newGuard(read); err == nil || !strings.HasPrefix(err.Error(), "CAPTCHA_LENGTH: ") {
		t.Errorf("20 letters in a sealed key: %v", err)
	}
}

// All that is wrong is said at once.
func TestSeveralSettingsThatDoNotParse(t *testing.T) {
	_, err := settings.Parse([]string{"CAPTCHA_TIMEOUT=x", "CAPTCHA_LENGTH=0", "ADDR=:1"})
	if err == nil || !strings.Contains(err.Error(), "CAPTCHA_TIMEOUT=") ||
		!strings.Contains(err.Error(), "CAPTCHA_LENGTH=") {
		t.Errorf("%v", err)
	}
}

// The value of a secret is not repeated.
func TestSecretSettingsAreNotShown(t *testing.T) {
	for _, line := range []string{"MASTER_CAPTCHA=tooshort", "MASTER_CAPTCHA=:tooshort"} {
		_, err := settings.Parse([]string{line})
		name, _, _ := strings.Cut(line, "=")
		if err == nil || !strings.HasPrefix(err.Error(), name+" (not shown): ") ||
			!strings.Contains(err.Error(), "must be key:answer") || strings.Contains(err.Error(), "tooshort") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestSecretsFromFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(secretA+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := settings.Parse([]string{"CAPTCHA_SECRETS_FILE=" + path, "STORAGE_URL_FILE=" + path})
	if err != nil || read.StorageURL != secretA || read.Captcha().Secrets[0] != secretA {
		t.Errorf("%v, %v", read, err)
	}
	if _, err := settings.Parse([]string{"CAPTCHA_SECRETS_FILE=" + path, "CAPTCHA_SECRETS=" + secretB}); err == nil {
		t.Error("a secret is taken both ways at once")
	}
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := settings.Parse([]string{"MASTER_CAPTCHA_FILE=" + missing}); err == nil ||
		!strings.Contains(err.Error(), "MASTER_CAPTCHA_FILE=") ||
		!strings.Contains(err.Error(), "must be the path of a file") {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := settings.Parse([]string{"CAPTCHA_LENGTH_FILE=" + missing}); err != nil {
		t.Errorf("the file of what is no secret is read: %v", err)
	}
}

func TestSettingsByDefault(t *testing.T) {
	read, err := settings.Parse([]string{"HOME=/", "CAPTCHA_LENGTH=", "ADDR="})
	if err != nil || read.Addr != ":3000" || read.StorageURL != "memory://" || read.StorageWait != 10 {
		t.Errorf("%v, %v", read, err)
	}
	if got, want := read.Captcha(), (captcha.Config{}); !reflect.DeepEqual(got, want) {
		t.Errorf("the captcha's settings are %+v", got)
	}
}

// Whatever the variables hold, they are read, or refused by name. What is read makes a guard, or is refused by the
// guard with the variables' names.
func FuzzSettings(f *testing.F) {
	variables := []string{"ADDR", "STORAGE_WAIT", "CAPTCHA_TIMEOUT", "CAPTCHA_LENGTH", "CAPTCHA_FONT_SIZE",
		"CAPTCHA_IMAGE_SIZE", "CAPTCHA_LETTER_ROTATION", "CAPTCHA_FOREGROUND_COLOR", "CAPTCHA_BACKGROUND_COLOR",
		"CAPTCHA_CACHE_KEY", "CAPTCHA_KEY", "CAPTCHA_IMAGE", "FILTER_FUNCTION", "NOISE_FUNCTION", "CAPTCHA_STYLE",
		"CAPTCHA_SCALE", "CAPTCHA_STORED", "MASTER_CAPTCHA", "CAPTCHA_SECRETS", "LIMIT_ISSUE", "TRUSTED_PROXIES",
		"LOG_LEVEL", "STOP_DELAY"}
	for n, value := range []string{":3000", "10", "300", "4-6", "22", "90x40", "-35,35", "#001100", "transparent",
		"x{key}", "id", "png", "none", "arcs,dots", "classic", "2", "true", "k:v", secretA, "60/min", "10.0.0.0/8",
		"warn", "1s"} {
		f.Add(byte(n), value, byte(0), "")
	}
	f.Add(byte(5), "90x40", byte(4), "2000")
	f.Add(byte(7), "#101010", byte(8), "#111111")
	f.Add(byte(10), "same", byte(11), "same")
	f.Fuzz(func(t *testing.T, first byte, value string, second byte, other string) {
		names := []string{variables[int(first)%len(variables)], variables[int(second)%len(variables)]}
		read, err := settings.Parse([]string{names[0] + "=" + value, names[1] + "=" + other})
		if err != nil {
			if got := err.Error(); !strings.HasPrefix(got, names[0]) && !strings.HasPrefix(got, names[1]) {
				t.Fatalf("%q names no variable", got)
			}
			return
		}
		if _, err := newGuard(read); err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "CAPTCHA_") && !strings.HasPrefix(line, "MASTER_") &&
					!strings.HasPrefix(line, "FILTER_") && !strings.HasPrefix(line, "NOISE_") {
					t.Fatalf("%q names no variable", line)
				}
			}
		}
	})
}

// A variable with a typing error is named, and what it was meant to be.
func TestUnknownVariables(t *testing.T) {
	for name, meant := range map[string]string{
		"CAPTCHA_LENGHT":      "CAPTCHA_LENGTH",
		"CAPTCHA_LENTGHS":     "CAPTCHA_LENGTH",
		"CAPTCHA_STORE":       "CAPTCHA_STORED",
		"CAPTCHA_STAND":       "",
		"CAPTCHA_SECRET_FILE": "CAPTCHA_SECRETS_FILE",
		"captcha_length":      "CAPTCHA_LENGTH",
		"STORAGE_ULR":         "STORAGE_URL",
		"STORAGEURL":          "STORAGE_URL",
		"STORAGE_URLS_FILE":   "STORAGE_URL_FILE",
		"METRIC_ADDR":         "METRICS_ADDR",
		"MASTER_CAPTHA":       "MASTER_CAPTCHA",
		"TRUSTED_PROXY":       "", // three letters
		"TRUSTED_PROXYS":      "TRUSTED_PROXIES",
		"LIMIT_CONECTION":     "LIMIT_CONNECTIONS",
		"LOGLEVEL":            "LOG_LEVEL",
		"ADRD":                "ADDR",
	} {
		got := settings.Unknown([]string{name + "=1"})
		if meant == "" && !strings.HasPrefix(name, "CAPTCHA_") {
			if len(got) != 0 {
				t.Errorf("%s: %v, want nothing", name, got)
			}
			continue
		}
		if want := []settings.Stranger{{Name: name, Meant: meant}}; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// Neither a variable of another program nor a setting counts as a typing error.
func TestKnownAndForeignVariables(t *testing.T) {
	var environ []string
	names := `ADDR CAPTCHA_LENGTH CAPTCHA_SECRETS_FILE STORAGE_URL STORAGE_URL_FILE METRICS_ADDR LIMIT_KEPT
		PATH HOME USER SHELL TERM LANG LC_ALL PWD OLDPWD HOSTNAME HOST PORT TZ TMPDIR TMP EDITOR PAGER DISPLAY ` +
		`MAIL LOGNAME SHLVL LS_COLORS
		SSH_AUTH_SOCK SSH_CONNECTION XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS ` +
		`GOPATH GOROOT GOFLAGS GOMAXPROCS GOMEMLIMIT GODEBUG GOPROXY
		CI DEBUG NODE_ENV HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy ` +
		`KUBERNETES_SERVICE_HOST KUBERNETES_PORT KUBERNETES_PORT_443_TCP_ADDR
		REDIS_URL REDIS_HOST REDIS_PORT DATABASE_URL STORAGE_PORT STORAGE_HOST ` +
		`METRICS_PORT METRICS_HOST INVOCATION_ID NOTIFY_SOCKET
		JOURNAL_STREAM LISTEN_FDS CREDENTIALS_DIRECTORY AWS_REGION OTEL_EXPORTER_OTLP_ENDPOINT ` +
		`SERVER_ADDR BIND_ADDR DYNO container _`
	for name := range strings.FieldsSeq(names) {
		environ = append(environ, name+"=1")
	}
	if got := settings.Unknown(environ); len(got) > 0 {
		t.Errorf("%v", got)
	}
}
