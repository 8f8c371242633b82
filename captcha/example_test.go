package captcha_test

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"image"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/captcha/storagetest"
)

var contactPage = template.Must(template.New("contact").Parse(`<!doctype html>
<html lang="en">
<title>Contact</title>
<form method="post">
  {{with .Complaint}}<p role="alert">{{.}}</p>{{end}}
  <p><label>Message <textarea name="message">{{.Message}}</textarea></label></p>
  {{.Captcha}}
  <button>Send</button>
</form>
`))

// A form that the server renders. A visitor who mistypes the letters gets the form back with what they wrote, the
// reason beside the field, and a new challenge.
func Example() {
	guard := captcha.New()
	app := fiber.New()
	app.All("/api/captcha/", guard.Create)             // for the field's button that gets other letters
	app.Get("/api/captcha/assets/:file", guard.Assets) // the field's style and script

	form := func(c *fiber.Ctx, complaint string, refused error) error {
		challenge, err := guard.Issue(c)
		if err != nil {
			return err
		}
		c.Type("html", "utf-8").Set(fiber.HeaderCacheControl, "no-store")
		return contactPage.Execute(c, fiber.Map{
			"Message":   c.FormValue("message"),
			"Complaint": complaint,
			"Captcha":   challenge.Field(captcha.FieldOptions{Error: refused}),
		})
	}
	app.Get("/contact", func(c *fiber.Ctx) error { return form(c, "", nil) })
	app.Post("/contact", func(c *fiber.Ctx) error {
		if c.FormValue("message") == "" { // before the captcha, so that this mistake costs no challenge
			return form(c.Status(fiber.StatusUnprocessableEntity), "Please write a message.", nil)
		}
		switch err := guard.Check(c); {
		case errors.Is(err, captcha.ErrStorage):
			return form(c.Status(fiber.StatusServiceUnavailable), "", err)
		case err != nil:
			return form(c.Status(fiber.StatusUnprocessableEntity), "", err)
		}
		return c.Redirect("/thanks", fiber.StatusSeeOther)
	})

	page := do(app, httptest.NewRequest("GET", "/contact", nil))
	fmt.Println("the form:", page.status)
	key := between(page.body, `name="captcha_key" type="hidden" value="`, `"`)
	page = do(app, submit("/contact", url.Values{"message": {"Hello"}, "captcha_key": {key}, "captcha_value": {"no"}}))
	fmt.Println("a wrong answer:", page.status)
	fmt.Println("the reason:", between(between(page.body, `class="captcha-error"`, `/p>`), `>`, `<`))
	fmt.Println("what was typed is kept:", strings.Contains(page.body, ">Hello</textarea>"))
	// Output:
	// the form: 200
	// a wrong answer: 422
	// the reason: The characters did not match. Type the new ones.
	// what was typed is kept: true
}

// An API: the client asks for a challenge, shows the picture, and sends the answer with its own fields.
func ExampleGuard_Protect() {
	guard := captcha.New(captcha.Config{
		Compat: captcha.Compat{InsecureMasterAnswers: map[string]string{"example": "ABCD"}}, // stands for a visitor here; never in production
		Logger: slog.New(slog.DiscardHandler),
	})
	app := fiber.New()
	app.All("/api/captcha/", guard.Create)
	app.Post("/api/contact", guard.Protect, func(c *fiber.Ctx) error {
		return c.Status(fiber.StatusCreated).JSON(fiber.Map{"detail": "Thank you."})
	})

	fmt.Println(do(app, httptest.NewRequest("POST", "/api/captcha/", nil)).status)
	fmt.Println(do(app, submit("/api/contact", url.Values{"captcha_key": {"example"}})))
	fmt.Println(do(app, submit("/api/contact", url.Values{"captcha_key": {"made-up"}, "captcha_value": {"ABCD"}})))
	fmt.Println(do(app, submit("/api/contact", url.Values{"captcha_key": {"example"}, "captcha_value": {"abcd"}})))
	// Output:
	// 200
	// 400 {"captcha_value":["This field is required."]}
	// 400 {"non_field_errors":["Invalid or expired captcha key"]}
	// 201 {"detail":"Thank you."}
}

// Check a form's own fields and the captcha's together, and only then whether the answer is right: no visitor loses a
// challenge to a typing error.
func ExampleGuard_Read() {
	guard := captcha.New()
	app := fiber.New()
	app.Post("/signup", func(c *fiber.Ctx) error {
		complaints := captcha.FieldErrors{}
		submission, err := guard.Read(c)
		if err != nil && !errors.As(err, &complaints) {
			return captcha.Reply(c, err) // the body could not be read
		}
		own, _ := captcha.Fields(c, "email") // from JSON as well; one that is missing or given twice is not there
		if !strings.Contains(own["email"], "@") {
			complaints["email"] = []captcha.FieldError{{Message: "Enter a valid email address."}}
		}
		if len(complaints) > 0 {
			return captcha.Reply(c, complaints)
		}
		if err := guard.Verify(c.UserContext(), submission); err != nil {
			return captcha.Reply(c, err)
		}
		return c.SendStatus(fiber.StatusCreated)
	})

	fmt.Println(do(app, submit("/signup", url.Values{"email": {"ada"}, "captcha_key": {"made-up"}})))
	// Output:
	// 400 {"captcha_value":["This field is required."],"email":["Enter a valid email address."]}
}

// table is a storage of one's own. In SQL, Add is INSERT ... ON CONFLICT DO NOTHING, with the rows that expired deleted
// first, and the number of rows inserted is its result.
type table struct {
	mu   sync.Mutex
	rows map[string]row
}

type row struct {
	value   []byte
	expires time.Time // zero: never
}

func (t *table) Get(key string) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]byte(nil), t.live(key)...), nil
}

func (t *table) Set(key string, value []byte, ttl time.Duration) error {
	if key == "" || len(value) == 0 {
		return nil // as Fiber has it
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.set(key, value, ttl)
	return nil
}

// Add makes challenges single use on all replicas that share the table.
func (t *table) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error) {
	if key == "" || len(value) == 0 {
		return false, errors.New("table: key and value must not be empty")
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.live(key) != nil {
		return false, nil
	}
	t.set(key, value, ttl)
	return true, nil
}

func (t *table) Delete(key string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.rows, key)
	return nil
}

func (t *table) Reset() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.rows)
	return nil
}

func (t *table) Close() error { return nil }

func (t *table) live(key string) []byte {
	r := t.rows[key]
	if !r.expires.IsZero() && !r.expires.After(time.Now()) {
		return nil
	}
	return r.value
}

// set copies both, for Fiber lends them for the time of a request.
func (t *table) set(key string, value []byte, ttl time.Duration) {
	r := row{value: append([]byte(nil), value...)}
	if ttl > 0 {
		r.expires = time.Now().Add(ttl)
	}
	t.rows[strings.Clone(key)] = r
}

// A storage of one's own: the five methods of fiber.Storage, and Add. Test it with the package captcha/storagetest.
func ExampleAdder() {
	guard := captcha.New(captcha.Config{Storage: &table{rows: make(map[string]row)}})

	challenge, err := guard.IssueTo(context.Background(), captcha.Visitor{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(try(guard, challenge.Key, "a guess"))
	fmt.Println(try(guard, challenge.Key, "another"))
	// Output:
	// Invalid captcha value
	// Invalid or expired captcha key
}

// A noise function of one's own: horizontal lines, each at a height of its own. It draws ink from 0 to 255 over the
// letters, and takes its chance from random alone, so that the same seed gives the same picture.
func ExampleConfig_noise() {
	ruled := func(ink *image.Alpha, random *rand.Rand) {
		for range 3 {
			row := ink.Pix[random.IntN(ink.Rect.Dy())*ink.Stride:]
			for x := range ink.Rect.Dx() {
				row[x] = 255
			}
		}
	}
	guard := captcha.New(captcha.Config{Picture: picture.Config{Noise: []picture.Noise{ruled, picture.Dots}}})

	challenge, err := guard.IssueTo(context.Background(), captcha.Visitor{})
	fmt.Println(http.DetectContentType(challenge.Image), err)
	// Output: image/png <nil>
}

// A page of one's own for a refused submission, instead of JSON.
func ExampleConfig_errorHandler() {
	guard := captcha.New(captcha.Config{ErrorHandler: func(c *fiber.Ctx, err error) error {
		switch {
		case errors.Is(err, captcha.ErrStorage):
			return c.Status(fiber.StatusServiceUnavailable).SendString("Please try again in a minute.")
		case errors.Is(err, captcha.ErrMissing):
			return c.Status(fiber.StatusUnprocessableEntity).SendString("Please type the letters in the picture.")
		case errors.Is(err, captcha.ErrUnknownKey):
			return c.Status(fiber.StatusUnprocessableEntity).SendString("This form was open for too long. Please try again.")
		default:
			return c.Status(fiber.StatusUnprocessableEntity).SendString("Those were not the letters. Please try again.")
		}
	}})
	app := fiber.New()
	app.Post("/vote", guard.Protect, func(c *fiber.Ctx) error { return c.SendString("Counted.") })

	fmt.Println(do(app, submit("/vote", url.Values{"captcha_key": {"some-key"}, "captcha_value": {""}})))
	fmt.Println(do(app, submit("/vote", url.Values{"captcha_key": {"some-key"}, "captcha_value": {"ABCD"}})))
	// Output:
	// 422 Please type the letters in the picture.
	// 422 This form was open for too long. Please try again.
}

// Two guards in one app, which share a storage: a short challenge for comments, and a longer one for new accounts. With
// a Namespace of its own, neither accepts the other's challenges; with a Path of its own, each one's form field gets
// its new challenges from its own guard.
func ExampleNew_severalGuards() {
	storage := &table{rows: make(map[string]row)}
	comments := captcha.New(captcha.Config{Storage: storage})
	accounts := captcha.New(captcha.Config{
		Storage:    storage,
		Compat:     captcha.Compat{Namespace: "accounts_{key}.{version}"},
		Path:       "/accounts/captcha/",
		Length:     6,
		MaxLength:  8,
		Expiration: 2 * time.Minute,
		Picture:    picture.Config{Width: 240, Height: 80},
	})

	challenge, err := comments.IssueTo(context.Background(), captcha.Visitor{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(try(accounts, challenge.Key, "anything"))
	fmt.Println(try(comments, challenge.Key, "anything"))
	// Output:
	// Invalid or expired captcha key
	// Invalid captcha value
}

// Counting results by reason: the words are few and fixed, fit for a metric's label.
func ExampleConfig_observe() {
	var mu sync.Mutex
	counts := map[string]int{}
	guard := captcha.New(captcha.Config{Observe: func(_ context.Context, e captcha.Event) {
		mu.Lock()
		defer mu.Unlock()
		counts[string(e.Kind)+" "+string(e.Reason)]++
	}})

	for range 3 {
		challenge, err := guard.IssueTo(context.Background(), captcha.Visitor{})
		if err != nil {
			fmt.Println(err)
			return
		}
		try(guard, challenge.Key, "a guess")
		try(guard, challenge.Key, "a guess")
	}
	fmt.Println(counts)
	// Output: map[issued ok:3 verified unknown_key:3 verified wrong_answer:3]
}

// What follows serves the examples only.

func try(guard *captcha.Guard, key, value string) error {
	submission, err := guard.Submission(key, value, captcha.Visitor{})
	if err != nil {
		return err
	}
	return guard.Verify(context.Background(), submission)
}

type reply struct {
	status int
	body   string
}

func (r reply) String() string { return fmt.Sprint(r.status, " ", r.body) }

func do(app *fiber.App, r *http.Request) reply {
	response, err := app.Test(r, -1)
	if err != nil {
		return reply{body: err.Error()}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return reply{body: err.Error()}
	}
	return reply{response.StatusCode, string(body)}
}

func submit(path string, fields url.Values) *http.Request {
	r := httptest.NewRequest("POST", path, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", fiber.MIMEApplicationForm)
	return r
}

func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}

// The example's storage keeps what it shows.
func TestExampleStorage(t *testing.T) {
	t.Parallel() // it waits for entries to expire
	storagetest.Run(t, func(*testing.T) fiber.Storage { return &table{rows: make(map[string]row)} })
}
