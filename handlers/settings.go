package handlers

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

// Settings are the demo's, from the environment. Those of the captcha have django-rest-captcha's names.
//
// Each is a type of its own, that says what is accepted.
type Settings struct {
	Addr        listenAddr `env:"ADDR" envDefault:":3000"`
	StorageURL  string     `env:"STORAGE_URL" envDefault:"memory://"`
	StorageWait seconds    `env:"STORAGE_WAIT" envDefault:"10"`

	Cache           string    `env:"CAPTCHA_CACHE"` // a storage of the captcha's own; default STORAGE_URL
	Timeout         seconds   `env:"CAPTCHA_TIMEOUT"`
	Length          lengths   `env:"CAPTCHA_LENGTH"`
	FontPath        fontFiles `env:"CAPTCHA_FONT_PATH"`
	FontSize        fontSize  `env:"CAPTCHA_FONT_SIZE"`
	ImageSize       size      `env:"CAPTCHA_IMAGE_SIZE"`
	LetterRotation  rotation  `env:"CAPTCHA_LETTER_ROTATION"`
	ForegroundColor colour    `env:"CAPTCHA_FOREGROUND_COLOR"`
	BackgroundColor colour    `env:"CAPTCHA_BACKGROUND_COLOR"`
	CacheKey        cacheKey  `env:"CAPTCHA_CACHE_KEY"`
	Key             fieldName `env:"CAPTCHA_KEY"`
	Image           fieldName `env:"CAPTCHA_IMAGE"`
	Filter          filters   `env:"FILTER_FUNCTION"`
	Noise           noises    `env:"NOISE_FUNCTION"`
	Style           styles    `env:"CAPTCHA_STYLE"`
	Scale           scale     `env:"CAPTCHA_SCALE"`
	Master          masters   `env:"MASTER_CAPTCHA"`
	Secrets         secrets   `env:"CAPTCHA_SECRETS"`
	Stored          truth     `env:"CAPTCHA_STORED"`

	Operation
}

// ParseSettings reads the settings from an environment such as os.Environ returns. A variable that is empty counts as not
// set. The error names each variable that does not parse, its value unless that is secret, and what is accepted.
func ParseSettings(environ []string) (Settings, error) {
	variables := env.ToMap(environ)
	if err := readFiles(variables); err != nil {
		return Settings{}, err
	}
	settings, problems := parseVariables(variables)
	errs := make([]error, 0, len(problems))
	for _, name := range slices.Sorted(maps.Keys(problems)) {
		errs = append(errs, fmt.Errorf("%s: %w", shown(name, variables[name]), problems[name]))
	}
	return settings, errors.Join(errs...)
}

// parseVariables reads the settings, and says of each variable that does not parse what is accepted.
func parseVariables(variables map[string]string) (Settings, map[string]error) {
	settings, err := env.ParseAsWithOptions[Settings](env.Options{Environment: variables})
	problems := make(map[string]error)
	var all env.AggregateError
	if errors.As(err, &all) {
		for _, err := range all.Errors {
			name, problem := variableProblem(err)
			problems[name] = problem
		}
	}
	return settings, problems
}

// variableProblem turns the parser's complaint about a field into one about the variable behind it.
func variableProblem(err error) (variable string, problem error) {
	var parse env.ParseError
	if !errors.As(err, &parse) {
		return "", err
	}
	field, ok := reflect.TypeFor[Settings]().FieldByName(parse.Name)
	if !ok {
		return parse.Name, parse.Err
	}
	return field.Tag.Get("env"), parse.Err
}

// shown quotes a variable's value, unless that may be secret.
func shown(name, value string) string {
	if slices.Contains(inFiles, name) {
		return name + " (not shown)"
	}
	return fmt.Sprintf("%s=%q", name, value)
}

// Impossible turns what the guard says of settings that don't go together into an error that names the variables, and
// shows no secret.
func Impossible(problem any) error {
	if strings.Contains(fmt.Sprint(problem), "InsecureMasterAnswers") {
		return errors.New("captcha: MASTER_CAPTCHA (not shown): accepted are keys of up to 64 characters, and answers of up to 8, " +
			"or as many as CAPTCHA_LENGTH allows")
	}
	return errors.New(strings.NewReplacer(
		"FontSize", "CAPTCHA_FONT_SIZE",
		"Fonts", "CAPTCHA_FONT_PATH",
		"Width", "CAPTCHA_IMAGE_SIZE width",
		"Height", "CAPTCHA_IMAGE_SIZE height",
		"Scale", "CAPTCHA_SCALE",
		"Foreground", "CAPTCHA_FOREGROUND_COLOR",
		"Background", "CAPTCHA_BACKGROUND_COLOR",
		"KeyField", "CAPTCHA_KEY",
		"ImageField", "CAPTCHA_IMAGE",
		"StorageKey", "CAPTCHA_CACHE_KEY",
		"MaxLength", "CAPTCHA_LENGTH",
		"Secrets", "CAPTCHA_SECRETS",
		"or Fit", "or 0",
	).Replace(fmt.Sprint(problem)))
}

// Captcha returns the guard's settings. Storage is the caller's to set.
func (s Settings) Captcha() captcha.Config {
	return captcha.Config{
		Expiration: time.Duration(s.Timeout) * time.Second,
		Length:     s.Length.least,
		MaxLength:  s.Length.most,
		Picture: picture.Config{
			Width:       s.ImageSize.width,
			Height:      s.ImageSize.height,
			Scale:       int(s.Scale),
			Fonts:       s.FontPath,
			FontSize:    float64(s.FontSize),
			RotationMin: s.LetterRotation.least,
			RotationMax: s.LetterRotation.most,
			Upright:     s.LetterRotation.none,
			Foreground:  s.ForegroundColor.Color,
			Background:  s.BackgroundColor.Color,
			Styles:      s.Style,
			Noise:       s.Noise,
			Filters:     s.Filter,
		},
		Secrets:               s.Secrets,
		Stored:                bool(s.Stored),
		StorageKey:            string(s.CacheKey),
		KeyField:              string(s.Key),
		ImageField:            string(s.Image),
		InsecureMasterAnswers: s.Master,
	}
}

// The types of single settings. Each says in its error what is accepted.

type listenAddr string

func (a *listenAddr) UnmarshalText(text []byte) error {
	_, port, err := net.SplitHostPort(string(text))
	if number, bad := strconv.Atoi(port); err != nil || bad != nil || number < 0 || number > 65535 {
		return errors.New("accepted is host:port, as in 127.0.0.1:3000, or :3000 for every address of this machine")
	}
	*a = listenAddr(text)
	return nil
}

type truth bool

func (t *truth) UnmarshalText(text []byte) error {
	value, err := strconv.ParseBool(string(text))
	if err != nil {
		return errors.New("accepted is true or false")
	}
	*t = truth(value)
	return nil
}

type cacheKey string

func (k *cacheKey) UnmarshalText(text []byte) error {
	if strings.Count(string(text), "{key}") != 1 || len(text) > 256 {
		return errors.New("accepted is up to 256 bytes with {key} once, as in rest_captcha_{key}.{version}")
	}
	*k = cacheKey(text)
	return nil
}

type fieldName string

func (n *fieldName) UnmarshalText(text []byte) error {
	for _, b := range text {
		if b != '_' && b != '-' && (b < '0' || b > '9') && (b|0x20 < 'a' || b|0x20 > 'z') {
			return errors.New("accepted is a name of letters, digits, _ and -, as in captcha_key")
		}
	}
	*n = fieldName(text)
	return nil
}

type scale int

func (s *scale) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || n > picture.MaxScale {
		return fmt.Errorf("accepted is a whole number from 1 to %d", picture.MaxScale)
	}
	*s = scale(n)
	return nil
}

type seconds int

func (s *seconds) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || n > 86400 {
		return errors.New("accepted is a whole number of seconds from 1 to 86400")
	}
	*s = seconds(n)
	return nil
}

type lengths struct{ least, most int }

// orDefault returns the lengths, or where none are set those that the guard has then.
func (l lengths) orDefault() lengths {
	if l == (lengths{}) {
		return lengths{captcha.ConfigDefault.Length, captcha.ConfigDefault.Length}
	}
	return l
}

func (l *lengths) UnmarshalText(text []byte) error {
	from, to, isRange := strings.Cut(string(text), "-")
	if !isRange {
		to = from
	}
	least, err1 := strconv.Atoi(from)
	most, err2 := strconv.Atoi(to)
	if err1 != nil || err2 != nil || least < 1 || most < least || most > 14 {
		return errors.New("accepted is a number of letters from 1 to 14, as in 4, or a range, as in 4-6")
	}
	*l = lengths{least, most}
	return nil
}

type fontFiles [][]byte

func (f *fontFiles) UnmarshalText(text []byte) error {
	for path := range strings.SplitSeq(string(text), ",") {
		path = strings.TrimSpace(path)
		if font, ok := fontNamed(path); ok {
			*f = append(*f, font.file)
			continue
		}
		file, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("accepted is the path of a TrueType file, one of %s, or several with commas between: %w",
				strings.Join(fontNames(), ", "), err)
		}
		*f = append(*f, file)
	}
	return nil
}

type fontSize float64

func (f *fontSize) UnmarshalText(text []byte) error {
	x, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(x >= 8 && x <= picture.MaxSize) {
		return fmt.Errorf("accepted is a number of pixels from 8 to %d", picture.MaxSize)
	}
	*f = fontSize(x)
	return nil
}

type size struct{ width, height int }

func (s *size) UnmarshalText(text []byte) error {
	width, height, ok := strings.Cut(string(text), "x")
	w, err1 := strconv.Atoi(width)
	h, err2 := strconv.Atoi(height)
	if !ok || err1 != nil || err2 != nil || w < 0 || h < 0 || w > picture.MaxSize || h > picture.MaxSize {
		return fmt.Errorf("accepted is width x height in pixels, as in 90x40, each up to %d; 0 is as much as the text needs", picture.MaxSize)
	}
	*s = size{orFit(w), orFit(h)}
	return nil
}

func orFit(n int) int {
	if n == 0 {
		return picture.Fit
	}
	return n
}

type rotation struct {
	least, most float64
	none        bool
}

func (r *rotation) UnmarshalText(text []byte) error {
	if string(text) == "none" {
		*r = rotation{none: true}
		return nil
	}
	from, to, ok := strings.Cut(string(text), ",")
	least, err1 := strconv.ParseFloat(strings.TrimSpace(from), 64)
	most, err2 := strconv.ParseFloat(strings.TrimSpace(to), 64)
	if !ok || err1 != nil || err2 != nil || !(-90 <= least && least <= most && most <= 90) {
		return errors.New("accepted are the least and the greatest angle in degrees from -90 to 90, as in -35,35, or none")
	}
	*r = rotation{least, most, least == 0 && most == 0}
	return nil
}

type masters map[string]string

func (m *masters) UnmarshalText(text []byte) error {
	*m = make(masters)
	for pair := range strings.SplitSeq(string(text), ",") {
		key, answer, ok := strings.Cut(strings.TrimSpace(pair), ":")
		if !ok || key == "" || answer == "" {
			return errors.New("accepted is key:answer, or several with commas between")
		}
		(*m)[key] = answer
	}
	return nil
}

type secrets []string

func (s *secrets) UnmarshalText(text []byte) error {
	*s = strings.Split(strings.TrimSpace(string(text)), ",")
	for i, secret := range *s {
		if len(secret) < 32 {
			return fmt.Errorf("secret %d has %d characters; accepted are secrets of at least 32, with commas between, the one to seal with first", i+1, len(secret))
		}
	}
	return nil
}
