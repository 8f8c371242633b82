package playground

import (
	"fmt"
	"go/format"
	"image/color"
	"strconv"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/handlers/settings"
)

const packagePath = "github.com/fibercaptcha/fibercaptcha/captcha"

// source returns the Go declaration, with its imports, of a guard that has this look, which the knobs stand for.
func (k knobs) source(l look) (string, error) {
	var imports, fields strings.Builder
	if k.Colours != "" {
		imports.WriteString("\"image/color\"\n\n")
	}
	fmt.Fprintf(&imports, "%q\n", packagePath)
	if l.least != captcha.ConfigDefault.Length || l.most != l.least {
		fmt.Fprintf(&fields, "Length: %d,\n", l.least)
	}
	if l.most != l.least {
		fmt.Fprintf(&fields, "MaxLength: %d,\n", l.most)
	}
	if look := k.pictureFields(l.Config); look != "" {
		fmt.Fprintf(&fields, "Picture: picture.Config{\n%s},\n", look)
		fmt.Fprintf(&imports, "%q\n", packagePath+"/picture")
	}
	if font, ok := settings.FontNamed(k.Font); ok {
		fmt.Fprintf(&imports, "%q\n", "golang.org/x/image/font/gofont/"+font.Package)
	}
	config := ""
	if fields.Len() > 0 {
		config = "captcha.Config{\n" + fields.String() + "}"
	}
	source, err := format.Source(fmt.Appendf(nil, "import (\n%s)\n\nvar guard = captcha.New(%s)\n", &imports, config))
	return string(source), err
}

// pictureFields returns the fields of picture.Config that differ from the default.
func (k knobs) pictureFields(config picture.Config) string {
	var b strings.Builder
	add := func(name, value string, given bool) {
		if given {
			fmt.Fprintf(&b, "%s: %s,\n", name, value)
		}
	}
	add("Width", goSize(config.Width), config.Width != 0)
	add("Height", goSize(config.Height), config.Height != 0)
	add("Scale", strconv.Itoa(config.Scale), config.Scale != 0)
	if font, ok := settings.FontNamed(k.Font); ok {
		add("Fonts", "[][]byte{"+font.Package+".TTF}", true)
	}
	add("FontSize", goNumber(config.FontSize), config.FontSize != 0)
	turned := config.RotationMin != 0 || config.RotationMax != 0
	add("RotationMin", goNumber(config.RotationMin), turned)
	add("RotationMax", goNumber(config.RotationMax), turned)
	add("Upright", "true", config.Upright)
	add("Foreground", goColour(config.Foreground), config.Foreground != nil)
	add("Background", goColour(config.Background), config.Background != nil)
	add("Styles", goList("Style", k.Style), config.Styles != nil)
	add("Noise", goList("Noise", k.Noise), config.Noise != nil)
	add("Filters", goList("Filter", k.Filter), config.Filters != nil)
	return b.String()
}

func goSize(n int) string {
	if n == picture.Fit {
		return "picture.Fit"
	}
	return strconv.Itoa(n)
}

func goNumber(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func goColour(c color.Color) string {
	if c == nil {
		return "nil"
	}
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	if n.A == 0 {
		return "color.Transparent"
	}
	return fmt.Sprintf("color.NRGBA{%#02x, %#02x, %#02x, 0xff}", n.R, n.G, n.B)
}

// goList writes a slice of package picture's named values: two-tone is picture.TwoTone.
func goList(element string, names []string) string {
	values := make([]string, 0, len(names))
	for _, name := range names {
		if name == none {
			continue
		}
		identifier := "picture."
		for word := range strings.SplitSeq(name, "-") {
			identifier += strings.ToUpper(word[:1]) + word[1:]
		}
		values = append(values, identifier)
	}
	return "[]picture." + element + "{" + strings.Join(values, ", ") + "}"
}
