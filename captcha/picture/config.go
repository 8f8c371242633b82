package picture

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// Alphabet is the default set of letters. A vision-language model read all capitals and digits, turned and bent,
// without knowing the answers. Of every group that it mistook for each other, Alphabet has one: 2 of 2 and Z; 5 of 5, S
// and 6; A of A and 4; B of B and 8; C of C and G; D of D, O, Q and 0; E of E and F; K of K and X; and T of T, 7, I and
// 1. V and Y are left out, because they were read as A, J, L, U and each other.
const Alphabet = "235ABCDEHJKLMNPRTUW"

// Fit as a width or height makes the picture as wide or as high as its text needs.
const Fit = -1

// Limits of what New accepts.
const (
	MaxSize   = 1000 // width and height, in CSS pixels
	MaxScale  = 4
	MaxLength = 64 // letters of a text
	minFont   = 8  // of a font, in CSS pixels; smaller letters can't be read
)

// Config holds every setting of a picture. Zero always means the default. So what 0 might otherwise mean has a name:
// Fit for a size that follows from the text, and Upright for letters that are not turned. An empty list of noise or
// filters that is not nil means none.
type Config struct {
	// Width and Height of the picture in CSS pixels, 1 to 1000; Fit makes it as large as the text needs.
	//
	// Optional. Default: 90 and 40.
	Width, Height int

	// Scale is the number of device pixels per CSS pixel, 1 to 4. 2 looks sharp on high-density screens.
	//
	// Optional. Default: 1.
	Scale int

	// Fonts are TrueType or OpenType files (.ttf, .otf, or .ttc, of which the first font is taken). Each letter is drawn
	// in one of the fonts that have it, chosen anew each time.
	//
	// Optional. Default: the embedded fonts, which cover Latin letters and digits.
	Fonts [][]byte

	// FontSize is the height of a capital letter in CSS pixels, 8 to 1000. Fonts are scaled to that height, whatever their
	// own proportions are. All styles except Classic draw some letters and some texts smaller, by up to a third.
	//
	// Optional. Default: 22 in a picture of 90 x 40. In other pictures, letters are as large as height and width allow
	// in the same proportions.
	FontSize float64

	// RotationMin and RotationMax bound the angle by which each letter is turned, in degrees clockwise, -90 to 90.
	//
	// Optional. Default: -35 and 35, when both are 0.
	RotationMin, RotationMax float64

	// Upright leaves letters unturned.
	//
	// Optional. Default: false.
	Upright bool

	// Foreground and Background are the colours of letters and ground. The foreground is opaque; the background may be
	// transparent (color.Transparent). If neither is set, styles may swap the two.
	//
	// Optional. Default: #001100 and #ffffff.
	Foreground, Background color.Color

	// Styles are the ways of drawing to choose from, at random for each picture. The more styles there are, the longer a
	// machine needs to learn them.
	//
	// Optional. Default: all except Classic and Solid, which standard OCR reads best, and Striped and TwoTone, which
	// readers found hardest. If a colour is set: Hollow and Striped, whose ground is the plain background colour.
	Styles []Style

	// Noise is drawn over the letters, in order. An empty slice that is not nil draws none.
	//
	// Optional. Default: that of the style: arcs and dots in Classic, none in the others.
	Noise []Noise

	// Filters change the finished letters and noise, in order, before colours are put on. An empty slice that is not
	// nil changes nothing.
	//
	// Optional. Default: those of the style: Smooth in Classic, none in the others.
	Filters []Filter
}

var (
	defaultForeground = color.NRGBA{0x00, 0x11, 0x00, 0xff}
	defaultBackground = color.NRGBA{0xff, 0xff, 0xff, 0xff}
)

// withDefaults checks every setting that can be checked without a font, and fills in those left out.
func (c Config) withDefaults() (Config, error) {
	if c.Width == 0 {
		c.Width = 90
	}
	if c.Height == 0 {
		c.Height = 40
	}
	if c.Scale == 0 {
		c.Scale = 1
	}
	if c.RotationMin == 0 && c.RotationMax == 0 && !c.Upright {
		c.RotationMin, c.RotationMax = -35, 35
	}
	if c.Upright {
		c.RotationMin, c.RotationMax = 0, 0
	}
	if len(c.Styles) == 0 {
		c.Styles = []Style{Hollow, Split, Screen, Relief, Mixed}
		if c.Foreground != nil || c.Background != nil {
			c.Styles = []Style{Hollow, Striped}
		}
	}
	return c, errors.Join(
		checkSize("Width", c.Width), checkSize("Height", c.Height),
		checkScale(c.Scale), checkRotation(c.RotationMin, c.RotationMax),
		checkFontSize(c.FontSize), checkStyles(c.Styles),
		checkFunctions(c), checkColours(c.Foreground, c.Background))
}

func checkSize(field string, n int) error {
	if n != Fit && (n < 1 || n > MaxSize) {
		return setting.Refuse(field, n, "1 to %d CSS pixels, or Fit", MaxSize)
	}
	return nil
}

func checkScale(n int) error {
	if n < 1 || n > MaxScale {
		return setting.Refuse("Scale", n, "1 to %d", MaxScale)
	}
	return nil
}

func checkRotation(least, greatest float64) error {
	switch {
	case !(least >= -90 && least <= 90):
		return setting.Refuse("RotationMin", least, "-90 to 90 degrees")
	case !(greatest >= least && greatest <= 90):
		return setting.Refuse("RotationMax", greatest, "from RotationMin, which is %v, to 90 degrees", least)
	}
	return nil
}

func checkFontSize(size float64) error {
	if size != 0 && !(size >= minFont && size <= MaxSize) {
		return setting.Refuse("FontSize", size, "%d to %d CSS pixels", minFont, MaxSize)
	}
	return nil
}

func checkStyles(styles []Style) error {
	for i, s := range styles {
		if s < 1 || int(s) > len(styleNames) {
			return setting.Refuse(fmt.Sprintf("Styles[%d]", i), int(s), "%s", strings.Join(styleNames[:], ", "))
		}
	}
	return nil
}

func checkFunctions(c Config) error {
	for i, n := range c.Noise {
		if n == nil {
			return setting.Refuse(fmt.Sprintf("Noise[%d]", i), nil, "a function; an empty list draws no noise")
		}
	}
	for i, f := range c.Filters {
		if f == nil {
			return setting.Refuse(fmt.Sprintf("Filters[%d]", i), nil, "a function; an empty list changes nothing")
		}
	}
	return nil
}

// leastContrast is the least contrast of foreground and background, as WCAG computes it. With less, nobody can read the
// letters.
const leastContrast = 2

func checkColours(foreground, background color.Color) error {
	ink, ground := colours(foreground, background)
	if ink.A != 255 {
		return &setting.Error{Field: "Foreground", Value: fmt.Sprintf("%s with alpha %d", hex(ink), ink.A), Accepted: "an opaque colour"}
	}
	if ground.A < 255 {
		return nil // The page behind it decides.
	}
	if r := contrast(ink, ground); r < leastContrast {
		return &setting.Error{Field: "Foreground", Value: fmt.Sprintf("%s on a Background of %s, a contrast of %.2f", hex(ink), hex(ground), r),
			Accepted: fmt.Sprintf("colours with a contrast of %d or more", leastContrast)}
	}
	return nil
}

func colours(foreground, background color.Color) (ink, ground color.NRGBA) {
	ink, ground = defaultForeground, defaultBackground
	if foreground != nil {
		ink = color.NRGBAModel.Convert(foreground).(color.NRGBA)
	}
	if background != nil {
		ground = color.NRGBAModel.Convert(background).(color.NRGBA)
	}
	return ink, ground
}

func contrast(a, b color.NRGBA) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c color.NRGBA) float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

func hex(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// ParseColor reads a colour as "#rrggbb", or "transparent".
func ParseColor(s string) (color.NRGBA, error) {
	if s == "transparent" {
		return color.NRGBA{}, nil
	}
	if len(s) == 7 && s[0] == '#' {
		if v, err := strconv.ParseUint(s[1:], 16, 24); err == nil {
			return color.NRGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 0xff}, nil
		}
	}
	return color.NRGBA{}, fmt.Errorf("picture: unknown colour %q; accepted: #rrggbb or transparent", s)
}
