package picture_test

import (
	"os"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

// Every embedded font is listed with a licence, and the licence is there to be read.
func TestEveryFontHasItsLicence(t *testing.T) {
	all := picture.Licences()
	list, _, _ := strings.Cut(all, "\nApache-2.0.txt\n")
	rows := map[string]string{}
	for _, line := range strings.Split(list, "\n") {
		if columns := strings.Split(line, "|"); len(columns) == 6 {
			_, link, _ := strings.Cut(columns[4], "](")
			rows[strings.TrimSpace(columns[1])] = strings.TrimSuffix(strings.TrimSpace(link), ")")
		}
	}
	entries, err := os.ReadDir("fonts")
	if err != nil {
		t.Fatal(err)
	}
	fonts := 0
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".ttf.gz") {
			continue
		}
		fonts++
		licence := rows[entry.Name()]
		text, err := os.ReadFile("fonts/" + licence)
		if err != nil || !strings.Contains(all, "\n"+licence+"\n\n"+string(text)) {
			t.Errorf("%s: licence %q is not among the texts: %v", entry.Name(), licence, err)
		}
	}
	if fonts == 0 || len(rows) < fonts {
		t.Errorf("%d fonts and %d rows", fonts, len(rows))
	}
}
