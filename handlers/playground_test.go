package handlers_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"github.com/fibercaptcha/fibercaptcha/handlers/settings"
	"go/format"
	"image/png"
	"io"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
	"golang.org/x/net/html"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/handlers"
)

// bareSite is a site without a storage: a page that touched it would fail.
func bareSite() *fiber.App {
	return handlers.New(handlers.Config{Guard: captcha.New(), Logger: slog.New(slog.DiscardHandler)})
}

func mustGet(t testing.TB, app *fiber.App, address string) (status int, body string) {
	t.Helper()
	reply, err := app.Test(httptest.NewRequest("GET", address, nil), -1)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	content, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, string(content)
}

func mustParse(t testing.TB, page string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func byID(t testing.TB, doc *html.Node, id string) *html.Node {
	t.Helper()
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && attribute(n, "id") == id {
			return n
		}
	}
	t.Fatalf("no element with the id %q", id)
	return nil
}

func sampleImages(doc *html.Node) (images []*html.Node) {
	for n := range doc.Descendants() {
		if n.Data == "img" && strings.HasPrefix(attribute(n, "src"), "data:") {
			images = append(images, n)
		}
	}
	return images
}

func TestPlaygroundDrawsTwelveSamples(t *testing.T) {
	app := bareSite()
	for _, row := range []struct {
		query         string
		width, height int // device pixels; 0 for as wide as the text
		letters       string
	}{
		{"", 180, 80, "{4}"},
		{"?scale=1", 90, 40, "{4}"},
		{"?length=4&longest=6&width=200&height=70&scale=1", 200, 70, "{4,6}"},
		{"?noise=dots,arcs,lines&filter=smooth,sharpen,thicken", 180, 80, "{4}"},
		{"?width=0&height=0&length=5&scale=1", 0, 40, "{5}"},
		{"?style=solid&style=split&noise=dots&noise=lines&filter=smooth", 180, 80, "{4}"},
		{"?colours=own&foreground=%23112233&background=%23ddeeff", 180, 80, "{4}"},
		{"?colours=transparent&font=go-italic&upright=1&noise=none&filter=none&font_size=12", 180, 80, "{4}"},
	} {
		status, page := mustGet(t, app, "/playground"+row.query)
		images := sampleImages(mustParse(t, page))
		if status != 200 || len(images) != 12 {
			t.Errorf("%q: status %d, %d samples", row.query, status, len(images))
		}
		for _, img := range images {
			if alt := attribute(img, "alt"); !regexp.MustCompile("^[" + picture.Alphabet + "]" + row.letters + "$").MatchString(alt) {
				t.Errorf("%q: a sample says %q", row.query, alt)
			}
			data, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(attribute(img, "src"), "data:image/png;base64,"))
			if err != nil {
				t.Fatal(err)
			}
			drawn, err := png.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatalf("%q: %v", row.query, err)
			}
			if size := drawn.Bounds().Size(); row.width != 0 && size.X != row.width || size.Y != row.height {
				t.Errorf("%q: a sample of %v", row.query, size)
			}
		}
	}
}

func TestPlaygroundNamesEachBadKnob(t *testing.T) {
	app := bareSite()
	for _, row := range []struct{ query, knob, says string }{
		{"style=gothic", "style", `nknown style "gothic"; accepted: classic, solid`},
		{"length=0", "length", "1 to 10 letters"},
		{"length=11", "length", "1 to 10 letters"},
		{"length=six", "length", "1 to 10 letters"},
		{"length=6&longest=4", "length", "1 to 10 letters"},
		{"width=-1", "size", fmt.Sprint("each up to ", picture.MaxSize)},
		{"width=99999", "size", "1 to 1000 CSS pixels, or 0"},
		{"width=wide", "size", fmt.Sprint("each up to ", picture.MaxSize)},
		{"width=8", "size", "Width of 8"},
		{"width=900&height=900", "size", "up to 28800 pixels"},
		{"width=240&height=121&scale=1", "size", "up to 28800 pixels"},
		{"width=120&filter=smooth,sharpen,thicken", "size", "14400 with three"},
		{"width=181", "size", "181 x 40 at scale 2 has 28960 pixels"},
		{"font_size=7", "font_size", "8 to 1000"},
		{"font_size=NaN", "font_size", "8 to 1000"},
		{"font_size=60", "size", "Width of 90"},
		{"rotation_min=-91", "rotation", "-90 to 90"},
		{"rotation_min=40&rotation_max=30", "rotation", "to 90 degrees"},
		{"rotation_max=NaN", "rotation", "to 90 degrees"},
		{"colours=pink", "colours", "own or transparent"},
		{"colours=own&foreground=red", "colours", `nknown colour "red"`},
		{"colours=own&foreground=transparent", "colours", "opaque"},
		{"colours=own&foreground=%23ffffff", "colours", "contrast of 1.00"},
		{"noise=snow", "noise", `nknown noise "snow"; accepted: dots`},
		{"noise=none&noise=dots", "noise", "None can't be chosen together"},
		{"filter=blur", "filter", `nknown filter "blur"; accepted: smooth`},
		{"scale=5", "scale", "1, 2, 3, 4"},
		{"scale=0", "scale", "1, 2, 3, 4"},
		{"font=comic", "font", "go-regular, go-bold"},
		{"font=/etc/hostname", "font", "go-regular, go-bold"},
		{"font=go-bold,/etc/hostname", "font", "go-regular, go-bold"},
	} {
		status, page := mustGet(t, app, "/playground?"+row.query)
		if status != 422 {
			t.Errorf("%s: status %d", row.query, status)
			continue
		}
		doc := mustParse(t, page)
		if says := textOf(byID(t, doc, row.knob+"-problem")); !strings.Contains(says, row.says) {
			t.Errorf("%s: beside %s stands %q", row.query, row.knob, says)
		}
		if n := strings.Count(page, `-problem" data-live></div>`); n != 9 {
			t.Errorf("%s: %d knobs without a problem, not 9", row.query, n)
		}
		if len(sampleImages(doc)) != 12 {
			t.Errorf("%s: %d samples with the defaults", row.query, len(sampleImages(doc)))
		}
		if got := strings.TrimSpace(textOf(byID(t, doc, "env"))); got != "CAPTCHA_SCALE=2" { // what the page begins with
			t.Errorf("%s: to copy are %q", row.query, textOf(byID(t, doc, "env")))
		}
	}
}

func TestPlaygroundKeepsWhatWasTyped(t *testing.T) {
	_, page := mustGet(t, bareSite(), `/playground?length="><script>&rotation_min=-91&noise=dots&style=solid&colours=own&foreground=%23123456`)
	for _, kept := range []string{
		`name="length" min="1" max="10" value="&#34;&gt;&lt;script&gt;"`, `value="-91"`, `value="dots" checked`, `value="solid" checked`,
		`value="own" checked`, `value="#123456"`,
	} {
		if !strings.Contains(page, kept) {
			t.Errorf("the page lacks %s", kept)
		}
	}
}

// Whatever a visitor asks for, twelve samples are shown, in a page of a size that is bounded.
func TestPlaygroundShowsTwelve(t *testing.T) {
	app, heaviest := bareSite(), 0
	for _, query := range heavyQueries() {
		status, page := mustGet(t, app, "/playground?"+query)
		heaviest = max(heaviest, len(page))
		if n := len(sampleImages(mustParse(t, page))); len(page) > heaviestPage || n != 12 {
			t.Errorf("%s: %d bytes with %d samples", query, len(page), n)
		}
		if status != 200 && !strings.Contains(query, "&width") && !strings.Contains(query, "scale") {
			t.Errorf("%s: status %d", query, status)
		}
	}
	t.Logf("the heaviest page has %d bytes", heaviest)
}

// heaviestPage is what the page may have in bytes: twelve pictures of as many pixels as it draws, half a byte each, as
// base64, and the rest.
const heaviestPage = 12*28_800/2*4/3 + 15_000

// heavyQueries have what makes pictures heavy in all combinations, on sizes up to the greatest, with what matters less
// changing from one to the next, and long addresses.
func heavyQueries() (queries []string) {
	rest := []string{"", "&length=1", "&length=1&longest=10", "&length=10&font=go-mono-bold", "&font=go-italic&rotation_min=-90&rotation_max=90",
		"&upright=1&font_size=8", "&colours=transparent&foreground=%23123456"}
	for _, style := range append(playgroundStyles(), "") {
		for _, noise := range []string{"none", "dots", "dots,arcs,lines"} {
			for _, filter := range []string{"", "smooth", "smooth,sharpen,thicken"} {
				for _, size := range []string{"", "&scale=1", "&width=240&height=120&scale=1", "&width=120&height=60"} {
					queries = append(queries, "style="+style+"&noise="+noise+"&filter="+filter+size+rest[len(queries)%len(rest)])
				}
			}
		}
	}
	zeros := strings.Repeat("0", 28)
	return append(queries, tooMuch(), "scale=2&style=relief&"+tooMuch(),
		"scale=1&style="+strings.Join(playgroundStyles(), ",")+"&length="+zeros+"10&longest="+zeros+"10&width="+zeros+"240&height="+zeros+"60&font=go-mono-bold"+
			"&font_size="+zeros+"8.5&colours=own&noise=dots&rotation_min=-"+zeros+"5.5&rotation_max="+zeros+"40.5")
}

func playgroundStyles() (names []string) {
	for _, s := range picture.Styles() {
		names = append(names, s.String())
	}
	return names
}

// tooMuch is a long address, of what takes most room when it is shown again.
func tooMuch() string {
	quotes := strings.Repeat("%22", 100)
	query := "colours=own"
	for _, name := range []string{"length", "longest", "width", "height", "font", "font_size", "rotation_min", "rotation_max", "foreground", "scale"} {
		query += "&" + name + "=" + quotes
	}
	return query
}

// playgroundQueries have every knob turned at least once.
func playgroundQueries() []string {
	queries := []string{"", "length=5", "length=4&longest=6&width=200&height=70&scale=1", "width=0&height=0&scale=3&length=1",
		"colours=own&foreground=%23102030&background=%23fefefe&upright=1", "colours=transparent&font_size=16.5&rotation_min=-10.5&rotation_max=20",
		"style=classic&noise=none", "style=classic&filter=none", "style=solid&style=two-tone"}
	for _, name := range playgroundStyles() {
		queries = append(queries, "style="+name)
	}
	for _, name := range picture.NoiseNames() {
		queries = append(queries, "noise="+name)
	}
	for _, name := range picture.FilterNames() {
		queries = append(queries, "filter="+name)
	}
	for _, name := range []string{"go-regular", "go-bold", "go-italic", "go-mono-bold", "go-medium"} {
		queries = append(queries, "font="+name)
	}
	return queries
}

// Whoever copies the Go source and whoever copies the environment lines gets the same pictures. The source is compiled
// and run as it stands, but for the name of the variable and a function around captcha.New that lets its settings be
// seen.
func TestPlaygroundSourceAndEnvironmentDrawTheSame(t *testing.T) {
	app, dir := bareSite(), t.TempDir()
	var fromEnvironment, files []string
	for i, query := range playgroundQueries() {
		status, page := mustGet(t, app, "/playground?"+query)
		if status != 200 {
			t.Fatalf("%s: status %d", query, status)
		}
		doc := mustParse(t, page)
		source := textOf(byID(t, doc, "go"))
		if formatted, err := format.Source([]byte(source)); err != nil || string(formatted) != source {
			t.Errorf("%s: gofmt differs (%v):\n%s", query, err, source)
		}
		name := filepath.Join(dir, fmt.Sprintf("case%d.go", i))
		source = strings.Replace(source, "var guard = captcha.New(", fmt.Sprintf("var guard%d = settings(captcha.New, ", i), 1)
		mustWrite(t, name, "package main\n\n"+source)
		files = append(files, name)
		fromEnvironment = append(fromEnvironment, fingerprint(t, settingsFrom(t, textOf(byID(t, doc, "env")))))
	}
	var list strings.Builder
	for i := range files {
		fmt.Fprintf(&list, "guard%d, ", i)
	}
	main := filepath.Join(dir, "main.go")
	mustWrite(t, main, fmt.Sprintf(drawAll, list.String()))
	mustRunGo(t, append([]string{"vet", main}, files...)...)
	fromSource := strings.Fields(mustRunGo(t, append([]string{"run", main}, files...)...))
	for i, query := range playgroundQueries() {
		if fromSource[i] != fromEnvironment[i] {
			t.Errorf("%q: source and environment draw different pictures", query)
		}
	}
	for i, print := range fromSource {
		if j := slices.Index(fromSource, print); j < i {
			t.Errorf("%q and %q draw the same", playgroundQueries()[j], playgroundQueries()[i])
		}
	}
}

const drawAll = `package main

import (
	"crypto/sha256"
	"fmt"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

func settings(_ func(...captcha.Config) *captcha.Guard, given ...captcha.Config) captcha.Config {
	captcha.New(given...)
	return append(given, captcha.Config{})[0]
}

func main() {
	for _, c := range []captcha.Config{%s} {
		r, err := picture.New(c.Picture, picture.Alphabet, max(c.Length, c.MaxLength, 1))
		if err != nil {
			panic(err)
		}
		hash := sha256.New()
		fmt.Fprint(hash, max(c.Length, 4), max(c.MaxLength, c.Length, 4))
		for seed := range byte(24) {
			hash.Write(r.Append(nil, "R7KXAB2345", [32]byte{seed}))
		}
		fmt.Printf("%%x\n", hash.Sum(nil))
	}
}
`

// fingerprint is what drawAll prints.
func fingerprint(t *testing.T, c captcha.Config) string {
	r, err := picture.New(c.Picture, picture.Alphabet, max(c.Length, c.MaxLength, 1))
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.New()
	fmt.Fprint(hash, max(c.Length, 4), max(c.MaxLength, c.Length, 4))
	for seed := range byte(24) {
		hash.Write(r.Append(nil, "R7KXAB2345", [32]byte{seed}))
	}
	return fmt.Sprintf("%x", hash.Sum(nil))
}

func settingsFrom(t *testing.T, lines string) captcha.Config {
	t.Helper()
	read, err := settings.Parse(strings.Fields(lines))
	if err != nil {
		t.Fatal(err)
	}
	return read.Captcha()
}

func mustWrite(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mustRunGo(t *testing.T, args ...string) string {
	t.Helper()
	var output, problems bytes.Buffer
	command := exec.Command("go", args...)
	command.Stdout, command.Stderr = &output, &problems
	if err := command.Run(); err != nil {
		t.Fatalf("go %s: %v\n%s", args[0], err, problems.String())
	}
	return output.String()
}

func FuzzPlayground(f *testing.F) {
	for _, query := range playgroundQueries() {
		f.Add(query)
	}
	f.Add("length=11&width=-1&font=/etc/passwd&noise=none,dots&font_size=1e308&rotation_min=-Inf&foreground=%00&colours=own&scale=%ff")
	handler := bareSite().Handler()
	f.Fuzz(func(t *testing.T, query string) {
		var ctx fasthttp.RequestCtx
		ctx.Request.SetRequestURI("/playground")
		ctx.Request.URI().SetQueryString(query)
		handler(&ctx)
		if status := ctx.Response.StatusCode(); status != 200 && status != 422 {
			t.Errorf("status %d", status)
		}
		if n := len(ctx.Response.Body()); n > heaviestPage {
			t.Errorf("%d bytes", n)
		}
	})
}

func TestPlaygroundReadsItsOwnForm(t *testing.T) {
	_, page := mustGet(t, bareSite(), "/playground?longest=6&width=200&height=70&style=solid&noise=dots")
	query := url.Values{}
	for n := range byID(t, mustParse(t, page), "knobs").Descendants() {
		name, value := attribute(n, "name"), attribute(n, "value")
		_, checked := find(n, "checked")
		switch kind := attribute(n, "type"); {
		case name == "" || (kind == "checkbox" || kind == "radio") && !checked:
		case n.Data == "select":
			for option := range n.Descendants() {
				if _, selected := find(option, "selected"); selected {
					query.Set(name, textOf(option))
				}
			}
		default:
			query.Add(name, value)
		}
	}
	_, again := mustGet(t, bareSite(), "/playground?"+query.Encode())
	for _, id := range []string{"go", "env"} {
		before, after := textOf(byID(t, mustParse(t, page), id)), textOf(byID(t, mustParse(t, again), id))
		if before != after {
			t.Errorf("sent again, the form asks for\n%s, not\n%s", after, before)
		}
	}
}

func find(n *html.Node, name string) (value string, ok bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}
