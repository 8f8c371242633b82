// Package settings reads the demo's settings from environment variables. It reads what a text means. Which values are
// accepted is for the captcha to say; this package adds the variable's name to what the captcha refuses.
package settings

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

// Settings are the demo's settings, from the environment. The captcha's have django-rest-captcha's names.
//
// Each setting is a type of its own, which reads its text.
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
	Key             keyField  `env:"CAPTCHA_KEY"`
	Image           fieldName `env:"CAPTCHA_IMAGE"`
	Filter          filters   `env:"FILTER_FUNCTION"`
	Noise           noises    `env:"NOISE_FUNCTION"`
	Style           styles    `env:"CAPTCHA_STYLE"`
	Scale           whole     `env:"CAPTCHA_SCALE"`
	Master          masters   `env:"MASTER_CAPTCHA"`
	Secrets         secrets   `env:"CAPTCHA_SECRETS"`
	Stored          truth     `env:"CAPTCHA_STORED"`
	Sites           sites     `env:"CAPTCHA_SITES"` // other sites that are served, beside the demo's own pages

	PressureLevel  pressureLevel `env:"CAPTCHA_PRESSURE" envDefault:"auto"`
	PressureExempt web.Networks  `env:"CAPTCHA_PRESSURE_EXEMPT"`

	Operation
}

// Parse reads the settings from an environment such as os.Environ returns. A variable that is empty counts as not set.
// The error names each variable that can't be read, its value unless that may be secret, and what is accepted.
func Parse(environ []string) (Settings, error) {
	variables := env.ToMap(environ)
	if err := readFiles(variables); err != nil {
		return Settings{}, err
	}
	settings, problems := parse(variables)
	errs := make([]error, 0, len(problems))
	for _, name := range slices.Sorted(maps.Keys(problems)) {
		errs = append(errs, fmt.Errorf("%s: %w", shown(name, variables[name]), problems[name]))
	}
	return settings, errors.Join(errs...)
}

// parse reads the settings. For each variable that can't be read it returns an error that says what is accepted.
func parse(variables map[string]string) (Settings, map[string]error) {
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

// Captcha returns the guard's settings, except for Storage, which the caller has to set.
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
		Secrets: s.Secrets,
		Stored:  bool(s.Stored),
		Compat: captcha.Compat{
			Namespace:             string(s.CacheKey),
			KeyField:              string(s.Key),
			ImageField:            string(s.Image),
			InsecureMasterAnswers: s.Master,
		},
	}
}
