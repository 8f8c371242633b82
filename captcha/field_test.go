package captcha_test

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

var voice = audio.New()

// element is an element of a field, with its attributes and the text in it.
type element struct {
	name  string
	attrs map[string]string
	text  string
}

type elements []element

// parse reads HTML as a browser does that runs no script, within a form.
func parse(t *testing.T, field template.HTML) elements {
	t.Helper()
	form := &html.Node{Type: html.ElementNode, Data: "form", DataAtom: atom.Form}
	nodes, err := html.ParseFragmentWithOptions(
		strings.NewReader(string(field)), form, html.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatal(err)
	}
	var all elements
	for _, top := range nodes {
		for node := range nodesOf(top) {
			if node.Type == html.ElementNode {
				e := element{name: node.Data, attrs: map[string]string{}}
				for _, a := range node.Attr {
					e.attrs[a.Key] = a.Val
				}
				for inner := range nodesOf(node) {
					if inner.Type == html.TextNode {
						e.text += inner.Data
					}
				}
				all = append(all, e)
			}
		}
	}
	return all
}

func nodesOf(top *html.Node) func(func(*html.Node) bool) {
	return func(yield func(*html.Node) bool) {
		if !yield(top) {
			return
		}
		for node := range top.Descendants() {
			if !yield(node) {
				return
			}
		}
	}
}

// all returns the elements of that name that have these attributes, given in pairs.
func (all elements) all(name string, attrs ...string) elements {
	return slices.DeleteFunc(slices.Clone(all), func(e element) bool {
		for i := 0; i < len(attrs); i += 2 {
			if value, ok := e.attrs[attrs[i]]; !ok || value != attrs[i+1] {
				return true
			}
		}
		return e.name != name
	})
}

func (all elements) one(t *testing.T, name string, attrs ...string) element {
	t.Helper()
	found := all.all(name, attrs...)
	if len(found) != 1 {
		t.Fatalf("%d elements %s %q, not one", len(found), name, attrs)
	}
	return found[0]
}

func mustChallenge(t *testing.T, guard *captcha.Guard, language ...string) *captcha.Challenge {
	t.Helper()
	challenge, err := guard.IssueTo(ctx, captcha.Visitor{Language: strings.Join(language, "")})
	if err != nil {
		t.Fatal(err)
	}
	return challenge
}

func TestField(t *testing.T) {
	now := newClock()
	guard := captcha.New(captcha.Config{Audio: voice, Now: now.now})
	challenge := mustChallenge(t, guard, "de")
	now.move(2 * time.Second)
	field := parse(t, challenge.Field())

	shell := field.one(t, "captcha-field", "lang", "de",
		"data-create", "/api/captcha/?preset=field", "data-image", "captcha_image",
		"data-left", "298000", "data-lifetime", "300000")
	for name, value := range shell.attrs {
		if text := strings.TrimSpace(value); text == "" || strings.Contains(text, "{n}") {
			t.Errorf("%s is empty", name)
		}
	}
	image := field.one(t, "img", "src", string(challenge.DataURI()), "width", "180", "height", "64")
	if !strings.Contains(image.attrs["alt"], "vorlesen") {
		t.Errorf("alt %q does not say that there is a sound", image.attrs["alt"])
	}
	field.one(t, "input", "type", "hidden", "name", "captcha_key", "value", challenge.Key, "autocomplete", "off")
	answer := field.one(t, "input", "name", "captcha_value", "type", "text", "id", challenge.InputID(), "required", "",
		"maxlength", "64", "inputmode", "text", "autocapitalize", "characters", "autocomplete", "off", "spellcheck", "false")
	for _, name := range []string{"value", "aria-invalid", "aria-describedby"} {
		if _, ok := answer.attrs[name]; ok {
			t.Errorf("a field that was not answered has %s", name)
		}
	}
	if label := field.one(t, "label", "for", challenge.InputID()); strings.TrimSpace(label.text) == "" {
		t.Error("the label is empty")
	}
	sound := "/api/captcha/" + challenge.Key + "/audio.wav"
	field.one(t, "audio", "src", sound, "controls", "", "preload", "none")
	field.one(t, "a", "href", sound)
	field.one(t, "p", "role", "status")
	label := field.one(t, "label")
	field.one(t, "fieldset", "aria-labelledby", label.attrs["id"])
	if label.text != "Geben Sie die Zeichen ein, die Sie sehen oder hören (4 Zeichen)" {
		t.Errorf("label %q", label.text)
	}
	// All that works without script is in the page. Enter then presses the first of the form's buttons.
	if first := field.all("button")[0]; first.attrs["type"] != "submit" || first.attrs["name"] != "" {
		t.Errorf("Enter presses %v", first.attrs)
	}
	field.one(t, "button", "type", "submit", "name", "captcha_refresh", "value", "1", "formnovalidate", "")
	field.one(t, "button", "type", "button", "hidden", "")
	for _, button := range field.all("button") {
		if strings.TrimSpace(button.text) == "" {
			t.Errorf("button %v says nothing", button.attrs)
		}
	}
	if n := len(field.all("button")); n != 3 {
		t.Errorf("%d buttons", n)
	}
}

// The picture is as large as is comfortable in a form, unless the app says how large it is.
func TestFieldHasASizeOfItsOwn(t *testing.T) {
	for _, row := range []struct {
		cfg           captcha.Config
		width, height int
	}{
		{captcha.Config{}, 180, 64},
		{captcha.Config{Picture: picture.Config{Upright: true}}, 180, 64},
		{captcha.Config{Picture: picture.Config{Width: 120}}, 120, 40},
		{captcha.Config{Picture: picture.Config{Scale: 1}}, 90, 40},
		{captcha.Config{FieldPicture: picture.Config{Width: 100, Height: 50}}, 100, 50},
	} {
		if c := mustChallenge(t, captcha.New(row.cfg)); c.Width != row.width || c.Height != row.height {
			t.Errorf("%+v: %d x %d", row.cfg, c.Width, c.Height)
		}
	}
}

func TestFieldOptions(t *testing.T) {
	field := parse(t, mustChallenge(t, captcha.New(captcha.Config{Audio: voice})).Field(captcha.FieldOptions{
		Nonce: "r4nd0m", InputClass: "form-control", ButtonClass: "btn btn-link",
	}))
	field.one(t, "script", "nonce", "r4nd0m")
	field.one(t, "link", "nonce", "r4nd0m")
	field.one(t, "input", "class", "captcha-answer form-control")
	field.one(t, "button", "class", "captcha-button captcha-refresh btn btn-link")
	field.one(t, "button", "class", "captcha-button captcha-listen btn btn-link")
}

// The label says how many characters there are, if that is known.
func TestFieldCounts(t *testing.T) {
	for _, row := range []struct {
		cfg  captcha.Config
		want string
	}{
		{captcha.Config{Length: 5}, "Type the characters in the picture (5 characters)"},
		{captcha.Config{Length: 1}, "Type the characters in the picture"},
		{captcha.Config{Length: 4, MaxLength: 6}, "Type the characters in the picture"},
	} {
		if got := parse(t, mustChallenge(t, captcha.New(row.cfg)).Field()).one(t, "label").text; got != row.want {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
}

// Without script the field's button sends the form: nothing is judged or used up, and a new challenge comes back with
// what the form is to be shown again for.
func TestRefreshWithoutScript(t *testing.T) {
	guard := captcha.New()
	app := fiber.New()
	app.Post("/", func(c *fiber.Ctx) error {
		refused := guard.Check(c)
		if !errors.Is(refused, captcha.ErrMissing) {
			return c.SendStatus(fiber.StatusCreated)
		}
		challenge, err := guard.Issue(c)
		if err != nil {
			return err
		}
		if !challenge.Refreshed {
			return c.SendStatus(fiber.StatusUnprocessableEntity)
		}
		return c.SendString(string(challenge.Field(captcha.FieldOptions{Error: refused})))
	})
	key := mustGenerate(t, guard)
	answer := captchatest.Solve(t, guard, key)
	form := "captcha_key=" + key + "&captcha_value=" + answer
	response, body := mustDo(t, app, post("/", fiber.MIMEApplicationForm, form+"&captcha_refresh=1"))
	if response.StatusCode != 200 {
		t.Fatal(response.Status)
	}
	field := parse(t, template.HTML(body))
	if got := field.one(t, "input", "name", "captcha_key").attrs["value"]; got == key {
		t.Error("the same challenge came back")
	}
	if got := field.one(t, "p", "role", "status").text; got != "New characters are ready." {
		t.Errorf("the visitor is told %q", got)
	}
	for _, e := range field {
		if e.attrs["class"] == "captcha-error" || e.attrs["aria-invalid"] != "" {
			t.Errorf("the visitor did something wrong: %v %q", e.attrs, e.text)
		}
	}
	for _, row := range []struct {
		form   string
		status int
	}{
		{form + "&captcha_refresh=", 201}, // a blank one is none, and the answer is still good
		{"captcha_key=" + key, 422},
	} {
		if response, _ := mustDo(t, app, post("/", fiber.MIMEApplicationForm, row.form)); response.StatusCode != row.status {
			t.Errorf("%s: %s", row.form, response.Status)
		}
	}
}

func TestFieldFollowsTheSettings(t *testing.T) {
	guard := captcha.New(captcha.Config{
		Alphabet: "0123456789", Length: 6, MaxLength: 10,
		Compat: captcha.Compat{KeyField: "id", ImageField: "png"}, Path: "/sub/captcha/",
		Expiration: time.Minute, Picture: picture.Config{Width: 300, Height: picture.Fit, Scale: 2},
	})
	challenge := mustChallenge(t, guard, "fr")
	field := parse(t, challenge.Field())
	field.one(t, "captcha-field", "lang", "fr", "data-create", "/sub/captcha/?preset=field",
		"data-image", "png", "data-lifetime", "60000")
	field.one(t, "input", "name", "captcha_value", "inputmode", "numeric", "maxlength", "64")
	field.one(t, "input", "name", "id", "value", challenge.Key)
	field.one(t, "img", "width", "300", "height", strconv.Itoa(challenge.Height))
	for _, tag := range []string{"audio", "a"} {
		if found := field.all(tag); len(found) > 0 {
			t.Errorf("a guard without sound shows %v", found)
		}
	}
	if label := field.one(t, "label").text; !strings.Contains(label, "image") {
		t.Errorf("label %q", label)
	}
	for _, url := range []string{field.one(t, "script").attrs["src"], field.one(t, "link").attrs["href"]} {
		if !strings.HasPrefix(url, "/sub/captcha/assets/field.") {
			t.Errorf("the field loads %q", url)
		}
	}
}

// A page may have a Content-Security-Policy that allows nothing inline.
func TestFieldHasNothingInline(t *testing.T) {
	challenge := mustChallenge(t, captcha.New(captcha.Config{Audio: voice}))
	field := parse(t, challenge.Field(captcha.FieldOptions{Error: captcha.ErrWrongAnswer}))
	for _, e := range field {
		for name := range e.attrs {
			if name == "style" || strings.HasPrefix(name, "on") {
				t.Errorf("%s has %s", e.name, name)
			}
		}
		if e.name == "style" || e.name == "script" && strings.TrimSpace(e.text) != "" {
			t.Errorf("%s has %q", e.name, e.text)
		}
	}
}

func TestFieldShowsWhyItWasRefused(t *testing.T) {
	guard := captcha.New()
	challenge := mustChallenge(t, guard)
	blank := verify(guard, "", "")
	blankAndOwn := captcha.FieldErrors{"name": {{Message: "No."}}, "captcha_value": {{Code: "required"}}}
	const (
		mismatch = "The characters did not match. Type the new ones."
		expired  = "The characters had expired or had already been used. Type the new ones."
		outage   = "Sorry, the check is not working at the moment. Try again in a few seconds."
	)
	tests := []struct {
		name    string
		options captcha.FieldOptions
		want    string
	}{
		{"blank", captcha.FieldOptions{Error: blank}, "Type the characters."},
		{"too long", captcha.FieldOptions{Error: verify(guard, challenge.Key, "123456789")}, mismatch},
		{"body", captcha.FieldOptions{Error: &captcha.Error{Reason: captcha.Malformed, Status: 415}}, mismatch},
		{"wrong", captcha.FieldOptions{Error: captcha.ErrWrongAnswer}, mismatch},
		{"used", captcha.FieldOptions{Error: captcha.ErrUnknownKey}, expired},
		{"wrapped", captcha.FieldOptions{Error: fmt.Errorf("contact: %w", captcha.ErrUnknownKey)}, expired},
		{"outage", captcha.FieldOptions{Error: captcha.ErrStorage}, outage},
		{"another", captcha.FieldOptions{Error: errors.New("secret detail")}, outage},
		{"blank, and an app's own", captcha.FieldOptions{Error: blankAndOwn}, "Type the characters."},
		{"own words", captcha.FieldOptions{Error: captcha.ErrWrongAnswer, Message: "Too many attempts."},
			"Too many attempts."},
	}
	for _, test := range tests {
		field := parse(t, challenge.Field(test.options))
		id := challenge.InputID() + "-error"
		field.one(t, "input", "id", challenge.InputID(), "aria-invalid", "true", "aria-describedby", id)
		if got := field.one(t, "p", "id", id).text; got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestFieldIsSilentAboutOtherFields(t *testing.T) {
	challenge := mustChallenge(t, captcha.New())
	if got := challenge.Message(captcha.FieldErrors{"name": {{Code: "required"}}}); got != "" {
		t.Errorf("%q", got)
	}
}

func TestFieldsOfOnePageDiffer(t *testing.T) {
	guard := captcha.New(captcha.Config{Audio: voice})
	seen := map[string]bool{}
	for range 20 {
		for _, e := range parse(t, mustChallenge(t, guard).Field(captcha.FieldOptions{Message: "No."})) {
			if id, ok := e.attrs["id"]; ok {
				if seen[id] {
					t.Errorf("id %q twice", id)
				}
				seen[id] = true
			}
		}
	}
}

// Whatever an app writes into texts, settings and messages is shown as text: the field has the same elements as ever.
func FuzzFieldEscapes(f *testing.F) {
	for _, text := range []string{
		`plain`, `"><script>alert(1)</script>`, `' onerror='alert(1)`, `</captcha-field>`, `</noscript><img src=x>`,
		"`{{.Key}}`", `javascript:alert(1)`, `<!--`, `</p><p>`, `&quot;&lt;`, "\x00\u2028\n", "\xff", `]]>`,
	} {
		f.Add(text)
	}
	// One font is read faster than all of them.
	plain := picture.Config{Fonts: [][]byte{goregular.TTF}}
	usual := captcha.New(captcha.Config{Audio: voice, Picture: plain})
	f.Fuzz(func(t *testing.T, text string) {
		every := captcha.Texts{}
		value := reflect.ValueOf(&every).Elem()
		for i := range value.NumField() {
			value.Field(i).SetString(text)
		}
		guard, ok := tryNew(captcha.Config{
			Audio: voice, Picture: plain, Logger: quiet,
			Compat: captcha.Compat{KeyField: "k" + text, ImageField: "i" + text}, Path: "/sub/captcha/",
			Texts: map[string]captcha.Texts{"en": every},
		})
		if !ok {
			t.Skip("refused settings")
		}
		got := parse(t, mustChallenge(t, guard, "en").Field(captcha.FieldOptions{Message: "m" + text}))
		want := parse(t, mustChallenge(t, usual, "en").Field(captcha.FieldOptions{Message: "m"}))
		if len(got) != len(want) {
			t.Fatalf("%d elements, not %d", len(got), len(want))
		}
		for i := range got {
			if got[i].name != want[i].name || len(got[i].attrs) != len(want[i].attrs) {
				t.Errorf("element %d is %s %v", i, got[i].name, got[i].attrs)
			}
			for _, name := range []string{"href", "src", "data-create"} {
				url, ok := got[i].attrs[name]
				if ok && !strings.HasPrefix(url, "/") && !strings.HasPrefix(url, "data:image/png;base64,") {
					t.Errorf("%s leads to %q", name, url)
				}
			}
		}
	})
}

// tryNew reports false for settings that New refuses.
func tryNew(cfg captcha.Config) (guard *captcha.Guard, ok bool) {
	defer func() { ok = recover() == nil }()
	return captcha.New(cfg), true
}

func TestAssets(t *testing.T) {
	guard := captcha.New()
	app := newApp(guard)
	app.Get("/api/captcha/assets/:file", guard.Assets)
	field := parse(t, mustChallenge(t, guard).Field())
	types := map[string]string{
		field.one(t, "script", "type", "module").attrs["src"]:   "text/javascript; charset=utf-8",
		field.one(t, "link", "rel", "stylesheet").attrs["href"]: "text/css; charset=utf-8",
	}
	for url, mediaType := range types {
		response, body := mustDo(t, app, httptest.NewRequest("GET", url, nil))
		etag := response.Header.Get("ETag")
		if response.StatusCode != 200 || response.Header.Get("Content-Type") != mediaType || len(body) < 1000 || etag == "" ||
			response.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" ||
			response.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %s %v", url, response.Status, response.Header)
		}
		plain, _, _ := strings.Cut(url, "?")
		for _, unversioned := range []string{plain, plain + "?v=0123456789abcdef"} {
			response, again := mustDo(t, app, httptest.NewRequest("GET", unversioned, nil))
			if response.StatusCode != 200 || response.Header.Get("Cache-Control") != "no-cache" || again != body {
				t.Errorf("%s: %s %v", unversioned, response.Status, response.Header)
			}
		}
		for _, encoding := range []string{"br", "gzip"} {
			packed := httptest.NewRequest("GET", url, nil)
			packed.Header.Set("Accept-Encoding", "x, "+encoding)
			response, small := mustDo(t, app, packed)
			if response.Header.Get("Content-Encoding") != encoding ||
				len(small) > len(body)/2 || unpack(t, encoding, small) != body ||
				response.Header.Get("Vary") != "Accept-Encoding" || response.Header.Get("ETag") == etag {
				t.Errorf("%s in %s: %d of %d bytes, %v", url, encoding, len(small), len(body), response.Header)
			}
			t.Logf("%s: %d bytes, %d in %s", plain, len(body), len(small), encoding)
		}
		known := httptest.NewRequest("GET", plain, nil)
		known.Header.Set("If-None-Match", etag)
		if response, body := mustDo(t, app, known); response.StatusCode != 304 || body != "" ||
			response.Header.Get("ETag") != etag {
			t.Errorf("%s, known: %s %q", plain, response.Status, body)
		}
		changed := httptest.NewRequest("GET", plain, nil)
		changed.Header.Set("If-None-Match", `"0"`)
		if response, _ := mustDo(t, app, changed); response.StatusCode != 200 {
			t.Errorf("%s, changed: %s", plain, response.Status)
		}
		if response, none := mustDo(t, app, httptest.NewRequest("HEAD", url, nil)); response.StatusCode != 200 ||
			none != "" || response.ContentLength != int64(len(body)) {
			t.Errorf("HEAD %s: %s, length %d", url, response.Status, response.ContentLength)
		}
	}
	for _, name := range []string{"field.html", "field.jsx", "assets", "..%2ffield.go"} {
		r := httptest.NewRequest("GET", "/api/captcha/assets/"+name, nil)
		if response, body := mustDo(t, app, r); response.StatusCode != 404 {
			t.Errorf("%s: %s %s", name, response.Status, body)
		}
	}
}

// The script keeps to the syntax of the oldest browsers that its head names.
func TestScriptIsPlain(t *testing.T) {
	app := newApp(captcha.New())
	app.Get("/assets/:file", captcha.New().Assets)
	_, script := mustDo(t, app, httptest.NewRequest("GET", "/assets/field.js", nil))
	newer := regexp.MustCompile(`\?\.[^\d]|\?\?|[\s.]#\w|catch \{|\|\|=|&&=|for await|\b\d+_\d|\{ \.\.\.|` +
		`replaceAll|replaceChildren|toggleAttribute|AbortSignal\.|\.at\(`)
	for i, line := range strings.Split(script, "\n") {
		if found := newer.FindString(line); found != "" || strings.HasPrefix(strings.TrimSpace(line), "//") {
			t.Errorf("line %d has %q", i+1, found)
		}
	}
}

func unpack(t *testing.T, encoding, packed string) string {
	t.Helper()
	unpack := fasthttp.AppendUnbrotliBytes
	if encoding == "gzip" {
		unpack = fasthttp.AppendGunzipBytes
	}
	content, err := unpack(nil, []byte(packed))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// A page that Go does not render gets what it would have rendered.
func TestFieldByTheAPI(t *testing.T) {
	guard := captcha.New(captcha.Config{Audio: voice})
	signup := guard.For("signup")
	app := fiber.New()
	guard.Register(app)
	for query, language := range map[string]string{
		"":                            "fr",
		"?language=de-AT":             "de",
		"?language=tlh":               "fr",
		"?language=zh-TW":             "zh-Hant",
		"?language=ru&purpose=signup": "ru",
	} {
		r := post("/api/captcha/field"+query, "", "")
		r.Header.Set("Accept-Language", "fr")
		response, body := mustDo(t, app, r)
		if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/html; charset=utf-8" ||
			response.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%s: %s %v", query, response.Status, response.Header)
		}
		field := parse(t, template.HTML(body))
		field.one(t, "captcha-field", "lang", language)
		key := field.one(t, "input", "name", "captcha_key").attrs["value"]
		issuer := guard
		if strings.Contains(query, "signup") {
			issuer = signup
		}
		if err := verify(issuer, key, captchatest.Solve(t, issuer, key)); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
	for r, status := range map[*http.Request]int{
		httptest.NewRequest("GET", "/api/captcha/field", nil): 405,
		post("/api/captcha/field?purpose=other", "", ""):      404,
	} {
		if response, body := mustDo(t, app, r); response.StatusCode != status {
			t.Errorf("%s %s: %s %s", r.Method, r.URL, response.Status, body)
		}
	}
}

func TestPathIsChecked(t *testing.T) {
	for _, path := range []string{"captcha/", "/captcha", "//host/", "https://host/"} {
		if _, ok := tryNew(captcha.Config{Path: path, Logger: quiet}); ok {
			t.Errorf("Path %q is accepted", path)
		}
	}
	for _, path := range []string{"/", "/captcha/", "/a/b/"} {
		if _, ok := tryNew(captcha.Config{Path: path, Logger: quiet}); !ok {
			t.Errorf("Path %q is refused", path)
		}
	}
}
