package picture

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// fonts/README.md says where these come from and fonts/make.py makes them. Their licences ask to go with them wherever they go, so that they are
// in whatever has the fonts: a vendored copy of this package, and every program that draws.
//
//go:embed fonts/*.ttf fonts/*.txt fonts/README.md
var fontFiles embed.FS

// Licences says of each embedded font what it is, whose, and under which licence, and then gives the text of each licence, for a program to
// print.
func Licences() string {
	texts, err := fs.Glob(fontFiles, "fonts/*.txt")
	if err != nil {
		panic(err) // The pattern and the files are part of the program.
	}
	var all strings.Builder
	for _, name := range append([]string{"fonts/README.md"}, texts...) {
		text, err := fontFiles.ReadFile(name)
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(&all, "\n%s\n\n%s", path.Base(name), text)
	}
	return all.String()[1:]
}

const fontExtension = ".ttf"

// embeddedFonts are the default: Latin letters and digits in all, and Greek, Cyrillic and accented letters in the Go fonts.
func embeddedFonts() (all [][]byte) {
	entries, err := fontFiles.ReadDir("fonts")
	if err != nil {
		panic(err) // The files are part of the program.
	}
	for _, entry := range entries {
		if path.Ext(entry.Name()) != fontExtension {
			continue
		}
		data, err := fontFiles.ReadFile("fonts/" + entry.Name())
		if err != nil {
			panic(err)
		}
		all = append(all, data)
	}
	return all
}
