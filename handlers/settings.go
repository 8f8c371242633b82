package handlers

import (
	"errors"
	"fmt"
	"maps"
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
type Settings struct {
	Addr       string `env:"ADDR" envDefault:":3000"`
	StorageURL string `env:"STORAGE_URL" envDefault:"memory://"`

	Cache           string    `env:"CAPTCHA_CACHE"` // a storage of the captcha's own; default STORAGE_URL
	Timeout         seconds   `env:"CAPTCHA_TIMEOUT"`
	Length          lengths   `env:"CAPTCHA_LENGTH"`
	FontPath        fontFiles `env:"CAPTCHA_FONT_PATH"`
	FontSize        fontSize  `env:"CAPTCHA_FONT_SIZE"`
	ImageSize       size      `env:"CAPTCHA_IMAGE_SIZE"`
	LetterRotation  rotation  `env:"CAPTCHA_LETTER_ROTATION"`
	ForegroundColor colour    `env:"CAPTCHA_FOREGROUND_COLOR"`
	BackgroundColor colour    `env:"CAPTCHA_BACKGROUND_COLOR"`
	CacheKey        string    `env:"CAPTCHA_CACHE_KEY"`
	Key             string    `env:"CAPTCHA_KEY"`
	Image           string    `env:"CAPTCHA_IMAGE"`
	Filter          filters   `env:"FILTER_FUNCTION"`
	Noise           noises    `env:"NOISE_FUNCTION"`
	Style           styles    `env:"CAPTCHA_STYLE"`
	Scale           int       `env:"CAPTCHA_SCALE"`
	Master          masters   `env:"MASTER_CAPTCHA"`
	Secrets         secrets   `env:"CAPTCHA_SECRETS"`
	Stored          bool      `env:"CAPTCHA_STORED"`

	Operation
}

// ParseSettings reads the settings from environment variables. The error names each variable that does not parse, its
// value and what is accepted.
func ParseSettings() (Settings, error) {
	environment := env.ToMap(os.Environ())
	if err := readFiles(environment); err != nil {
		return Settings{}, err
	}
	settings, problems := parseVariables(environment)
	errs := make([]error, 0, len(problems))
	for _, name := range slices.Sorted(maps.Keys(problems)) {
		errs = append(errs, fmt.Errorf("%s: %w", shown(name, environment[name]), problems[name]))
	}
	return settings, errors.Join(errs...)
}

// parseVariables reads the settings, and says of each variable that does not parse what is accepted.
func parseVariables(environment map[string]string) (Settings, map[string]error) {
	settings, err := env.ParseAsWithOptions[Settings](env.Options{Environment: environment})
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
	if number := (*strconv.NumError)(nil); errors.As(parse.Err, &number) {
		accepted := map[reflect.Kind]string{reflect.Bool: "true or false", reflect.Int: "a whole number"}[field.Type.Kind()]
		return field.Tag.Get("env"), fmt.Errorf("accepted is %s", accepted)
	}
	return field.Tag.Get("env"), parse.Err
}

// shown quotes a variable's value, unless that may be secret.
func shown(name, value string) string {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Settings]()) {
		_, secret := reflect.Zero(field.Type).Interface().(interface{ secret() })
		if field.Tag.Get("env") == name && secret {
			return name + " (not shown)"
		}
	}
	return fmt.Sprintf("%s=%q", name, value)
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
			Scale:       s.Scale,
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
		Stored:                s.Stored,
		StorageKey:            s.CacheKey,
		KeyField:              s.Key,
		ImageField:            s.Image,
		InsecureMasterAnswers: s.Master,
	}
}

// The types of single settings. Each says in its error what is accepted.

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
	if err != nil || !(x >= 8 && x <= 2000) {
		return errors.New("accepted is a number of pixels from 8 to 2000")
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

func (masters) secret() {}

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

func (secrets) secret() {}

func (s *secrets) UnmarshalText(text []byte) error {
	*s = strings.Split(strings.TrimSpace(string(text)), ",")
	for i, secret := range *s {
		if len(secret) < 32 {
			return fmt.Errorf("secret %d has %d characters; accepted are secrets of at least 32, with commas between, the one to seal with first", i+1, len(secret))
		}
	}
	return nil
}
