package readme_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// The documents that outsiders look for beside the README name, in backticks, only files and folders that are there.
func TestDocumentsNameWhatExists(t *testing.T) {
	name := regexp.MustCompile("`(\\.?[a-z]+(?:/[a-z]+)*)`")
	for _, document := range []string{"CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"} {
		for _, match := range name.FindAllStringSubmatch(textOf(t, document), -1) {
			path := match[1]
			if path == "crypto/rand" {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				t.Errorf("%s: %v", document, err)
			}
		}
	}
}

// Contributors are told of each program that CI requires, and of no other.
func TestRequiredProgramsAreTold(t *testing.T) {
	names := regexp.MustCompile(`REQUIRE_[A-Z]+`)
	told, set := make(map[string]bool), make(map[string]bool)
	for _, variable := range names.FindAllString(textOf(t, "CONTRIBUTING.md"), -1) {
		told[variable] = true
	}
	for _, variable := range names.FindAllString(textOf(t, ".ci/run"), -1) {
		set[variable] = true
		if !told[variable] {
			t.Errorf("CONTRIBUTING.md does not tell of %s", variable)
		}
	}
	for variable := range told {
		if !set[variable] {
			t.Errorf(".ci/run does not set %s", variable)
		}
	}
}
