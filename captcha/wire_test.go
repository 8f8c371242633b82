package captcha_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
)

// newApp is an app with one protected endpoint, which answers 201.
func newApp(guard *captcha.Guard) *fiber.App {
	app := fiber.New()
	app.All("/api/captcha/", guard.Create)
	app.Get("/api/captcha/:key/audio.wav", guard.Audio)
	app.Post("/api/contact", guard.Protect, func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusCreated) })
	return app
}

func mustDo(t *testing.T, app *fiber.App, r *http.Request) (*http.Response, string) {
	t.Helper()
	response, err := app.Test(r, -1)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func post(path, contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func TestCreateReply(t *testing.T) {
	guard := captcha.New()
	app := newApp(guard)
	for _, r := range []*http.Request{
		post("/api/captcha/", "", ""),
		post("/api/captcha", "", ""),
		post("/api/captcha/", "application/json", "{"),
		post("/api/captcha/", "text/plain", "ignored"),
	} {
		response, body := mustDo(t, app, r)
		if response.StatusCode != 200 || response.Header.Get("Content-Type") != "application/json" ||
			response.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%s %v", response.Status, response.Header)
		}
		var reply map[string]string
		if err := json.Unmarshal([]byte(body), &reply); err != nil {
			t.Fatal(err)
		}
		if len(reply) != 5 || reply["image_type"] != "image/png" || reply["image_decode"] != "base64" ||
			reply["captcha_image"] != reply["captcha_value"] {
			t.Errorf("reply %s", body)
		}
		picture, err := base64.StdEncoding.DecodeString(reply["captcha_image"])
		if err != nil {
			t.Fatal(err)
		}
		size, err := png.DecodeConfig(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		if size.Width != 90 || size.Height != 40 {
			t.Errorf("a picture of %d x %d", size.Width, size.Height)
		}
		key := reply["captcha_key"]
		wantErr(t, verify(guard, key, captchatest.Solve(t, guard, key)), nil)
	}
}

func TestCreateWithNamedFields(t *testing.T) {
	for _, names := range [][2]string{{"id", "png"}, {"a-b.c", "B_7"}} {
		guard := captcha.New(captcha.Config{Compat: captcha.Compat{KeyField: names[0], ImageField: names[1]}})
		app := newApp(guard)
		_, body := mustDo(t, app, post("/api/captcha/", "", ""))
		var reply map[string]string
		if err := json.Unmarshal([]byte(body), &reply); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		if len(reply) != 4 || reply[names[0]] == "" || reply[names[1]] == "" {
			t.Errorf("reply %s", body)
		}
		form := url.Values{names[0]: {reply[names[0]]}, "captcha_value": {captchatest.Solve(t, guard, reply[names[0]])}}
		if response, body := mustDo(t, app, post("/api/contact", fiber.MIMEApplicationForm, form.Encode())); response.StatusCode != 201 {
			t.Errorf("%s %s", response.Status, body)
		}
	}
}

func TestCreateRefusesOtherMethods(t *testing.T) {
	app := newApp(captcha.New())
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
		response, body := mustDo(t, app, httptest.NewRequest(method, "/api/captcha/", nil))
		if want := fmt.Sprintf(`{"detail":"Method \"%s\" not allowed."}`, method); response.StatusCode != 405 ||
			response.Header.Get("Allow") != "POST" || body != want {
			t.Errorf("%s: %s, Allow %q, %s", method, response.Status, response.Header.Get("Allow"), body)
		}
	}
}

const (
	required = `["This field is required."]`
	blank    = `["This field may not be blank."]`
	null     = `["This field may not be null."]`
	noString = `["Not a valid string."]`
	twice    = `["This field may be given only once."]`
	over8    = `["Ensure this field has no more than 8 characters."]`
	over64   = `["Ensure this field has no more than 64 characters."]`
	nul      = `["Null characters are not allowed."]`
	unknown  = `{"non_field_errors":["Invalid or expired captcha key"]}`
	wrong    = `{"non_field_errors":["Invalid captcha value"]}`
)

// refusals are submissions that use nothing up, in JSON. KEY stands for the key of a real challenge.
var refusals = []struct{ name, json, want string }{
	{"nothing", `{}`, `{"captcha_key":` + required + `,"captcha_value":` + required + `}`},
	{"no value", `{"captcha_key":"KEY"}`, `{"captcha_value":` + required + `}`},
	{"no key", `{"captcha_value":"ABCD"}`, `{"captcha_key":` + required + `}`},
	{"blank value", `{"captcha_key":"KEY","captcha_value":""}`, `{"captcha_value":` + blank + `}`},
	{"white value", `{"captcha_key":"KEY","captcha_value":" \t\n"}`, `{"captcha_value":` + blank + `}`},
	{"blank key", `{"captcha_key":"","captcha_value":"ABCD"}`, `{"captcha_key":` + blank + `}`},
	{"long value", `{"captcha_key":"KEY","captcha_value":"ABCDABCDA"}`, `{"captcha_value":` + over8 + `}`},
	{"long key", `{"captcha_key":"` + strings.Repeat("k", 65) + `","captcha_value":"ABCD"}`, `{"captcha_key":` + over64 + `}`},
	{"NUL", `{"captcha_key":"KEY","captcha_value":"AB\u0000D"}`, `{"captcha_value":` + nul + `}`},
	{"64 KiB", `{"captcha_key":"KEY","captcha_value":"` + strings.Repeat("A", 64<<10) + `"}`, `{"captcha_value":` + over8 + `}`},
	{"unknown", `{"captcha_key":"de67e7f3-72d9-42d8-9677-ea381610363d","captcha_value":"ABCD"}`, unknown},
	{"unknown, no value", `{"captcha_key":"de67e7f3","captcha_value":""}`, `{"captcha_value":` + blank + `}`},
	{"64 KiB key", `{"captcha_key":"` + strings.Repeat("A", 64<<10) + `","captcha_value":"ABCD"}`, `{"captcha_key":` + over64 + `}`},
}

// onlyJSON are refusals that other bodies can't express.
var onlyJSON = []struct {
	name, body string
	status     int
	want       string
}{
	{"null value", `{"captcha_key":"KEY","captcha_value":null}`, 400, `{"captcha_value":` + null + `}`},
	{"null key", `{"captcha_key":null,"captcha_value":"ABCD"}`, 400, `{"captcha_key":` + null + `}`},
	{"number", `{"captcha_key":"KEY","captcha_value":1234}`, 400, `{"captcha_value":` + noString + `}`},
	{"truth", `{"captcha_key":"KEY","captcha_value":true}`, 400, `{"captcha_value":` + noString + `}`},
	{"list", `{"captcha_key":"KEY","captcha_value":["ABCD"]}`, 400, `{"captcha_value":` + noString + `}`},
	{"nested", `{"captcha_key":{"captcha_key":"KEY"},"captcha_value":"ABCD"}`, 400, `{"captcha_key":` + noString + `}`},
	{"twice", `{"captcha_key":"KEY","captcha_value":"ABCD","captcha_value":"ABCE"}`, 400, `{"captcha_value":` + twice + `}`},
	{"other case", `{"CAPTCHA_KEY":"KEY","captcha_value":"ABCD"}`, 400, `{"captcha_key":` + required + `}`},
	{"a list", `[1]`, 400, `{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}`},
	{"a string", `"KEY"`, 400, `{"non_field_errors":["Invalid data. Expected a dictionary, but got str."]}`},
	{"a number", `12`, 400, `{"non_field_errors":["Invalid data. Expected a dictionary, but got int."]}`},
	{"empty", ``, 400, `{"detail":"JSON parse error - the body is empty"}`},
	{"half", `{"captcha_key":"KEY","captcha_va`, 400, `{"detail":"JSON parse error - the body ends before the value does"}`},
	{"more", `{"captcha_key":"KEY","captcha_value":"ABCD"}{}`, 400, `{"detail":"JSON parse error - the body is no JSON from byte 106 on"}`},
	{"half a list", `[1,`, 400, `{"detail":"JSON parse error - the body ends before the value does"}`},
	{"not UTF-8", "{\"captcha_key\":\"KEY\",\"captcha_value\":\"AB\xff\"}", 400, `{"detail":"JSON parse error - the body is not UTF-8"}`},
	{"words", `captcha_key`, 400, `{"detail":"JSON parse error - the body is no JSON from byte 1 on"}`},
	{"deep", strings.Repeat(`{"a":`, 20000), 400, `{"detail":"JSON parse error - the body is no JSON from byte 50001 on"}`},
}

// encodings turn a flat JSON object into each accepted kind of body.
var encodings = map[string]func(flat map[string]string) (contentType, body string){
	"json": func(flat map[string]string) (string, string) {
		body, _ := json.Marshal(flat)
		return "application/json; charset=utf-8", string(body)
	},
	"urlencoded": func(flat map[string]string) (string, string) {
		form := url.Values{}
		for name, value := range flat {
			form.Set(name, value)
		}
		return fiber.MIMEApplicationForm, form.Encode()
	},
	"multipart": func(flat map[string]string) (string, string) {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for name, value := range flat {
			form.WriteField(name, value)
		}
		form.Close()
		return form.FormDataContentType(), body.String()
	},
}

func TestRefusalsUseNothingUp(t *testing.T) {
	for encoding, encode := range encodings {
		t.Run(encoding, func(t *testing.T) {
			guard := captcha.New()
			app := newApp(guard)
			key := mustGenerate(t, guard)
			for _, row := range refusals {
				var flat map[string]string
				if err := json.Unmarshal([]byte(strings.ReplaceAll(row.json, "KEY", key)), &flat); err != nil {
					t.Fatal(err)
				}
				contentType, body := encode(flat)
				response, reply := mustDo(t, app, post("/api/contact", contentType, body))
				if response.StatusCode != 400 || reply != row.want {
					t.Errorf("%s: %s %s, want 400 %s", row.name, response.Status, reply, row.want)
				}
			}
			contentType, body := encode(map[string]string{"captcha_key": key, "captcha_value": captchatest.Solve(t, guard, key)})
			if response, reply := mustDo(t, app, post("/api/contact", contentType, body)); response.StatusCode != 201 {
				t.Errorf("%s %s", response.Status, reply)
			}
			if response, reply := mustDo(t, app, post("/api/contact", contentType, body)); response.StatusCode != 400 || reply != unknown {
				t.Errorf("again: %s %s", response.Status, reply)
			}
			key = mustGenerate(t, guard)
			contentType, body = encode(map[string]string{"captcha_key": key, "captcha_value": "no"})
			if response, reply := mustDo(t, app, post("/api/contact", contentType, body)); response.StatusCode != 400 || reply != wrong {
				t.Errorf("wrong answer: %s %s", response.Status, reply)
			}
		})
	}
}

func TestRefusalsOfJSON(t *testing.T) {
	guard := captcha.New()
	app := newApp(guard)
	key := mustGenerate(t, guard)
	for _, row := range onlyJSON {
		response, reply := mustDo(t, app, post("/api/contact", "application/json", strings.ReplaceAll(row.body, "KEY", key)))
		if response.StatusCode != row.status || reply != row.want {
			t.Errorf("%s: %s %s, want %d %s", row.name, response.Status, reply, row.status, row.want)
		}
	}
	wantErr(t, verify(guard, key, captchatest.Solve(t, guard, key)), nil)
}

func TestRefusalsOfForms(t *testing.T) {
	guard := captcha.New()
	app := newApp(guard)
	key := mustGenerate(t, guard)
	part := func(disposition string) string {
		return "--b\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\nABCD\r\n"
	}
	keyPart := "--b\r\nContent-Disposition: form-data; name=\"captcha_key\"\r\n\r\n" + key + "\r\n"
	for _, row := range []struct {
		name, contentType, body string
		status                  int
		want                    string
	}{
		{"twice", fiber.MIMEApplicationForm, "captcha_key=" + key + "&captcha_value=A&captcha_value=B", 400, `{"captcha_value":` + twice + `}`},
		{"not UTF-8", fiber.MIMEApplicationForm, "captcha_key=" + key + "&captcha_value=AB%FF", 400, `{"captcha_value":` + noString + `}`},
		{"in the query", fiber.MIMEApplicationForm, "", 400, `{"captcha_key":` + required + `,"captcha_value":` + required + `}`},
		{"no type", "", "captcha_key=" + key, 415, `{"detail":"Unsupported media type \"\" in request."}`},
		{"plain text", "text/plain", "captcha_key=" + key, 415, `{"detail":"Unsupported media type \"text/plain\" in request."}`},
		{"broken type", "application/json; charset", "{}", 415, `{"detail":"Unsupported media type \"application/json; charset\" in request."}`},
		{"twice", "multipart/form-data; boundary=b", keyPart + part(`name="captcha_value"`) + part(`name="captcha_value"`) + "--b--\r\n", 400,
			`{"captcha_value":` + twice + `}`},
		{"a file", "multipart/form-data; boundary=b", keyPart + part(`name="captcha_value"; filename="a"`) + "--b--\r\n", 400,
			`{"captcha_value":` + noString + `}`},
		{"no boundary", "multipart/form-data", "", 400, ""},
	} {
		response, reply := mustDo(t, app, post("/api/contact?captcha_key="+key+"&captcha_value=ABCD", row.contentType, row.body))
		if response.StatusCode != row.status || row.want != "" && reply != row.want {
			t.Errorf("%s: %s %s, want %d %s", row.name, response.Status, reply, row.status, row.want)
		}
		if row.want == "" && !strings.HasPrefix(reply, `{"detail":"Multipart form parse error - `) {
			t.Errorf("%s: %s", row.name, reply)
		}
	}
	wantErr(t, verify(guard, key, captchatest.Solve(t, guard, key)), nil)
}

func TestCompressedBodiesAreRefused(t *testing.T) {
	guard := captcha.New()
	app := newApp(guard)
	key := mustGenerate(t, guard)
	flat := map[string]string{"captcha_key": key, "captcha_value": captchatest.Solve(t, guard, key)}
	for name, encode := range encodings {
		contentType, body := encode(flat)
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		w.Write([]byte(body))
		w.Close()
		r := post("/api/contact", contentType, packed.String())
		r.Header.Set("Content-Encoding", "gzip")
		want := `{"detail":"Unsupported content encoding \"gzip\" in request."}`
		if response, reply := mustDo(t, app, r); response.StatusCode != 415 || reply != want {
			t.Errorf("%s: %s %s", name, response.Status, reply)
		}
	}
	wantErr(t, verify(guard, key, captchatest.Solve(t, guard, key)), nil)
}

func TestStorageFailureIs503(t *testing.T) {
	storage := atomicPlain{newPlain()}
	guard := captcha.New(captcha.Config{Storage: storage, Stored: true})
	app := newApp(guard)
	key := mustGenerate(t, guard)
	_, form := encodings["urlencoded"](map[string]string{"captcha_key": key, "captcha_value": captchatest.Solve(t, guard, key)})
	storage.broken = errOutage
	for _, r := range []*http.Request{
		post("/api/captcha/", "", ""),
		post("/api/contact", fiber.MIMEApplicationForm, form),
	} {
		response, body := mustDo(t, app, r)
		if response.StatusCode != 503 || response.Header.Get("Retry-After") == "" || !strings.HasPrefix(body, `{"detail":"`) ||
			strings.Contains(body, errOutage.Error()) {
			t.Errorf("%s %s: %s %s", r.Method, r.URL, response.Status, body)
		}
	}
	storage.broken = nil
	if response, body := mustDo(t, app, post("/api/contact", fiber.MIMEApplicationForm, form)); response.StatusCode != 201 {
		t.Errorf("afterwards: %s %s", response.Status, body)
	}
}

func TestNextAndErrorHandler(t *testing.T) {
	guard := captcha.New(captcha.Config{
		Next:         func(c *fiber.Ctx) bool { return c.Get("X-Staff") == "yes" },
		ErrorHandler: func(c *fiber.Ctx, err error) error { return c.Status(418).SendString(err.Error()) },
	})
	app := newApp(guard)
	r := post("/api/contact", "", "")
	if response, body := mustDo(t, app, r); response.StatusCode != 418 ||
		body != "captcha_key: This field is required.; captcha_value: This field is required." {
		t.Errorf("%s %s", response.Status, body)
	}
	r = post("/api/contact", "", "")
	r.Header.Set("X-Staff", "yes")
	if response, body := mustDo(t, app, r); response.StatusCode != 201 {
		t.Errorf("%s %s", response.Status, body)
	}
}

func FuzzProtect(f *testing.F) {
	guard := captcha.New(captcha.Config{Secrets: []string{secretA}})
	app := newApp(guard)
	for _, row := range onlyJSON {
		if len(row.body) < 1000 {
			f.Add("application/json", []byte(row.body))
		}
	}
	f.Add(fiber.MIMEApplicationForm, []byte("captcha_key=a&captcha_value=%00"))
	f.Add("multipart/form-data; boundary=b", []byte("--b\r\nContent-Disposition: form-data; name=\"captcha_key\"\r\n\r\na\r\n--b--\r\n"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/api/contact", bytes.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		response, err := app.Test(r, -1)
		if err != nil {
			return // not HTTP: no handler was called
		}
		defer response.Body.Close()
		if response.StatusCode < 400 || response.StatusCode >= 500 {
			t.Fatalf("%q with %q: %s", contentType, body, response.Status)
		}
		var reply map[string]any
		if err := json.NewDecoder(response.Body).Decode(&reply); err != nil || len(reply) == 0 {
			t.Fatalf("%q with %q: not a JSON object: %v", contentType, body, err)
		}
	})
}

func TestFields(t *testing.T) {
	app := fiber.New()
	app.Post("/", func(c *fiber.Ctx) error {
		texts, err := captcha.Fields(c, "a", "b", "c", "d", "e")
		return c.SendString(fmt.Sprint(texts, " ", err))
	})
	for _, row := range []struct{ contentType, body, want string }{
		{"application/json", `{"a":" x ","A":"y","b":7,"c":null,"d":"1","d":"2"}`,
			`map[a: x ] b: Not a valid string.; c: This field may not be null.; d: This field may be given only once.`},
		{"application/x-www-form-urlencoded", "a=+x+&d=1&d=2&e=", `map[a: x  e:] d: This field may be given only once.`},
		{"application/x-www-form-urlencoded", "e=ok", `map[e:ok] <nil>`},
		{"application/json", `[1]`, `map[] non_field_errors: Invalid data. Expected a dictionary, but got list.`},
		{"text/plain", "a=x", `map[] Unsupported media type "text/plain" in request.`},
	} {
		if _, body := mustDo(t, app, post("/", row.contentType, row.body)); body != row.want {
			t.Errorf("%s %s: %s, want %s", row.contentType, row.body, body, row.want)
		}
	}
}
