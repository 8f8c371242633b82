package structure_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every folder of tests with Go code, a module or servers in it is named once in the first column of tests/README.md,
// and no other folder is.
func TestTheTestsReadmeNamesEveryFolder(t *testing.T) {
	const root = ".."
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	told := make(map[string]int)
	for line := range strings.Lines(string(text)) {
		if cell, row := strings.CutPrefix(line, "| `"); row {
			name, _, _ := strings.Cut(cell, "`")
			told[name]++
		}
	}
	for name := range told {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Errorf("tests/README.md: %v", err)
		}
	}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case !entry.IsDir() || name == "." || name == "kit" || name == "tools":
			return nil
		case entry.Name() == "node_modules":
			return filepath.SkipDir
		case isModule(path) && told[name] == 0 && name != ".":
			t.Errorf("tests/README.md does not tell of the module %s", name)
		}
		if depth := strings.Count(name, "/"); depth == 0 || depth == 1 && (below(name, "kit") || below(name, "tools")) {
			// tools/peers is both a module and a tool.
			if n := told[name]; n == 0 || n > 1 && name != "tools/peers" {
				t.Errorf("tests/README.md tells of %s %d times", name, n)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func isModule(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil
}
