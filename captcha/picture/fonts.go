package picture

import (
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// fonts/README.md says where these come from, and fonts/make.py makes them. Their licences have to go with them
// wherever they go. So both are embedded: a vendored copy of this package has the licences, and so has every program
// that draws.
//
//go:embed fonts/*.ttf.gz fonts/*.txt fonts/README.md
var fontFiles embed.FS

// Licences returns a text for a program to print: for each embedded font its name, its owner and its licence, and then
// the text of each licence.
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

// embeddedFonts are the default: Latin letters and digits in all, and Greek, Cyrillic and accented letters in the Go
// fonts. They are packed, which halves their size in a program, and unpacked when the first renderer asks for them.
var embeddedFonts = sync.OnceValue(func() (all [][]byte) {
	names, err := fs.Glob(fontFiles, "fonts/*.ttf.gz")
	if err != nil {
		panic(err) // The pattern and the files are part of the program.
	}
	for _, name := range names {
		all = append(all, unpack(name))
	}
	return all
})

func unpack(name string) []byte {
	packed, err := fontFiles.Open(name)
	if err != nil {
		panic(err)
	}
	defer packed.Close()
	reader, err := gzip.NewReader(packed)
	if err != nil {
		panic(err)
	}
	data, err := io.ReadAll(reader)
	if err != nil {
		panic(err)
	}
	return data
}
