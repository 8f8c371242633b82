// Package readme_test compares the README and the other documents with the code. Their Go is compiled. The README's
// programs are run, and must answer what it says. Commands and tables must name what exists.
package readme_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/handlers/settings"
)

const root = "../.."

// documents are what is read here: the README, and then the pages to which it sends its readers. Commands in all of
// them are for the module's root.
var documents = []string{
	"README.md", "captcha/README.md", "storage/README.md", "handlers/README.md", "tests/README.md", "tests/tools/README.md",
	"CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "captcha/PRIVACY.md",
}

// block is a fenced block of a document.
type block struct {
	language string
	text     string
	document string
	line     int
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.document, b.line) }

func textOf(t *testing.T, document string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, document))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks returns those of all documents that are in a language.
func blocks(t *testing.T, language string) (found []block) {
	t.Helper()
	for _, document := range documents {
		found = append(found, blocksOf(t, document, language)...)
	}
	if len(found) == 0 {
		t.Fatalf("no document has a block of %q", language)
	}
	return found
}

func blocksOf(t *testing.T, document, language string) (found []block) {
	t.Helper()
	var open *block
	for i, line := range strings.Split(textOf(t, document), "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && open == nil:
			open = &block{language: fence, document: document, line: i + 1}
		case isFence:
			if open.language == language {
				found = append(found, *open)
			}
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	if open != nil {
		t.Fatalf("%v: the block does not end", open)
	}
	return found
}

// The README is for somebody who has five minutes.
func TestTheReadmeIsShort(t *testing.T) {
	if lines := strings.Count(textOf(t, "README.md"), "\n"); lines > 250 {
		t.Errorf("the README has %d lines; 250 is the most", lines)
	}
}

func TestEveryBlockIsOfAKnownKind(t *testing.T) {
	known := []string{"go", "console", "html", ""} // the last is the sketch of the layout
	for _, document := range documents {
		for _, match := range regexp.MustCompile("(?m)^```(.+)$").FindAllStringSubmatch(textOf(t, document), -1) {
			if !slices.Contains(known, match[1]) {
				t.Errorf("%s: nothing tests blocks of %q", document, match[1])
			}
		}
	}
}

// imports are the packages that the documents' fragments use, by name.
var imports = map[string]string{
	"captcha":     "github.com/fibercaptcha/fibercaptcha/captcha",
	"audio":       "github.com/fibercaptcha/fibercaptcha/captcha/audio",
	"fiberv3":     "github.com/fibercaptcha/fibercaptcha/captcha/fiberv3",
	"captchatest": "github.com/fibercaptcha/fibercaptcha/captcha/captchatest",
	"storagetest": "github.com/fibercaptcha/fibercaptcha/captcha/storagetest",
	"storage":     "github.com/fibercaptcha/fibercaptcha/storage",
	"fiber":       "github.com/gofiber/fiber/v2",
	"context":     "context",
	"errors":      "errors",
	"httptest":    "net/http/httptest",
	"log":         "log",
	"math":        "math",
	"sql":         "database/sql",
	"strings":     "strings",
	"testing":     "testing",
	"time":        "time",
	"url":         "net/url",
}

// file makes a fragment a file: declarations get a package around them, statements also a function.
func (b block) file() (name, text string) {
	if strings.HasPrefix(b.text, "package ") {
		return "main.go", b.text
	}
	text, name = b.text, "block.go"
	if strings.Contains(text, "*testing.T") {
		name = "block_test.go"
	}
	if !regexp.MustCompile(`(?m)\A(//.*\n)*(func|type|var) `).MatchString(text) {
		text = "func _(app *fiber.App, guard *captcha.Guard) {\n{\n" + text + "\n_ = guard\n}\n}\n"
	}
	header := "package block\n\nimport (\n"
	for name, path := range imports {
		if name == "fiber" && b.onFiberV3() {
			path = "github.com/gofiber/fiber/v3"
		}
		if regexp.MustCompile(`\b` + name + `\.[A-Z]`).MatchString(text) {
			header += fmt.Sprintf("%s %q\n", name, path)
		}
	}
	return name, header + ")\n\n" + text
}

// onFiberV3 reports whether a fragment is of an app on Fiber v3.
func (b block) onFiberV3() bool { return strings.Contains(b.text, "fiberv3.") }

// TestGo compiles and vets every block, with the dependencies of this module, or of the one that shows a form on Fiber
// v3.
func TestGo(t *testing.T) {
	for _, b := range blocks(t, "go") {
		name, text := b.file()
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		vet := exec.Command("go", "vet", path)
		if b.onFiberV3() {
			vet.Dir = filepath.Join(root, "tests", "fiberv3")
		}
		if out, err := vet.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", b, err, out)
		}
	}
}

// TestCommands checks that what the console blocks call exists. The block with curl is run by TestPrograms.
func TestCommands(t *testing.T) {
	for _, b := range blocks(t, "console") {
		for line := range strings.Lines(b.text) {
			command, isCommand := strings.CutPrefix(strings.TrimSpace(line), "$ ")
			if !isCommand || strings.HasPrefix(command, "curl ") {
				continue
			}
			if err := checkCommand(command); err != nil {
				t.Errorf("%v: %s: %v", b, command, err)
			}
		}
	}
}

func checkCommand(command string) error {
	directory := root
	if rest, ok := strings.CutPrefix(command, "cd "); ok {
		subdirectory, after, _ := strings.Cut(rest, " && ")
		directory, command = filepath.Join(root, subdirectory), after
		if _, err := os.Stat(filepath.Join(directory, "go.mod")); err != nil {
			return err
		}
	}
	words := strings.Fields(command)
	switch {
	case command == "go test ./..." || strings.HasPrefix(command, "go mod ") || strings.HasPrefix(command, "mkdir "):
		return nil
	case strings.HasPrefix(command, "git clone https://"):
		return checkModule(strings.TrimPrefix(command, "git clone https://"))
	case strings.HasPrefix(command, "go test -run "):
		return checkTest(directory, words[3])
	case len(words) > 2 && words[0] == "go" && words[1] == "test" && strings.HasPrefix(words[2], "./"):
		own := slices.DeleteFunc(words[3:], func(word string) bool { return slices.Contains(testFlags, word) })
		return checkProgram(filepath.Join(directory, words[2]), own)
	case len(words) > 2 && words[0] == "go" && words[1] == "run":
		return checkProgram(filepath.Join(directory, words[2]), words[3:])
	case words[0] == "docker-compose" && slices.Contains(words, "up"):
		file := "docker-compose.yml"
		if i := slices.Index(words, "-f"); i >= 0 {
			file = words[i+1]
		}
		_, err := os.Stat(filepath.Join(directory, file))
		return err
	}
	return fmt.Errorf("nothing here can tell whether it works")
}

// testFlags are flags of go test itself, and their values, as the documents have them.
var testFlags = []string{"-count=1", "-timeout", "60m", "-v", "-run", "TestAttack"}

// checkModule compares with this module's path, which is also the address of its repository.
func checkModule(path string) error {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(text), "module "+path+"\n") {
		return fmt.Errorf("go.mod does not name this module %s", path)
	}
	return nil
}

// checkTest looks for a test of that name.
func checkTest(directory, name string) error {
	sources, err := filepath.Glob(filepath.Join(directory, "*_test.go"))
	if err != nil {
		return err
	}
	for _, path := range sources {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.Contains(string(text), "\nfunc "+name+"(t *testing.T)") {
			return nil
		}
	}
	return fmt.Errorf("no test %s in %s", name, directory)
}

// checkProgram looks for the program's source, and in it for the flags.
func checkProgram(directory string, args []string) error {
	sources, err := filepath.Glob(filepath.Join(directory, "*.go"))
	if err != nil || len(sources) == 0 {
		return fmt.Errorf("no program in %s: %v", directory, err)
	}
	var source strings.Builder
	for _, path := range sources {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		source.Write(text)
	}
	for _, arg := range args {
		if flag, ok := strings.CutPrefix(arg, "-"); ok && !regexp.MustCompile(`flag\.\w+\([^\n]*"`+flag+`"`).MatchString(source.String()) {
			return fmt.Errorf("no flag -%s", flag)
		}
	}
	return nil
}

// TestLinks follows every link to a file, from the folder of the document that has it, and to a heading.
func TestLinks(t *testing.T) {
	for _, document := range documents {
		for _, match := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(textOf(t, document), -1) {
			if strings.HasPrefix(match[1], "https://") {
				continue
			}
			target, heading, isHeading := strings.Cut(match[1], "#")
			path := document
			if target != "" {
				path = filepath.Join(filepath.Dir(document), target)
			}
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				t.Errorf("%s: %v", document, err)
			} else if isHeading && !slices.Contains(anchors(textOf(t, path)), heading) {
				t.Errorf("%s: no heading %s", document, match[1])
			}
		}
	}
}

// anchors are what links to the headings of a document end in: lower case, hyphens for spaces, no punctuation.
func anchors(text string) (found []string) {
	for _, match := range regexp.MustCompile(`(?m)^##+ (.+)$`).FindAllStringSubmatch(text, -1) {
		plain := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(match[1]), "")
		found = append(found, strings.ReplaceAll(plain, " ", "-"))
	}
	return found
}

// section returns the text below a heading of a document.
func section(t *testing.T, document, heading string) string {
	t.Helper()
	_, text, found := strings.Cut(textOf(t, document), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("%s has no section %q", document, heading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// rows returns the cells of a section's table, without its head.
func rows(t *testing.T, document, heading string) (rows [][]string) {
	t.Helper()
	for line := range strings.Lines(section(t, document, heading)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "|") {
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
	}
	if len(rows) < 3 {
		t.Fatalf("%s: no table under %q", document, heading)
	}
	return rows[2:]
}

// TestSettings compares the table with the structs: the table names every setting that exists, and no other.
func TestSettings(t *testing.T) {
	named := make(map[string]bool)
	for _, row := range rows(t, "README.md", "Settings") {
		for _, match := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			named[match[1]] = true
		}
	}
	for _, name := range fieldsOf(reflect.TypeFor[captcha.Config](), "") {
		if !named[name] && name != "Now" { // Now is for this module's tests
			t.Errorf("captcha.Config's %s is not in the table", name)
		}
		delete(named, name)
	}
	for name := range named {
		t.Errorf("captcha.Config has no %s", name)
	}
}

// nested are the settings that are groups of settings. FieldPicture has the fields of Picture.
var nested = map[string]bool{"Picture": true, "Compat": true}

func fieldsOf(structure reflect.Type, prefix string) (names []string) {
	for _, field := range reflect.VisibleFields(structure) {
		if nested[field.Name] {
			names = append(names, fieldsOf(field.Type, field.Name+".")...)
			continue
		}
		names = append(names, prefix+field.Name)
	}
	return names
}

// TestVariables compares the variables in the README and in the demo's with those that the demo reads.
func TestVariables(t *testing.T) {
	text := section(t, "README.md", "Settings") + section(t, "handlers/README.md", "Running it for real")
	for _, field := range reflect.VisibleFields(reflect.TypeFor[settings.Settings]()) {
		if name := field.Tag.Get("env"); name != "" && !regexp.MustCompile("`"+name+"[`=]").MatchString(text) {
			t.Errorf("the variable %s is in neither table", name)
		}
	}
	read := make(map[string]bool)
	for _, field := range reflect.VisibleFields(reflect.TypeFor[settings.Settings]()) {
		read[field.Tag.Get("env")] = true
	}
	for _, row := range slices.Concat(rows(t, "README.md", "Settings"), rows(t, "handlers/README.md", "Running it for real")) {
		cell := row[0]
		if len(row) == 4 {
			cell = row[2]
		}
		for _, match := range regexp.MustCompile("`([A-Z_]{4,})").FindAllStringSubmatch(cell, -1) {
			if !read[match[1]] {
				t.Errorf("the demo reads no variable %s", match[1])
			}
		}
	}
}
