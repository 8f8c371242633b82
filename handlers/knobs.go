package handlers

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
)

// knobs are a visitor's choices, as they stand in the address. Each becomes one of the demo's environment variables: these
// are parsed as the server's own are, so that what the page tells to copy is what it has drawn.
type knobs struct {
	Style                    []string
	Length, Longest          string
	Width, Height            string
	Font, FontSize           string
	RotationMin, RotationMax string
	Upright                  bool
	Colours                  string // "" for the default, "own", or "transparent" for a foreground without a ground
	Foreground, Background   string
	Noise, Filter            []string
	Scale                    string
}

var defaultKnobs = knobs{
	Length: "4", Width: "90", Height: "40", RotationMin: "-35", RotationMax: "35",
	Foreground: "#001100", Background: "#ffffff", Scale: "1",
}

const none = "none"

// What is read of an address. No sensible choice has more, and all of it is shown in the page again.
const (
	maxValue  = 32 // bytes
	maxValues = 12
)

func readKnobs(c *fiber.Ctx) knobs {
	several := func(name string) (list []string) {
		for _, values := range c.Context().QueryArgs().PeekMulti(name) {
			for value := range strings.SplitSeq(string(values), ",") {
				if value = bounded(value); value != "" && !slices.Contains(list, value) && len(list) < maxValues {
					list = append(list, value)
				}
			}
		}
		return list
	}
	one := func(name, absent string) string {
		if value := bounded(c.Query(name)); value != "" {
			return value
		}
		return absent
	}
	d := defaultKnobs
	return knobs{
		Style:       several("style"),
		Length:      one("length", d.Length),
		Longest:     one("longest", ""),
		Width:       one("width", d.Width),
		Height:      one("height", d.Height),
		Font:        one("font", ""),
		FontSize:    one("font_size", ""),
		RotationMin: one("rotation_min", d.RotationMin),
		RotationMax: one("rotation_max", d.RotationMax),
		Upright:     one("upright", "") != "",
		Colours:     one("colours", ""),
		Foreground:  one("foreground", d.Foreground),
		Background:  one("background", d.Background),
		Noise:       several("noise"),
		Filter:      several("filter"),
		Scale:       one("scale", d.Scale),
	}
}

func bounded(value string) string {
	value = strings.TrimSpace(value)
	return strings.ToValidUTF8(value[:min(len(value), maxValue)], "")
}

// variable is an environment variable that a knob sets.
type variable struct{ knob, name, value string }

// variables returns those that differ from the default.
func (k knobs) variables() (list []variable) {
	set := func(knob, name, value, absent string) {
		if value != absent {
			list = append(list, variable{knob, name, value})
		}
	}
	d := defaultKnobs
	set("style", "CAPTCHA_STYLE", strings.Join(k.Style, ","), "")
	set("length", "CAPTCHA_LENGTH", k.lengths(), d.Length)
	set("size", "CAPTCHA_IMAGE_SIZE", k.Width+"x"+k.Height, d.Width+"x"+d.Height)
	set("scale", "CAPTCHA_SCALE", k.Scale, d.Scale)
	set("font", "CAPTCHA_FONT_PATH", k.Font, "")
	set("font_size", "CAPTCHA_FONT_SIZE", k.FontSize, "")
	set("rotation", "CAPTCHA_LETTER_ROTATION", k.rotation(), d.rotation())
	switch k.Colours {
	case "own":
		set("colours", "CAPTCHA_FOREGROUND_COLOR", k.Foreground, "")
		set("colours", "CAPTCHA_BACKGROUND_COLOR", k.Background, "")
	case "transparent":
		set("colours", "CAPTCHA_FOREGROUND_COLOR", k.Foreground, "")
		set("colours", "CAPTCHA_BACKGROUND_COLOR", "transparent", "")
	}
	set("noise", "NOISE_FUNCTION", strings.Join(k.Noise, ","), "")
	set("filter", "FILTER_FUNCTION", strings.Join(k.Filter, ","), "")
	return list
}

func (k knobs) lengths() string {
	if k.Longest == "" || k.Longest == k.Length {
		return k.Length
	}
	return k.Length + "-" + k.Longest
}

func (k knobs) rotation() string {
	if k.Upright {
		return none
	}
	return k.RotationMin + "," + k.RotationMax
}

// environment returns the lines of a file of environment variables.
func (k knobs) environment() string {
	if len(k.variables()) == 0 {
		return "# nothing to set: these are the defaults\n"
	}
	var lines strings.Builder
	for _, v := range k.variables() {
		fmt.Fprintf(&lines, "%s=%s\n", v.name, v.value)
	}
	return lines.String()
}

// settings returns what the knobs stand for, and says what is wrong with each one that stands for nothing.
func (k knobs) settings() (Settings, map[string]string) {
	problems := make(map[string]string)
	if _, ok := fontNamed(k.Font); !ok && k.Font != "" {
		problems["font"] = "Accepted is one of " + strings.Join(fontNames(), ", ") + "."
		k.Font = "" // The variable also takes paths of files, which nothing in an address may name.
	}
	if !slices.Contains([]string{"", "own", "transparent"}, k.Colours) {
		problems["colours"] = "Accepted is own or transparent."
	}
	if !slices.Contains(playgroundOptions.Scales, k.Scale) {
		problems["scale"] = "Accepted is " + strings.Join(playgroundOptions.Scales, ", ") + "."
	}
	for knob, list := range map[string][]string{"noise": k.Noise, "filter": k.Filter} {
		if len(list) > 1 && slices.Contains(list, none) {
			problems[knob] = "None can't be chosen together with others."
		}
	}
	environment, knobOf := make(map[string]string), make(map[string]string)
	for _, v := range k.variables() {
		environment[v.name], knobOf[v.name] = v.value, v.knob
	}
	settings, errs := parseVariables(environment)
	for name, err := range errs {
		if _, known := problems[knobOf[name]]; !known {
			problems[knobOf[name]] = sentence(err)
		}
	}
	if problems["length"] != "" || settings.Length.most > maxLetters {
		problems["length"] = fmt.Sprintf("Accepted are 1 to %d letters, the fewest first.", maxLetters)
	}
	return settings, problems
}

// sentence makes one of an error that says what is accepted.
func sentence(err error) string {
	text := strings.TrimPrefix(err.Error(), "picture: ")
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}
