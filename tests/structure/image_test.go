package structure_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// The image is built from what .dockerignore lets in, so it has to let in every file that the binary is built from.
func TestTheImageIsBuiltFromAllOfIt(t *testing.T) {
	text, err := os.ReadFile("../../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	ignore := strings.Fields(withoutComments(string(text)))
	for _, name := range append(sources(t), "go.mod", "go.sum") {
		if ignored(name, ignore) {
			t.Errorf(".dockerignore keeps %s out of the image", name)
		}
	}
	for _, name := range []string{"README.md", "tests/README.md", "main_test.go", "captcha/guard_test.go"} {
		if !ignored(name, ignore) {
			t.Errorf(".dockerignore lets %s in, so that a change of it builds the image anew", name)
		}
	}
}

// sources returns the files that the program is built from, by their paths in the module.
func sources(t *testing.T) (names []string) {
	t.Helper()
	command := exec.Command("go", "list", "-deps", "-json=ImportPath,GoFiles,EmbedFiles", module)
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath          string
			GoFiles, EmbedFiles []string
		}
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		if !below(p.ImportPath, module) {
			continue
		}
		for _, file := range append(p.GoFiles, p.EmbedFiles...) {
			names = append(names, path.Join(within(p.ImportPath), filepath.ToSlash(file)))
		}
	}
}

func withoutComments(text string) string {
	var kept []string
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "#") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// ignored reports whether Docker leaves a file out: the last pattern that matches it or a folder above it decides.
func ignored(name string, patterns []string) (out bool) {
	for _, pattern := range patterns {
		pattern, in := strings.CutPrefix(pattern, "!")
		if matches(pattern, name) {
			out = !in
		}
	}
	return out
}

func matches(pattern, name string) bool {
	last, anywhere := strings.CutPrefix(pattern, "**/")
	for ; name != "."; name = path.Dir(name) {
		what := name
		if anywhere {
			what = path.Base(name)
		}
		if ok, _ := path.Match(last, what); ok {
			return true
		}
	}
	return false
}
