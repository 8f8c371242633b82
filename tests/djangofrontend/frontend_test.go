// Package djangofrontend_test runs a front end of django-rest-captcha, from an origin of its own and in a real browser,
// against an API of this module.
package djangofrontend_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/cors"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
)

// frontend is the page in a browser, and the guard behind the API that it talks to.
type frontend struct {
	t     *testing.T
	page  *browser.Page
	guard *captcha.Guard
	store storage.Storage
}

// open serves page and API from two origins, and shows the page.
func open(t *testing.T, imageField, encoding string) frontend {
	t.Helper()
	pages := httptest.NewServer(http.FileServer(http.Dir("page")))
	t.Cleanup(pages.Close)
	store, err := storage.Open(t.Context(), "memory://")
	if err != nil {
		t.Fatal(err)
	}
	guard := captcha.New(captcha.Config{Storage: store})
	api := serve(t, guard, pages.URL)

	p := browser.Open(t)
	p.Visit(pages.URL + "/?" + url.Values{"api": {api}, "image": {imageField}, "encoding": {encoding}}.Encode())
	f := frontend{t: t, page: p, guard: guard, store: store}
	f.awaitChallenge("")
	return f
}

func serve(t *testing.T, guard *captcha.Guard, origin string) (api string) {
	t.Helper()
	app := fiber.New(fiber.Config{DisableStartupMessage: true, ReadTimeout: time.Minute})
	app.Use(cors.New(cors.Config{AllowOrigins: origin}))
	app.All("/api/captcha/", guard.Create)
	app.Post("/api/contact", func(c *fiber.Ctx) error {
		var contact struct {
			Email string `json:"email" form:"email"`
		}
		if err := c.BodyParser(&contact); err != nil {
			return fiber.ErrBadRequest
		}
		if !strings.Contains(contact.Email, "@") {
			return c.Status(fiber.StatusBadRequest).JSON(fiber.Map{"email": []string{"Enter a valid email address."}})
		}
		return c.Next()
	}, guard.Protect, func(c *fiber.Ctx) error { return c.Status(fiber.StatusCreated).JSON(fiber.Map{}) })

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go app.Listener(listener)
	t.Cleanup(func() { app.ShutdownWithTimeout(time.Second) })
	return "http://" + listener.Addr().String()
}

// awaitChallenge returns the key of the challenge that is shown, which is not the old one.
func (f frontend) awaitChallenge(old string) (key string) {
	f.t.Helper()
	f.page.Await(`document.querySelector("img").naturalWidth === 90`)
	f.page.Await(`(document.body.dataset.key ?? "") !== "` + old + `"`)
	return f.key()
}

func (f frontend) key() string { return browser.Value[string](f.page, `document.body.dataset.key`) }

// send fills the form in, sends it, and returns the complaints.
func (f frontend) send(email, answer, status string) (complaints []string) {
	f.t.Helper()
	for name, value := range map[string]string{"email": email, "captcha_value": answer} {
		browser.Value[string](f.page, `document.querySelector("[name=`+name+`]").value = ""`)
		f.page.Type("[name="+name+"]", value)
	}
	browser.Value[string](f.page, `document.querySelector("[role=status]").textContent = ""`)
	f.page.Click("button")
	f.page.Await(`document.querySelector("[role=status]").textContent === "` + status + `"`)
	return browser.Value[[]string](f.page, `[...document.querySelectorAll("li")].map((item) => item.textContent)`)
}

func (f frontend) want(got []string, want ...string) {
	f.t.Helper()
	if !slices.Equal(got, want) {
		f.t.Errorf("complaints %q, want %q", got, want)
	}
}

// Both names of the picture, and each encoding of a submission.
func TestRightAnswer(t *testing.T) {
	for _, row := range []struct{ imageField, encoding string }{
		{"captcha_image", "json"},
		{"captcha_value", "json"},
		{"captcha_image", "urlencoded"},
		{"captcha_value", "multipart"},
	} {
		t.Run(row.imageField+" "+row.encoding, func(t *testing.T) {
			f := open(t, row.imageField, row.encoding)
			f.want(f.send("ada@example.org", captchatest.Solve(t, f.guard, f.key()), "Sent."))
			f.page.WantNoProblems()
		})
	}
}

func TestRefusals(t *testing.T) {
	f := open(t, "captcha_image", "json")
	key := f.key()
	answer := captchatest.Solve(t, f.guard, key)

	// What uses nothing up.
	f.want(f.send("ada", answer, "Not sent."), "email: Enter a valid email address.")
	f.want(f.send("ada@example.org", "", "Not sent."), "captcha_value: This field may not be blank.")
	f.want(f.send("ada@example.org", "ABCDEFGHI", "Not sent."), "captcha_value: Ensure this field has no more than 8 characters.")
	f.want(f.send("ada@example.org", answer, "Sent."))

	// The same challenge again, a new one after it, and a wrong answer to that.
	f.want(f.send("ada@example.org", answer, "Not sent."), "non_field_errors: Invalid or expired captcha key")
	second := f.awaitChallenge(key)
	f.want(f.send("ada@example.org", "no", "Not sent."), "non_field_errors: Invalid captcha value")
	third := f.awaitChallenge(second)
	if err := captchatest.Try(t, f.guard, second, "no"); !errors.Is(err, captcha.ErrUnknownKey) {
		t.Errorf("a challenge that was answered wrongly: %v", err)
	}

	// A storage that fails: a sentence, and no success.
	answer = captchatest.Solve(t, f.guard, third)
	if err := f.store.Close(); err != nil {
		t.Fatal(err)
	}
	if got := f.send("ada@example.org", answer, "Not sent."); len(got) != 1 || !strings.HasPrefix(got[0], "detail: ") {
		t.Errorf("complaints %q, want one sentence", got)
	}
}

// A request with the wrong method gets the original's message.
func TestMethod(t *testing.T) {
	f := open(t, "captcha_image", "json")
	reply := browser.Value[string](f.page, `fetch(api + "/api/captcha/").then((response) => response.json()).then((reply) => reply.detail)`)
	if reply != `Method "GET" not allowed.` {
		t.Errorf("%q", reply)
	}
}
