package settings

import (
	"slices"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"
)

// A Font is one that can be chosen without a file. They are the Go project's, which have Latin, Greek and Cyrillic
// letters.
type Font struct {
	Name    string // in CAPTCHA_FONT_PATH and on the playground
	Title   string
	Package string // of golang.org/x/image/font/gofont, whose TTF it is
	File    []byte
}

// Fonts returns all of them.
func Fonts() []Font { return slices.Clone(fonts) }

var fonts = []Font{
	{"go-regular", "Go Regular", "goregular", goregular.TTF},
	{"go-bold", "Go Bold", "gobold", gobold.TTF},
	{"go-italic", "Go Italic", "goitalic", goitalic.TTF},
	{"go-mono-bold", "Go Mono Bold", "gomonobold", gomonobold.TTF},
	{"go-medium", "Go Medium", "gomedium", gomedium.TTF},
}

// FontNamed finds a font.
func FontNamed(name string) (font Font, ok bool) {
	for _, f := range fonts {
		if f.Name == name {
			return f, true
		}
	}
	return Font{}, false
}

// FontNames lists them.
func FontNames() []string {
	names := make([]string, len(fonts))
	for i, f := range fonts {
		names[i] = f.Name
	}
	return names
}
