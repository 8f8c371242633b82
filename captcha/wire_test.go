package captcha_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/wire"
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

// A client may ask for more; what it is then told is true, and the rest is as ever.
func TestCreateWithDetails(t *testing.T) {
	guard := captcha.New(captcha.Config{Audio: audio.New(), Expiration: 90 * time.Second, Picture: picture.Config{Width: 120, Height: 50}})
	guard.For("contact")
	app := fiber.New()
	guard.Register(app)
	for path, want := range map[string][2]int{"/api/captcha/?details": {120, 50}, "/api/captcha/?details=1&purpose=contact&preset=field": {120, 50}} {
		_, body := mustDo(t, app, post(path, "", ""))
		var reply struct {
			ImageType string `json:"image_type"`
			Key       string `json:"captcha_key"`
			Image     []byte `json:"captcha_image"`
			Value     []byte `json:"captcha_value"`
			Width     int    `json:"image_width"`
			Height    int    `json:"image_height"`
			ExpiresIn int    `json:"expires_in"`
			AudioType string `json:"audio_type"`
			AudioURL  string `json:"audio_url"`
		}
		decoder := json.NewDecoder(strings.NewReader(body))
		if err := decoder.Decode(&reply); err != nil {
			t.Fatal(err)
		}
		size, err := png.DecodeConfig(bytes.NewReader(reply.Image))
		if err != nil || size.Width != want[0] || size.Height != want[1] || !bytes.Equal(reply.Image, reply.Value) {
			t.Errorf("%s: a picture of %v, %v", path, size, err)
		}
		if reply.Width != want[0] || reply.Height != want[1] || reply.ExpiresIn != 90 || reply.ImageType != "image/png" {
			t.Errorf("%s: %+v", path, reply)
		}
		response, _ := mustDo(t, app, httptest.NewRequest("GET", reply.AudioURL, nil))
		if response.StatusCode != 200 || response.Header.Get("Content-Type") != reply.AudioType {
			t.Errorf("%s: the sound at %s: %s %v", path, reply.AudioURL, response.Status, response.Header)
		}
	}
	_, body := mustDo(t, newApp(captcha.New()), post("/api/captcha/?details", "", ""))
	if strings.Contains(body, "audio_") || !strings.HasSuffix(body, `"expires_in":300}`) {
		t.Errorf("without sound: %s", body[len(body)-80:])
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
	required = wire.Required
	noString = wire.NotString
	twice    = wire.Twice
	over64   = wire.Over64
	unknown  = wire.Unknown
)

func TestTheWireContract(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		guard := captcha.New(cfg)
		app := newApp(guard)
		wire.Run(t, wire.Server{
			URL:      "http://example.com",
			Do:       func(r *http.Request) (*http.Response, error) { return app.Test(r, -1) },
			Endpoint: "/api/contact",
			Challenge: func(t *testing.T) (key, answer string) {
				key = mustGenerate(t, guard)
				return key, captchatest.Solve(t, guard, key)
			},
		})
	})
}

// A query is no body.
func TestFieldsInTheQueryDoNotCount(t *testing.T) {
	guard := captcha.New()
	key := mustGenerate(t, guard)
	query := "?captcha_key=" + key + "&captcha_value=" + captchatest.Solve(t, guard, key)
	want := `{"captcha_key":` + required + `,"captcha_value":` + required + `}`
	if response, reply := mustDo(t, newApp(guard), post("/api/contact"+query, fiber.MIMEApplicationForm, "")); response.StatusCode != 400 || reply != want {
		t.Errorf("%s %s", response.Status, reply)
	}
}

func TestCompressedBodiesAreRefused(t *testing.T) {
	guard := captcha.New()
	app := newApp(guard)
	key := mustGenerate(t, guard)
	flat := map[string]string{"captcha_key": key, "captcha_value": captchatest.Solve(t, guard, key)}
	for name, encode := range wire.Encodings {
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
	_, form := wire.Encodings["urlencoded"](map[string]string{"captcha_key": key, "captcha_value": captchatest.Solve(t, guard, key)})
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

// oddJSON is where fuzzing begins.
var oddJSON = []string{
	`{"captcha_key":"KEY","captcha_value":null}`, `{"captcha_key":{"captcha_key":"KEY"},"captcha_value":["ABCD"]}`,
	`{"captcha_key":"KEY","captcha_value":"A","captcha_value":"B"}`, `[1]`, `"KEY"`, `12`, ``, `{"captcha_key":"KEY","captcha_va`, `[1,`,
	"{\"captcha_value\":\"AB\xff\"}",
}

func FuzzProtect(f *testing.F) {
	guard := captcha.New(captcha.Config{Secrets: []string{secretA}})
	app := newApp(guard)
	for _, body := range oddJSON {
		f.Add("application/json", []byte(body))
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
