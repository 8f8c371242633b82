package settings

import (
	"slices"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"
)

// A Font is a font that can be chosen without a file. These fonts are the Go project's and have Latin, Greek and
// Cyrillic letters.
type Font struct {
	Name    string // in CAPTCHA_FONT_PATH and on the playground
	Title   string
	Package string // the package below golang.org/x/image/font/gofont that has its TTF
	File    []byte
}

// Fonts returns all fonts that can be chosen without a file.
func Fonts() []Font { return slices.Clone(fonts) }

var fonts = []Font{
	{"go-regular", "Go Regular", "goregular", goregular.TTF},
	{"go-bold", "Go Bold", "gobold", gobold.TTF},
	{"go-italic", "Go Italic", "goitalic", goitalic.TTF},
	{"go-mono-bold", "Go Mono Bold", "gomonobold", gomonobold.TTF},
	{"go-medium", "Go Medium", "gomedium", gomedium.TTF},
}

// FontNamed returns the font with this name.
func FontNamed(name string) (font Font, ok bool) {
	for _, f := range fonts {
		if f.Name == name {
			return f, true
		}
	}
	return Font{}, false
}

// FontNames lists the fonts' names.
func FontNames() []string {
	names := make([]string, len(fonts))
	for i, f := range fonts {
		names[i] = f.Name
	}
	return names
}
