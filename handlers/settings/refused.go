package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// variables are the demo's variables for the settings of package captcha. Settings are named without an index.
var variables = map[string]string{
	"Storage":                      "CAPTCHA_CACHE",
	"Expiration":                   "CAPTCHA_TIMEOUT",
	"Length":                       "CAPTCHA_LENGTH",
	"MaxLength":                    "CAPTCHA_LENGTH",
	"Secrets":                      "CAPTCHA_SECRETS",
	"Stored":                       "CAPTCHA_STORED",
	"Sites":                        "CAPTCHA_SITES",
	"Compat.Namespace":             "CAPTCHA_CACHE_KEY",
	"Compat.KeyField":              "CAPTCHA_KEY",
	"Compat.ImageField":            "CAPTCHA_IMAGE",
	"Compat.InsecureMasterAnswers": "MASTER_CAPTCHA",
	"Picture.MaxLength":            "CAPTCHA_LENGTH with CAPTCHA_IMAGE_SIZE", // longer than the picture has room for
	"Picture.Width":                "CAPTCHA_IMAGE_SIZE",
	"Picture.Height":               "CAPTCHA_IMAGE_SIZE",
	"Picture.Scale":                "CAPTCHA_SCALE",
	"Picture.Fonts":                "CAPTCHA_FONT_PATH",
	"Picture.FontSize":             "CAPTCHA_FONT_SIZE",
	"Picture.RotationMin":          "CAPTCHA_LETTER_ROTATION",
	"Picture.RotationMax":          "CAPTCHA_LETTER_ROTATION",
	"Picture.Foreground":           "CAPTCHA_FOREGROUND_COLOR",
	"Picture.Background":           "CAPTCHA_BACKGROUND_COLOR",
	"Picture.Styles":               "CAPTCHA_STYLE",
	"Picture.Noise":                "NOISE_FUNCTION",
	"Picture.Filters":              "FILTER_FUNCTION",
}

// Refused puts the variable's name before each setting that err refuses, and shows nothing that may be secret. Each
// variable is named once. A setting that no variable sets has its default, with which another setting is in conflict:
// it is reported only if nothing else is refused.
func Refused(err error) error {
	var named, others []error
	seen := make(map[string]bool)
	for _, refused := range Refusals(err) {
		field, _, _ := strings.Cut(refused.Field, "[")
		name := variables[field]
		if slices.Contains(inFiles, name) {
			refused = &setting.Error{Field: refused.Field, Accepted: refused.Accepted}
		}
		switch {
		case name == "":
			others = append(others, refused)
		case !seen[name]:
			named = append(named, fmt.Errorf("%s: %w", name, refused))
		}
		seen[name] = true
	}
	switch {
	case named != nil:
		return errors.Join(named...)
	case others != nil:
		return errors.Join(others...)
	}
	return err
}

// Refusals returns the settings that err refuses, one by one.
func Refusals(err error) (list []*setting.Error) {
	switch e := err.(type) {
	case nil:
		return nil
	case *setting.Error:
		return []*setting.Error{e}
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			list = append(list, Refusals(err)...)
		}
		return list
	}
	if inner := errors.Unwrap(err); inner != nil {
		return Refusals(inner)
	}
	return nil
}
