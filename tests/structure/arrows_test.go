// Package structure_test keeps the house as it was laid out: which room may import which.
package structure_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/fibercaptcha/fibercaptcha"

type listed struct {
	ImportPath string
	Name       string   // main, or what importers call it
	Imports    []string // its own, without those of its tests
	Deps       []string // all that it needs, directly or not
}

// list returns the module's packages by their path within it, without those below tests.
func list(t *testing.T) map[string]listed {
	t.Helper()
	command := exec.Command("go", "list", "-json=ImportPath,Name,Imports,Deps", module+"/...")
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := make(map[string]listed)
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		// A folder make is a generator, which nobody imports.
		if name := within(p.ImportPath); !below(name, "tests") && !strings.HasSuffix(name, "/make") {
			packages[name] = p
		}
	}
}

func within(path string) string { return strings.TrimPrefix(strings.TrimPrefix(path, module), "/") }

func below(name, room string) bool { return name == room || strings.HasPrefix(name, room+"/") }

// rules say what the packages below a room must not import, not even through others. A name without a dot in its first
// part is a room of this module.
var rules = []struct {
	room string
	not  []string
}{
	{"captcha", []string{"handlers", "storage", "views", "static", "tests"}},
	{"captcha/internal/keep", []string{"github.com/gofiber", "github.com/valyala/fasthttp", "net/http"}},
	{"captcha/internal", []string{"captcha/picture", "captcha/audio"}},
	{"captcha/internal/answer", []string{"github.com/gofiber", "github.com/valyala/fasthttp", "net/http", "golang.org/x/text"}},
	{"captcha/internal/networks", []string{"github.com/gofiber", "github.com/valyala/fasthttp", "net/http"}},
	{"captcha/memory", []string{"github.com/gofiber", "github.com/valyala/fasthttp", "net/http"}},
	{"captcha/picture", []string{"github.com/gofiber", "github.com/valyala/fasthttp", "net/http", "captcha/internal/keep"}},
	{"captcha/audio", []string{"github.com/gofiber", "github.com/valyala/fasthttp", "net/http", "captcha/internal/keep"}},
	{"storage", []string{"handlers", "captcha/picture", "captcha/audio", "captcha/internal/keep"}},
	{"handlers", []string{"storage", "tests"}},
	{"views", []string{"handlers", "captcha", "storage"}},
	{"static", []string{"handlers", "captcha", "storage"}},
}

func TestArrows(t *testing.T) {
	packages := list(t)
	for _, rule := range rules {
		seen := false
		for name, p := range packages {
			if !below(name, rule.room) {
				continue
			}
			seen = true
			if p.Name == "main" {
				continue // it makes a table that is in the room's source, and nobody imports it
			}
			for _, dep := range p.Deps {
				for _, not := range rule.not {
					if is(dep, not) && !below(within(dep), rule.room) {
						t.Errorf("%s needs %s, which %s must not", name, dep, rule.room)
					}
				}
			}
		}
		if !seen {
			t.Errorf("no package is below %s", rule.room)
		}
	}
	// storage may use parts of captcha that know nothing of challenges.
	if slices.Contains(packages["storage"].Imports, module+"/captcha") {
		t.Error("storage imports captcha")
	}
}

// is reports whether an import is a package or below it. A package named without a host is one of this module.
func is(path, name string) bool {
	first, _, _ := strings.Cut(name, "/")
	if !strings.Contains(first, ".") && name != "net/http" {
		name = module + "/" + name
	}
	return below(path, name)
}

// The programs below handlers do not know the demo's pages.
func TestTheDemosRoomsDoNotKnowItsPages(t *testing.T) {
	rooms := 0
	for name, p := range list(t) {
		if strings.HasPrefix(name, "handlers/") {
			rooms++
			if slices.Contains(p.Deps, module+"/handlers") {
				t.Errorf("%s needs handlers", name)
			}
		}
	}
	if rooms == 0 {
		t.Error("no package is below handlers")
	}
}

// Whoever imports captcha alone gets neither recordings nor what only a part of it needs.
func TestImportersCarryOnlyWhatTheyUse(t *testing.T) {
	for _, dep := range list(t)["captcha"].Deps {
		for _, not := range []string{"captcha/audio", "captcha/limit", "captcha/pressure", "captcha/work", "captcha/attempts", "captcha/once", "captcha/siteverify", "captcha/captchatest", "captcha/storagetest"} {
			if dep == module+"/"+not {
				t.Errorf("captcha needs %s", dep)
			}
		}
	}
}
