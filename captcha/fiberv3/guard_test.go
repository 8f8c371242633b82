package fiberv3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/fiberv3"
	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/wire"
)

// serve listens until the test ends, and returns the app's URL.
func serve(t *testing.T, app *fiber.App) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true}) }()
	t.Cleanup(func() {
		_ = listener.Close()
		_ = app.ShutdownWithTimeout(time.Second)
		<-served
	})
	return "http://" + listener.Addr().String()
}

func mustDo(t *testing.T, app *fiber.App, method, path, contentType, body string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	response, err := app.Test(r, fiber.TestConfig{Timeout: 0})
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

// postForm posts an urlencoded body.
func postForm(t *testing.T, app *fiber.App, path string, fields url.Values) (status int, body string) {
	t.Helper()
	response, body := mustDo(t, app, "POST", path, fiber.MIMEApplicationForm, fields.Encode())
	return response.StatusCode, body
}

// solved is a submission of a new challenge's right answer.
func solved(t *testing.T, guard *fiberv3.Guard, visitor captcha.Visitor) url.Values {
	t.Helper()
	challenge, err := guard.IssueTo(t.Context(), visitor)
	if err != nil {
		t.Fatal(err)
	}
	return url.Values{"captcha_key": {challenge.Key}, "captcha_value": {captchatest.SolveFor(t, guard.Guard, challenge.Key, visitor)}}
}

func created(c fiber.Ctx) error { return c.SendStatus(fiber.StatusCreated) }

func TestWire(t *testing.T) {
	for name, cfg := range map[string]captcha.Config{"sealed": {}, "stored": {Stored: true}} {
		t.Run(name, func(t *testing.T) {
			guard, app := fiberv3.New(fiberv3.Config{Config: cfg}), fiber.New()
			app.Post("/api/contact", guard.Protect, created)
			wire.Run(t, wire.Server{
				URL: serve(t, app), Do: http.DefaultClient.Do, Endpoint: "/api/contact",
				Challenge: func(t *testing.T) (key, answer string) {
					submission := solved(t, guard, captcha.Visitor{})
					return submission.Get("captcha_key"), submission.Get("captcha_value")
				},
			})
		})
	}
}

// Of answers that arrive together, one counts.
func TestSingleUse(t *testing.T) {
	guard, app := fiberv3.New(), fiber.New()
	app.Post("/", guard.Protect, created)
	address := serve(t, app)
	for range 20 {
		submission := solved(t, guard, captcha.Visitor{})
		var accepted atomic.Int32
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				response, err := http.PostForm(address, submission)
				if err != nil {
					t.Error(err)
					return
				}
				response.Body.Close()
				if response.StatusCode == 201 {
					accepted.Add(1)
				}
			})
		}
		if all.Wait(); accepted.Load() != 1 {
			t.Errorf("%d of 50 were accepted", accepted.Load())
		}
	}
}

// A method that takes or returns a type of Fiber v2 would be in every editor's list, and could never be called.
func TestNoMethodKnowsFiberV2(t *testing.T) {
	const v2 = "github.com/gofiber/fiber/v2"
	// Except Storage, whose type is a part of Fiber v3's.
	of := func(part reflect.Type) string {
		if part.Kind() == reflect.Pointer {
			part = part.Elem()
		}
		return part.PkgPath() + "." + part.Name()
	}
	guard := reflect.TypeFor[*fiberv3.Guard]()
	for i := range guard.NumMethod() {
		method := guard.Method(i)
		var parts []string
		for n := range method.Type.NumIn() {
			parts = append(parts, of(method.Type.In(n)))
		}
		for n := range method.Type.NumOut() {
			parts = append(parts, of(method.Type.Out(n)))
		}
		for _, part := range parts {
			if method.Name != "Storage" && (strings.HasPrefix(part, v2+".") || part == of(reflect.TypeFor[captcha.Guard]())) {
				t.Errorf("%s is the one for Fiber v2: %v", method.Name, method.Type)
			}
		}
	}
}

// Each setting that takes a request's context has its counterpart here.
func TestEverySettingOfARequest(t *testing.T) {
	found := 0
	for _, field := range reflect.VisibleFields(reflect.TypeFor[captcha.Config]()) {
		if field.Type.Kind() != reflect.Func || field.Type.NumIn() == 0 || field.Type.In(0).Kind() != reflect.Pointer ||
			field.Type.In(0).Elem().PkgPath() != "github.com/gofiber/fiber/v2" {
			continue
		}
		found++
		own, ok := reflect.TypeFor[fiberv3.Config]().FieldByName(field.Name)
		if !ok || len(own.Index) > 1 {
			t.Errorf("fiberv3.Config has no %s of its own", field.Name)
		}
		var cfg fiberv3.Config
		never := reflect.MakeFunc(field.Type, func([]reflect.Value) []reflect.Value { panic("called") })
		reflect.ValueOf(&cfg.Config).Elem().FieldByIndex(field.Index).Set(never)
		var refused *captcha.SettingError
		if _, err := fiberv3.NewGuard(cfg); !errors.As(err, &refused) || refused.Field != "Config."+field.Name ||
			!strings.Contains(err.Error(), "set fiberv3.Config."+field.Name) {
			t.Errorf("%s for Fiber v2: %v", field.Name, err)
		}
	}
	if found < 3 {
		t.Errorf("%d settings take a context", found)
	}
}

func TestOtherSettingsAreRefused(t *testing.T) {
	_, err := fiberv3.NewGuard(fiberv3.Config{Config: captcha.Config{Length: -1}})
	var refused *captcha.SettingError
	if !errors.As(err, &refused) || refused.Field != "Length" {
		t.Errorf("%v", err)
	}
}

func TestSettingsOfARequest(t *testing.T) {
	guard := fiberv3.New(fiberv3.Config{
		Config:       captcha.Config{Receipts: time.Minute, Purpose: "home"},
		Next:         func(c fiber.Ctx) bool { return c.Get("X-Known") != "" },
		Binding:      func(c fiber.Ctx) string { return c.Get("X-Visitor") },
		ErrorHandler: func(c fiber.Ctx, err error) error { return c.Status(418).SendString(err.Error()) },
	})
	other := guard.For("other")
	app := fiber.New()
	guard.Register(app)
	app.Post("/protect", guard.Protect, created)
	app.Post("/other", other.Protect, created)
	app.Post("/check", func(c fiber.Ctx) error {
		if err := guard.Check(c); err != nil {
			return err
		}
		return created(c)
	})
	send := func(path, visitor, known string, fields url.Values) (int, string) {
		r := httptest.NewRequest("POST", path, strings.NewReader(fields.Encode()))
		r.Header.Set("Content-Type", fiber.MIMEApplicationForm)
		r.Header.Set("X-Visitor", visitor)
		r.Header.Set("X-Known", known)
		response, err := app.Test(r, fiber.TestConfig{})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	ada := captcha.Visitor{Binding: "ada"}
	for _, row := range []struct {
		path, visitor, known string
		status               int
	}{
		{"/protect", "ada", "", 201},
		{"/protect", "bob", "", 418},
		{"/other", "ada", "", 418},
		{"/check", "ada", "", 201},
		{"/check", "bob", "", 400},
		{"/check", "bob", "yes", 201},
		{"/protect", "bob", "yes", 201},
	} {
		if status, body := send(row.path, row.visitor, row.known, solved(t, guard, ada)); status != row.status {
			t.Errorf("%s by %s: %d %s, want %d", row.path, row.visitor, status, body, row.status)
		}
	}

	// The guard's own routes are answered by the same handler.
	if response, body := mustDo(t, app, "GET", "/api/captcha/", "", ""); response.StatusCode != 418 ||
		body != `Method "GET" not allowed.` || response.Header.Get("Allow") != "POST" {
		t.Errorf("%s %s", response.Status, body)
	}
	// A receipt is good once, for the visitor who has it.
	status, body := send("/api/captcha/receipt/", "ada", "", solved(t, guard, ada))
	receipt := regexp.MustCompile(`"captcha_receipt":"([^"]+)"`).FindStringSubmatch(body)
	if status != 200 || receipt == nil {
		t.Fatalf("%d %s", status, body)
	}
	for _, row := range []struct {
		visitor string
		status  int
	}{{"bob", 418}, {"ada", 201}, {"ada", 418}} {
		if status, body := send("/protect", row.visitor, "", url.Values{"captcha_receipt": {receipt[1]}}); status != row.status {
			t.Errorf("a receipt used by %s: %d %s, want %d", row.visitor, status, body, row.status)
		}
	}
}

// A handler may return an error as it is. Fiber's own error handler then answers with its status, and tells a stranger
// nothing of the inside.
func TestErrorsReturnedAsTheyAre(t *testing.T) {
	storage := &breakable{Memory: memory.New(memory.Config{Entries: 100})}
	logger := slog.New(slog.DiscardHandler)
	guard, app := fiberv3.New(fiberv3.Config{Config: captcha.Config{Storage: storage, Logger: logger}}), fiber.New()
	app.Post("/", func(c fiber.Ctx) error { return guard.Check(c) })
	good := solved(t, guard, captcha.Visitor{})
	for _, row := range []struct {
		fields url.Values
		status int
		want   string
	}{
		{url.Values{"captcha_key": good["captcha_key"]}, 400, "captcha_value: This field is required."},
		{url.Values{"captcha_key": {"made-up"}, "captcha_value": {"ABCD"}}, 400, "Invalid or expired captcha key"},
		{good, 200, ""},
	} {
		if status, body := postForm(t, app, "/", row.fields); status != row.status || body != row.want {
			t.Errorf("%v: %d %q, want %d %q", row.fields, status, body, row.status, row.want)
		}
	}
	good = solved(t, guard, captcha.Visitor{})
	storage.broken.Store(true)
	const sentence = "The captcha can't be checked at the moment. Try again in a few seconds."
	if status, body := postForm(t, app, "/", good); status != 503 || body != sentence {
		t.Errorf("%d %q", status, body)
	}
}

// breakable is a storage that can fail.
type breakable struct {
	*memory.Memory
	broken atomic.Bool
}

func (b *breakable) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if b.broken.Load() {
		return false, errors.New("dial tcp 10.0.0.7:6379: connection refused")
	}
	return b.Memory.Add(ctx, key, value, ttl)
}

// A form that is refused for another field's sake comes back with the same challenge.
func TestTheSameChallengeComesBack(t *testing.T) {
	guard, app := fiberv3.New(), fiber.New()
	app.Post("/", func(c fiber.Ctx) error {
		own, err := fiberv3.Fields(c, "name")
		if err != nil {
			return err
		}
		if own["name"] == "" {
			challenge, err := guard.Issue(c)
			if err != nil {
				return err
			}
			return c.Status(422).SendString(challenge.Key)
		}
		return guard.Check(c)
	})
	fields := solved(t, guard, captcha.Visitor{})
	for range 2 {
		if status, body := postForm(t, app, "/", fields); status != 422 || body != fields.Get("captcha_key") {
			t.Errorf("%d %s", status, body)
		}
	}
	fields.Set("name", "Ada")
	if status, body := postForm(t, app, "/", fields); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	if status, body := postForm(t, app, "/", url.Values{"name": {"Ada", "Bob"}}); status != 400 || body != "name: This field may be given only once." {
		t.Errorf("%d %s", status, body)
	}
}

func TestLanguage(t *testing.T) {
	guard, app := fiberv3.New(), fiber.New()
	app.Get("/", func(c fiber.Ctx) error {
		challenge, err := guard.Issue(c)
		if err != nil {
			return err
		}
		return c.SendString(string(challenge.Field()))
	})
	for header, want := range map[string]string{
		"de-AT, en;q=0.5":    `<captcha-field lang="de" dir="ltr"`,
		"tlh, ar-EG;q=0.5":   `<captcha-field lang="ar" dir="rtl"`,
		"zh-TW,zh;q=0.9":     `<captcha-field lang="zh-Hant" dir="ltr"`,
		"fr;q=x, ;, *;q=0.1": `<captcha-field lang="en" dir="ltr"`,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", header)
		response, err := app.Test(r)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(response.Body); err != nil || !strings.HasPrefix(string(body), want) {
			t.Errorf("%s: %.60s %v", header, body, err)
		}
	}
}

// The handlers of a request are given the request's context: a storage sees its values and its end.
func TestContext(t *testing.T) {
	type name struct{}
	var seen any
	guard := fiberv3.New(fiberv3.Config{Config: captcha.Config{
		Observe: func(ctx context.Context, e captcha.Event) { seen = ctx.Value(name{}) },
	}})
	app := fiber.New()
	app.Use(func(c fiber.Ctx) error {
		c.SetContext(context.WithValue(c.Context(), name{}, "value"))
		return c.Next()
	})
	guard.Register(app)
	if response, _ := mustDo(t, app, "POST", "/api/captcha/", "", ""); response.StatusCode != 200 || seen != "value" {
		t.Errorf("%s, %v", response.Status, seen)
	}
}

// A process of several, each with a memory of its own, is refused without a shared storage.
func TestPrefork(t *testing.T) {
	t.Setenv("FIBER_PREFORK_CHILD", "1")
	if !fiber.IsChild() {
		t.Fatal("Fiber v3 names its children in another way")
	}
	if _, err := fiberv3.NewGuard(); err == nil || !strings.Contains(fmt.Sprint(err), "Storage") {
		t.Errorf("%v", err)
	}
}

func mustGet(t *testing.T, address, part string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest("GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Range", part)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}
