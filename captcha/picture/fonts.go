package picture

import (
	"embed"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/gosmallcaps"
)

// fonts/README.md says where these come from and fonts/make.py makes them.
//
//go:embed fonts/*.ttf
var fontFiles embed.FS

// embeddedFonts are the default: the files, which have Latin letters and digits, and the Go fonts, which have more letters.
func embeddedFonts() [][]byte {
	all := [][]byte{gobold.TTF, gomonobold.TTF, gosmallcaps.TTF}
	entries, err := fontFiles.ReadDir("fonts")
	if err != nil {
		panic(err) // The files are part of the program.
	}
	for _, entry := range entries {
		data, err := fontFiles.ReadFile("fonts/" + entry.Name())
		if err != nil {
			panic(err)
		}
		all = append(all, data)
	}
	return all
}
