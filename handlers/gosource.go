package handlers

import (
	"fmt"
	"image/color"
	"strconv"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

const packagePath = "github.com/fibercaptcha/fibercaptcha/captcha"

// goSource returns the Go declaration of a guard with these settings, which the knobs stand for, and its imports.
func (k knobs) goSource(settings Settings) string {
	imports := []string{packagePath}
	var fields []goField
	if n := settings.Length; n != (lengths{}) {
		fields = append(fields, goField{"Length", strconv.Itoa(n.least)})
		if n.most > n.least {
			fields = append(fields, goField{"MaxLength", strconv.Itoa(n.most)})
		}
	}
	look := k.pictureFields(settings.Captcha().Picture)
	if len(look) > 0 {
		fields = append(fields, goField{"Picture", "picture.Config{\n" + goFields(look, "\t\t") + "\t}"})
		imports = append(imports, packagePath+"/picture")
	}
	if len(fields) == 0 {
		return goImports(imports) + "var guard = captcha.New()\n"
	}
	if font, ok := fontNamed(k.Font); ok {
		imports = append(imports, "golang.org/x/image/font/gofont/"+font.Package)
	}
	if k.Colours != "" {
		imports = append([]string{"image/color", ""}, imports...)
	}
	return goImports(imports) + "var guard = captcha.New(captcha.Config{\n" + goFields(fields, "\t") + "})\n"
}

// pictureFields are those of picture.Config that differ from the default.
func (k knobs) pictureFields(config picture.Config) (fields []goField) {
	add := func(name, value string, given bool) {
		if given {
			fields = append(fields, goField{name, value})
		}
	}
	add("Width", goSize(config.Width), config.Width != 0)
	add("Height", goSize(config.Height), config.Height != 0)
	add("Scale", strconv.Itoa(config.Scale), config.Scale != 0)
	if font, ok := fontNamed(k.Font); ok {
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
	return fields
}

type goField struct{ name, value string }

// goFields writes the fields of a composite literal as gofmt does: values of one line below each other.
func goFields(fields []goField, indent string) string {
	var b strings.Builder
	widest := 0
	for _, f := range fields {
		if !strings.Contains(f.value, "\n") {
			widest = max(widest, len(f.name))
		}
	}
	for _, f := range fields {
		width := widest
		if strings.Contains(f.value, "\n") {
			width = 0
		}
		fmt.Fprintf(&b, "%s%-*s %s,\n", indent, width+1, f.name+":", f.value)
	}
	return b.String()
}

func goImports(paths []string) string {
	var b strings.Builder
	b.WriteString("import (\n")
	for _, path := range paths {
		if path != "" {
			fmt.Fprintf(&b, "\t%q", path)
		}
		b.WriteString("\n")
	}
	b.WriteString(")\n\n")
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
