package captcha_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
)

// textFiles reads the files that the texts are written in.
func textFiles(t *testing.T) map[string]map[string]string {
	t.Helper()
	names, err := filepath.Glob("texts/*.json")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file := map[string]string{}
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		files[strings.TrimSuffix(filepath.Base(name), ".json")] = file
	}
	return files
}

// byName returns texts as their files have them.
func byName(texts captcha.Texts) map[string]string {
	all := map[string]string{}
	for field, value := range reflect.ValueOf(texts).Fields() {
		all[field.Name] = value.String()
	}
	return all
}

func TestTextsArePacked(t *testing.T) {
	files, packed := textFiles(t), captcha.DefaultTexts()
	if len(files) < 60 || len(packed) != len(files) {
		t.Fatalf("%d files, %d languages packed", len(files), len(packed))
	}
	for name, file := range files {
		if !maps.Equal(byName(packed[name]), file) {
			t.Errorf(`texts/%s.json was changed, or lacks a text: run "go generate" in captcha`, name)
		}
	}
}

func TestTheManualNamesEveryLanguage(t *testing.T) {
	texts := captcha.DefaultTexts()
	for _, document := range []string{"README.md", "../README.md", "config.go", "../CHANGELOG.md"} {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		if count := fmt.Sprintf("%d languages", len(texts)); !strings.Contains(string(text), count) {
			t.Errorf("%s does not say that there are %s", document, count)
		}
		for tag := range texts {
			if document == "README.md" && !strings.Contains(string(text), "`"+tag+"`") {
				t.Errorf("%s does not name %s", document, tag)
			}
		}
	}
}

// room is how many columns a text has: a letter of Chinese, Japanese or Korean takes two. What stands in a row is
// short; a message may take three lines of a phone, and what is read aloud should end before patience does.
var room = map[string]int{
	"Label": 45, "LabelSound": 70, "Count": 24,
	"Picture": 130, "PictureSound": 180,
	"Sound": 40, "Listen": 16, "Stop": 16, "Refresh": 26, "Letters": 42,
	"Refreshed": 45, "Checked": 70, "Sending": 75, "LeaveEmpty": 40, "Missing": 40,
	"": 155,
}

func columns(text string) (n int) {
	for _, r := range text {
		switch kind := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Cf):
		case kind == width.EastAsianWide || kind == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

func TestTextsHaveRoom(t *testing.T) {
	for language, file := range textFiles(t) {
		for name, text := range file {
			limit, ok := room[name]
			if !ok {
				limit = room[""]
			}
			if n := columns(text); n > limit {
				t.Errorf("%s: %s has room for %d columns and takes %d: %s", language, name, limit, n, text)
			}
		}
	}
}

// cognates are texts that are the same in English.
var cognates = map[string]string{"af": "Stop", "da": "Stop"}

// english are words that only English has, or that are not the word for it elsewhere.
var english = regexp.MustCompile(`(?i)\b(the|new|characters?|type|please|again|your|check|listen|wait|sound|picture)\b`)

func TestTextsAreTranslated(t *testing.T) {
	files := textFiles(t)
	for tag, file := range files {
		said := map[string]string{}
		for name, text := range file {
			if other, ok := said[text]; ok {
				t.Errorf("%s: %s and %s say the same: %s", tag, name, other, text)
			}
			said[text] = name
			if tag == "en" {
				continue
			}
			if text == files["en"][name] && text != cognates[tag] {
				t.Errorf("%s: %s is as in English: %s", tag, name, text)
			}
			if word := english.FindString(text); word != "" && !(tag == "fil" && word == "type") {
				t.Errorf("%s: %s has %q: %s", tag, name, word, text)
			}
		}
	}
}

func TestTextsKeepTheirForm(t *testing.T) {
	files := textFiles(t)
	ends := regexp.MustCompile(`[.。।۔։]$`)
	for tag, file := range files {
		for name, text := range file {
			if want := strings.Count(files["en"][name], "{n}"); strings.Count(text, "{n}") != want || strings.Count(text, "{") != want ||
				strings.Count(text, "}") != want {
				t.Errorf("%s: %s has not %d placeholders: %s", tag, name, want, text)
			}
			if tag != "th" && ends.MatchString(text) != ends.MatchString(files["en"][name]) {
				t.Errorf("%s: %s is a sentence in one of it and English alone: %s", tag, name, text)
			}
			if strings.TrimSpace(text) != text || strings.Contains(text, "  ") || strings.ContainsAny(text, "\"'`<>&\t\n") || !norm.NFC.IsNormalString(text) {
				t.Errorf("%s: %s is not typed well: %q", tag, name, text)
			}
		}
		if !strings.HasPrefix(file["PictureSound"], file["Picture"]) {
			t.Errorf("%s: Picture and PictureSound begin differently", tag)
		}
	}
}

// A letter of another script looks right and is read wrong.
func TestTextsAreInTheirScript(t *testing.T) {
	more := map[string][]string{"Jpan": {"Han", "Hiragana", "Katakana"}, "Kore": {"Hangul"}, "Hans": {"Han"}, "Hant": {"Han"}}
	for tag, file := range textFiles(t) {
		script, _ := language.MustParse(tag).Script()
		names := more[script.String()]
		if names == nil {
			names = []string{map[string]string{"Latn": "Latin", "Cyrl": "Cyrillic", "Arab": "Arabic", "Hebr": "Hebrew", "Grek": "Greek",
				"Deva": "Devanagari", "Beng": "Bengali", "Gujr": "Gujarati", "Guru": "Gurmukhi", "Knda": "Kannada", "Mlym": "Malayalam",
				"Taml": "Tamil", "Telu": "Telugu", "Thai": "Thai", "Geor": "Georgian", "Armn": "Armenian"}[script.String()]}
		}
		for name, text := range file {
			for _, r := range strings.ReplaceAll(text, "{n}", "") {
				known := !unicode.IsLetter(r) || r == 'ー' // is of two scripts
				for _, name := range names {
					known = known || unicode.Is(unicode.Scripts[name], r)
				}
				if !known {
					t.Errorf("%s: %s has a %q (%U), which is not %v: %s", tag, name, r, r, names, text)
				}
			}
		}
	}
}

// A key names its language by two bytes of a hash.
func TestCodesOfLanguagesDiffer(t *testing.T) {
	codes := map[keep.Language]string{}
	for tag := range captcha.DefaultTexts() {
		code := keep.LanguageOf(tag)
		if other, ok := codes[code]; ok {
			t.Errorf("%s and %s have the same code", tag, other)
		}
		codes[code] = tag
		if parsed, err := language.Parse(tag); err != nil || parsed.String() != tag {
			t.Errorf("%s is %v, %v", tag, parsed, err)
		}
	}
	// What keys from before there were more languages have in them.
	for tag, code := range map[string]keep.Language{"en": 0xdbd3, "de": 0x959a, "fr": 0x67ad, "es": 0xc0bc, "pt": 0xe75b, "ru": 0xed5a} {
		if codes[code] != tag {
			t.Errorf("%s has no longer the code %#x but %#x", tag, code, keep.LanguageOf(tag))
		}
	}
}

// Keys of the first version name a language by its place. Whatever languages there are since, the places stay.
func TestPlacesOfLanguagesStay(t *testing.T) {
	added := map[string]captcha.Texts{"it": {}, "tlh": {}}
	for _, row := range []struct {
		cfg  captcha.Config
		want string
	}{
		{captcha.Config{}, "en de es fr pt ru"},
		{captcha.Config{Audio: voice}, "en de fr es pt ru"},
		{captcha.Config{Texts: added, Logger: quiet}, "en de es fr it pt ru tlh"},
		{captcha.Config{Audio: voice, Texts: added, Logger: quiet}, "en de fr es pt ru it tlh"},
		{captcha.Config{Language: "ru"}, "ru"},
	} {
		if got := strings.Join(captcha.FirstLanguages(captcha.New(row.cfg)), " "); got != row.want {
			t.Errorf("%s, want %s", got, row.want)
		}
	}
}

// The field is in the language of its visitor, whole, and says so; and no other is in the page.
func TestFieldInEveryLanguage(t *testing.T) {
	guard := captcha.New(captcha.Config{Audio: voice})
	app := fiber.New()
	app.Get("/", func(c *fiber.Ctx) error {
		challenge, err := guard.Issue(c)
		if err != nil {
			return err
		}
		return c.SendString(string(challenge.Field(captcha.FieldOptions{Error: captcha.ErrWrongAnswer})))
	})
	guard.Register(app)
	for tag, texts := range captcha.DefaultTexts() {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", tag)
		_, body := mustDo(t, app, r)
		field := parse(t, template.HTML(body))
		field.one(t, "captcha-field", "lang", tag, "dir", captcha.Direction(tag), "data-refreshed", texts.Refreshed, "data-checked", texts.Checked)
		field.one(t, "img", "alt", texts.PictureSound)
		field.one(t, "input", "type", "text", "dir", "ltr")
		field.one(t, "audio", "aria-label", texts.Sound)
		if got, want := field.one(t, "label").text, texts.LabelSound+" ("+strings.ReplaceAll(texts.Count, "{n}", "4")+")"; got != want {
			t.Errorf("%s: label %q, want %q", tag, got, want)
		}
		if got := field.one(t, "p", "class", "captcha-error").text; got != texts.Wrong {
			t.Errorf("%s: error %q, want %q", tag, got, texts.Wrong)
		}
		for other, texts := range captcha.DefaultTexts() {
			if other != tag && texts.Offline != captcha.DefaultTexts()[tag].Offline && strings.Contains(body, texts.Offline) {
				t.Errorf("%s: the page carries %s too", tag, other)
			}
		}
		// The element asks for a field, and for other characters, by the language that it has.
		again := post("/api/captcha/field?language="+tag, "", "")
		_, body = mustDo(t, app, again)
		parse(t, template.HTML(body)).one(t, "captcha-field", "lang", tag, "dir", captcha.Direction(tag))
	}
}

func TestRightToLeft(t *testing.T) {
	for tag, want := range map[string]string{"ar": "rtl", "fa": "rtl", "he": "rtl", "ur": "rtl", "de": "ltr", "ja": "ltr"} {
		if got := captcha.Direction(tag); got != want {
			t.Errorf("%s is written %s", tag, got)
		}
	}
}

func TestSoundOfRelatives(t *testing.T) {
	for tag, want := range map[string]string{"es-419": "es", "pt-PT": "pt", "de": "de", "ar": "en", "uk": "en"} {
		said := &listener{}
		guard := captcha.New(captcha.Config{Audio: said})
		app := newApp(guard)
		app.Get("/api/captcha/:key/audio.wav", guard.Audio)
		challenge := mustChallenge(t, guard, tag)
		mustDo(t, app, httptest.NewRequest("GET", "/api/captcha/"+challenge.Key+"/audio.wav", nil))
		if said.language != want {
			t.Errorf("%s is spoken in %q, not %s", tag, said.language, want)
		}
	}
}

// listener is a speaker that remembers which language it was asked for.
type listener struct{ language string }

func (l *listener) Speak(text, language string, longest int, seed [32]byte) ([]byte, error) {
	l.language = language
	return []byte("RIFF"), nil
}
func (l *listener) Languages() []string                 { return []string{"en", "de", "es", "pt"} }
func (l *listener) Speaks(letter rune, tag string) bool { return true }

func TestTextsAreReplacedAndAdded(t *testing.T) {
	var log bytes.Buffer
	guard := captcha.New(captcha.Config{Audio: voice, Logger: slog.New(slog.NewTextHandler(&log, nil)), Texts: map[string]captcha.Texts{
		"de":    {Refresh: "Noch eins"},
		"de-CH": {Refresh: "Nomal"},
		"tlh":   {LabelSound: "ngutlhmey yIghItlh", Listen: "yIQoy"},
	}})
	for tag, want := range map[string]struct{ label, refresh string }{
		"de":    {"Geben Sie die Zeichen ein, die Sie sehen oder hören (4 Zeichen)", "Noch eins"},
		"de-CH": {"Geben Sie die Zeichen ein, die Sie sehen oder hören (4 Zeichen)", "Nomal"},
		"tlh":   {"ngutlhmey yIghItlh (4 characters)", "New characters"},
		"fr":    {"Saisissez les caractères que vous voyez ou entendez (4 caractères)", "Autres caractères"},
	} {
		field := parse(t, mustChallenge(t, guard, tag).Field())
		if got := field.one(t, "label").text; got != want.label {
			t.Errorf("%s: label %q", tag, got)
		}
		if got := strings.TrimSpace(field.all("button")[1].text); got != want.refresh {
			t.Errorf("%s: button %q", tag, got)
		}
	}
	warned := slices.DeleteFunc(strings.Split(log.String(), "\n"), func(line string) bool { return !strings.Contains(line, "Texts") })
	if len(warned) != 1 || !strings.Contains(warned[0], "language=tlh") || !strings.Contains(warned[0], "Label, Count, ") ||
		strings.Contains(warned[0], "LabelSound") || strings.Contains(warned[0], "Listen") {
		t.Errorf("the log says %q", warned)
	}
	if got := captcha.DefaultTexts()["de"].Refresh; got != "Neue Zeichen" {
		t.Errorf("every guard says %q now", got)
	}
}
