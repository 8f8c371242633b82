package handlers

import (
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"
)

// A namedFont is one that can be chosen without a file. They are the Go project's, which have Latin, Greek and Cyrillic
// letters.
type namedFont struct {
	Name    string // in CAPTCHA_FONT_PATH and on the playground
	Title   string
	Package string // of golang.org/x/image/font/gofont, whose TTF it is
	file    []byte
}

var namedFonts = []namedFont{
	{"go-regular", "Go Regular", "goregular", goregular.TTF},
	{"go-bold", "Go Bold", "gobold", gobold.TTF},
	{"go-italic", "Go Italic", "goitalic", goitalic.TTF},
	{"go-mono-bold", "Go Mono Bold", "gomonobold", gomonobold.TTF},
	{"go-medium", "Go Medium", "gomedium", gomedium.TTF},
}

func fontNamed(name string) (font namedFont, ok bool) {
	for _, f := range namedFonts {
		if f.Name == name {
			return f, true
		}
	}
	return namedFont{}, false
}

func fontNames() []string {
	names := make([]string, len(namedFonts))
	for i, f := range namedFonts {
		names[i] = f.Name
	}
	return names
}
