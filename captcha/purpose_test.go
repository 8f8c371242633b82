package captcha_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
)

// issuedTo issues a challenge to a visitor and solves it.
func issuedTo(t *testing.T, guard *captcha.Guard, visitor captcha.Visitor) (key, answer string) {
	t.Helper()
	challenge, err := guard.IssueTo(ctx, visitor)
	if err != nil {
		t.Fatal(err)
	}
	return challenge.Key, captchatest.SolveFor(t, guard, challenge.Key, visitor)
}

func verifyFor(t *testing.T, guard *captcha.Guard, key, value string, visitor captcha.Visitor) error {
	t.Helper()
	submission, err := guard.Submission(key, value, visitor)
	if err != nil {
		t.Fatal(err)
	}
	return guard.Verify(ctx, submission)
}

// A challenge is good for its own purpose and its own visitor. An attempt with another is refused, and uses nothing up.
func TestPurposeAndBinding(t *testing.T) {
	type place struct{ purpose, binding string }
	places := []place{
		{"", ""}, {"signup", ""}, {"login", ""}, {"", "session 1"}, {"signup", "session 1"}, {"signup", "session 2"}, {"login", "session 1"},
	}
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		guard := captcha.New(cfg)
		for _, from := range places {
			key, answer := issuedTo(t, guard.For(from.purpose), captcha.Visitor{Binding: from.binding})
			for _, to := range places {
				if to != from {
					err := verifyFor(t, guard.For(to.purpose), key, answer, captcha.Visitor{Binding: to.binding})
					if want := captcha.ErrUnknownKey; err == nil || !isErr(err, want) {
						t.Errorf("from %+v to %+v: %v, want %v", from, to, err, want)
					}
				}
			}
			wantErr(t, verifyFor(t, guard.For(from.purpose), key, answer, captcha.Visitor{Binding: from.binding}), nil)
			wantErr(t, verifyFor(t, guard.For(from.purpose), key, answer, captcha.Visitor{Binding: from.binding}), captcha.ErrUnknownKey)
		}
	})
}

// Two guards that were made apart, on one storage, keep to their purposes as well.
func TestPurposesOfGuardsMadeApart(t *testing.T) {
	storage := atomicPlain{newPlain()}
	for _, stored := range []bool{false, true} {
		signup := captcha.New(captcha.Config{Storage: storage, Stored: stored, Purpose: "signup"})
		login := captcha.New(captcha.Config{Storage: storage, Stored: stored, Purpose: "login"})
		replica := captcha.New(captcha.Config{Storage: storage, Stored: stored}).For("signup")
		key, answer := issuedTo(t, signup, captcha.Visitor{})
		wantErr(t, verify(login, key, answer), captcha.ErrUnknownKey)
		wantErr(t, verify(replica, key, answer), nil)
		wantErr(t, verify(signup, key, answer), captcha.ErrUnknownKey)
	}
}

// However two purposes race for one challenge, its own gets it, once.
func TestPurposesRace(t *testing.T) {
	t.Parallel()
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		guard := captcha.New(cfg)
		signup, login := guard.For("signup"), guard.For("login")
		for range 200 {
			key, answer := issuedTo(t, signup, captcha.Visitor{})
			var own, other atomic.Int32
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					if verify(signup, key, answer) == nil {
						own.Add(1)
					}
				})
				all.Go(func() {
					if verify(login, key, answer) == nil {
						other.Add(1)
					}
				})
			}
			all.Wait()
			if own.Load() != 1 || other.Load() != 0 {
				t.Fatalf("accepted %d times for its own purpose and %d times for another", own.Load(), other.Load())
			}
		}
	})
}

// The routes serve every purpose: a field's new challenges and its sound are for the field's own.
func TestRoutesServeEveryPurpose(t *testing.T) {
	guard := captcha.New(captcha.Config{Audio: audio.New()})
	signup := guard.For("signup")
	app := fiber.New()
	guard.Register(app)
	app.Post("/signup", signup.Protect, func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusCreated) })

	challenge := mustChallenge(t, signup)
	field := parse(t, challenge.Field())
	create := field.one(t, "captcha-field", "lang", "en").attrs["data-create"]
	sound := field.one(t, "audio").attrs["src"]
	if response, body := mustDo(t, app, httptest.NewRequest("GET", sound, nil)); response.StatusCode != 200 {
		t.Errorf("sound: %s %.100s", response.Status, body)
	}
	other := strings.Replace(sound, "?purpose=signup", "", 1)
	if response, _ := mustDo(t, app, httptest.NewRequest("GET", other, nil)); response.StatusCode != 404 {
		t.Errorf("sound for no purpose: %s", response.Status)
	}
	response, body := mustDo(t, app, post(create, "", ""))
	if response.StatusCode != 200 {
		t.Fatalf("%s %s", response.Status, body)
	}
	key := between(body, `"captcha_key":"`, `"`)
	form := "captcha_key=" + key + "&captcha_value=" + captchatest.Solve(t, signup, key)
	if response, body := mustDo(t, app, post("/signup", fiber.MIMEApplicationForm, form)); response.StatusCode != 201 {
		t.Errorf("%s %s", response.Status, body)
	}
	for _, query := range []string{"?purpose=unheard-of", "?preset=huge"} {
		if response, body := mustDo(t, app, post("/api/captcha/"+query, "", "")); response.StatusCode != 404 {
			t.Errorf("%s: %s %s", query, response.Status, body)
		}
	}
}

// Config.Binding ties a challenge to a session, and the key does not say to which.
func TestBindingFollowsTheRequest(t *testing.T) {
	guard := captcha.New(captcha.Config{Binding: func(c *fiber.Ctx) string { return c.Cookies("session") }})
	app := newApp(guard)
	request := func(path, session, contentType, body string) (int, string) {
		r := post(path, contentType, body)
		r.Header.Set("Cookie", "session="+session)
		response, reply := mustDo(t, app, r)
		return response.StatusCode, reply
	}
	_, body := request("/api/captcha/", "ada", "", "")
	key := between(body, `"captcha_key":"`, `"`)
	form := "captcha_key=" + key + "&captcha_value=" + captchatest.SolveFor(t, guard, key, captcha.Visitor{Binding: "ada"})
	if status, body := request("/api/contact", "eve", fiber.MIMEApplicationForm, form); status != 400 || body != unknown {
		t.Errorf("of another session: %d %s", status, body)
	}
	if status, body := request("/api/contact", "ada", fiber.MIMEApplicationForm, form); status != 201 {
		t.Errorf("of its own: %d %s", status, body)
	}
}

// Guards with other settings may share a storage, and a purpose by mistake. A challenge with fewer letters is worth less
// than one of the guard that is asked.
func TestAShorterChallengeIsUnknown(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		if cfg.Storage == nil {
			return // guards that share nothing
		}
		short, long := cfg, cfg
		short.Length, long.Length = 3, 6
		few, many := captcha.New(short), captcha.New(long)
		key, answer := issuedTo(t, few, captcha.Visitor{})
		wantErr(t, verifyFor(t, many, key, answer, captcha.Visitor{}), captcha.ErrUnknownKey)
		key, answer = issuedTo(t, many, captcha.Visitor{})
		wantErr(t, verifyFor(t, few, key, answer, captcha.Visitor{}), nil)
	})
}

func TestForPanicsOnAPurposeThatCanNotBe(t *testing.T) {
	defer func() {
		if problem := fmt.Sprint(recover()); !strings.Contains(problem, `"sign up"`) {
			t.Errorf("panic %q", problem)
		}
	}()
	captcha.New().For("sign up")
}

// withReceipts turns receipts on.
func withReceipts(cfg captcha.Config) captcha.Config {
	cfg.Receipts = 10 * time.Minute
	return cfg
}

func mustReceipt(t *testing.T, guard *captcha.Guard, visitor captcha.Visitor) string {
	t.Helper()
	receipt, err := guard.ReceiptTo(ctx, visitor)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}
