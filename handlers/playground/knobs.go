package playground

import (
	"fmt"
	"slices"
	"strings"
)

// knobs are a visitor's choices, as they are in the page's address.
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

// defaultKnobs are what the page begins with: the package's defaults, except for the scale, which suits visitors'
// screens.
var defaultKnobs = knobs{
	Length: "4", Width: "90", Height: "40", RotationMin: "-35", RotationMax: "35",
	Foreground: "#001100", Background: "#ffffff", Scale: "2",
}

// defaultScale is the package's.
const defaultScale = "1"

const none = "none"

// How much of an address is read. No sensible choice is longer, and the page shows all of it again.
const (
	maxValue  = 32 // bytes
	maxValues = 12
)

func readKnobs(query func(name string) []string) knobs {
	several := func(name string) (list []string) {
		for _, values := range query(name) {
			for value := range strings.SplitSeq(values, ",") {
				if value = bounded(value); value != "" && !slices.Contains(list, value) && len(list) < maxValues {
					list = append(list, value)
				}
			}
		}
		return list
	}
	one := func(name, absent string) string {
		if values := query(name); len(values) > 0 && bounded(values[0]) != "" {
			return bounded(values[0])
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

// environment returns the lines of a file that sets the demo's environment variables to what differs from the default.
func (k knobs) environment() string {
	var lines strings.Builder
	set := func(name, value, absent string) {
		if value != absent {
			fmt.Fprintf(&lines, "%s=%s\n", name, value)
		}
	}
	d := defaultKnobs
	set("CAPTCHA_STYLE", strings.Join(k.Style, ","), "")
	set("CAPTCHA_LENGTH", k.lengths(), d.Length)
	set("CAPTCHA_IMAGE_SIZE", k.Width+"x"+k.Height, d.Width+"x"+d.Height)
	set("CAPTCHA_SCALE", k.Scale, defaultScale)
	set("CAPTCHA_FONT_PATH", k.Font, "")
	set("CAPTCHA_FONT_SIZE", k.FontSize, "")
	set("CAPTCHA_LETTER_ROTATION", k.rotation(), d.rotation())
	switch k.Colours {
	case "own":
		set("CAPTCHA_FOREGROUND_COLOR", k.Foreground, "")
		set("CAPTCHA_BACKGROUND_COLOR", k.Background, "")
	case "transparent":
		set("CAPTCHA_FOREGROUND_COLOR", k.Foreground, "")
		set("CAPTCHA_BACKGROUND_COLOR", "transparent", "")
	}
	set("NOISE_FUNCTION", strings.Join(k.Noise, ","), "")
	set("FILTER_FUNCTION", strings.Join(k.Filter, ","), "")
	if lines.Len() == 0 {
		return "# nothing to set: these are the defaults\n"
	}
	return lines.String()
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
