package playground

import (
	"fmt"
	"image/color"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
	"github.com/fibercaptcha/fibercaptcha/handlers/settings"
)

// look is what knobs stand for. What they leave at its default is zero.
type look struct {
	picture.Config
	least, most int // letters
}

// look reads the knobs, and says what is wrong with each one that can't be read, or asks for more than the playground
// draws. Whether the rest is possible is for package picture to say.
func (k knobs) look() (l look, problems map[string]string) {
	problems = make(map[string]string)
	d := defaultKnobs
	l.least, l.most = captcha.ConfigDefault.Length, captcha.ConfigDefault.Length
	if lengths := k.lengths(); lengths != d.Length {
		from, to, isRange := strings.Cut(lengths, "-")
		if !isRange {
			to = from
		}
		var err1, err2 error
		l.least, err1 = strconv.Atoi(from)
		l.most, err2 = strconv.Atoi(to)
		if err1 != nil || err2 != nil || l.least < 1 || l.most < l.least || l.most > maxLetters {
			problems["length"] = fmt.Sprintf("Enter 1 to %d letters, the smaller number first.", maxLetters)
		}
	}
	if k.Width != d.Width || k.Height != d.Height {
		var err1, err2 error
		l.Width, err1 = settings.Pixels(k.Width)
		l.Height, err2 = settings.Pixels(k.Height)
		if err1 != nil || err2 != nil {
			problems["size"] = fmt.Sprintf("Enter whole numbers of pixels, each up to %d. 0 means as much as the text needs.", picture.MaxSize)
		}
	}
	if !slices.Contains(allOptions.Scales, k.Scale) {
		problems["scale"] = "Choose one of " + strings.Join(allOptions.Scales, ", ") + "."
	} else if k.Scale != defaultScale {
		l.Scale, _ = strconv.Atoi(k.Scale)
	}
	if _, ok := settings.FontNamed(k.Font); !ok && k.Font != "" {
		problems["font"] = "Choose one of " + strings.Join(settings.FontNames(), ", ") + "."
	}
	k.readLetters(&l, problems)
	k.readColours(&l, problems)
	l.Styles = named(problems, "style", k.Style, picture.ParseStyle)
	l.Noise = named(problems, "noise", k.Noise, picture.ParseNoise)
	l.Filters = named(problems, "filter", k.Filter, picture.ParseFilter)
	return l, problems
}

// readLetters reads how high letters are, and how they are turned.
func (k knobs) readLetters(l *look, problems map[string]string) {
	if k.FontSize != "" {
		x, err := strconv.ParseFloat(k.FontSize, 64)
		if l.FontSize = x; err != nil || x == 0 {
			problems["font_size"] = "Enter a number of pixels."
		}
	}
	if l.Upright = k.Upright; l.Upright || k.rotation() == defaultKnobs.rotation() {
		return
	}
	var err1, err2 error
	l.RotationMin, err1 = strconv.ParseFloat(k.RotationMin, 64)
	l.RotationMax, err2 = strconv.ParseFloat(k.RotationMax, 64)
	if err1 != nil || err2 != nil {
		problems["rotation"] = "Enter two numbers of degrees, the smaller first."
	}
	l.Upright = l.RotationMin == 0 && l.RotationMax == 0
}

func (k knobs) readColours(l *look, problems map[string]string) {
	read := func(text string) color.Color {
		c, err := picture.ParseColor(text)
		if err != nil {
			problems["colours"] = sentence(strings.TrimPrefix(err.Error(), "picture: "))
		}
		return c
	}
	switch k.Colours {
	case "":
	case "own":
		l.Foreground, l.Background = read(k.Foreground), read(k.Background)
	case "transparent":
		l.Foreground, l.Background = read(k.Foreground), color.Transparent
	default:
		problems["colours"] = "Choose own or transparent."
	}
}

// named reads a knob that takes several names. If there are none, the list is empty, not nil, which would mean the
// default.
func named[T any](problems map[string]string, knob string, names []string, parse func(string) (T, error)) (list []T) {
	if knob != "style" && slices.Contains(names, none) {
		if len(names) > 1 {
			problems[knob] = "None can't be chosen together with others. Untick it or the others."
		}
		return []T{}
	}
	for _, name := range names {
		value, err := parse(name)
		if err != nil {
			problems[knob] = sentence(strings.TrimPrefix(err.Error(), "picture: "))
		}
		list = append(list, value)
	}
	return list
}

// knobOf says which knob sets each setting of package picture.
var knobOf = map[string]string{
	"Width": "size", "Height": "size", "MaxLength": "size", "Scale": "scale", "Fonts": "font", "FontSize": "font_size", "RotationMin": "rotation",
	"RotationMax": "rotation", "Foreground": "colours", "Background": "colours", "Styles": "style", "Noise": "noise", "Filters": "filter",
}

// refused returns what package picture refuses, by knob.
func refused(err error) map[string]string {
	problems := make(map[string]string)
	for _, refusal := range settings.Refusals(err) {
		field, _, _ := strings.Cut(strings.TrimPrefix(refusal.Field, "Picture."), "[")
		if knob := knobOf[field]; knob != "" {
			problems[knob] = explain(field, refusal)
		}
	}
	return problems
}

// explain names the setting as it is named in the Go code on the page, and Fit as in the form.
func explain(field string, refusal *setting.Error) string {
	text := refusal.Accepted
	if refusal.Value != "" {
		text = fmt.Sprintf("%s is %s; accepted: %s", field, refusal.Value, refusal.Accepted)
	}
	return sentence(strings.ReplaceAll(text, "or Fit", "or 0 for as much as the text needs"))
}

func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}
