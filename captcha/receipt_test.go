package captcha_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
)

func isErr(err, want error) bool { return errors.Is(err, want) }

// newReceiptApp is an app with a form of two steps' worth of routes.
func newReceiptApp(guard *captcha.Guard) *fiber.App {
	app := fiber.New()
	guard.Register(app)
	app.Post("/api/contact", guard.Protect, func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusCreated) })
	return app
}

const receiptUnknown = `{"non_field_errors":["Invalid or expired captcha key"]}`

// A met challenge is exchanged for a receipt, which is good once in its place.
func TestExchange(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		guard := captcha.New(withReceipts(cfg))
		app := newReceiptApp(guard)
		key := mustGenerate(t, guard)
		met := `{"captcha_key":"` + key + `","captcha_value":"` + captchatest.Solve(t, guard, key) + `"}`
		response, body := mustDo(t, app, post("/api/captcha/receipt/", "application/json", met))
		if response.StatusCode != 200 || response.Header.Get("Cache-Control") != "no-store" || !strings.Contains(body, `"expires_in":600`) {
			t.Fatalf("%s %s", response.Status, body)
		}
		if response, body := mustDo(t, app, post("/api/captcha/receipt/", "application/json", met)); response.StatusCode != 400 || body != unknown {
			t.Errorf("exchanged twice: %s %s", response.Status, body)
		}
		form := "captcha_receipt=" + between(body, `"captcha_receipt":"`, `"`)
		if response, body := mustDo(t, app, post("/api/captcha/receipt/", fiber.MIMEApplicationForm, form)); response.StatusCode != 400 {
			t.Errorf("a receipt for a receipt: %s %s", response.Status, body)
		}
		if response, body := mustDo(t, app, post("/api/contact", fiber.MIMEApplicationForm, form)); response.StatusCode != 201 {
			t.Errorf("%s %s", response.Status, body)
		}
		if response, body := mustDo(t, app, post("/api/contact", fiber.MIMEApplicationForm, form)); response.StatusCode != 400 || body != receiptUnknown {
			t.Errorf("again: %s %s", response.Status, body)
		}
		if response, body := mustDo(t, app, post("/api/captcha/receipt/", "application/json", `{}`)); response.StatusCode != 400 ||
			body != `{"captcha_key":`+required+`,"captcha_value":`+required+`}` {
			t.Errorf("nothing: %s %s", response.Status, body)
		}
	})
}

// Receipts keep to their purpose, their visitor and their time, and are no challenges.
func TestReceiptsKeepToTheirPlace(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		clock := newClock()
		cfg.Now = clock.now
		guard := captcha.New(withReceipts(cfg))
		signup := guard.For("signup")
		visitor := captcha.Visitor{Binding: "a session"}
		use := func(guard *captcha.Guard, receipt string, visitor captcha.Visitor) error {
			return captchatest.TryReceipt(t, guard, receipt, visitor)
		}
		receipt := mustReceipt(t, signup, visitor)
		wantErr(t, use(guard, receipt, visitor), captcha.ErrUnknownKey)
		wantErr(t, use(guard.For("login"), receipt, visitor), captcha.ErrUnknownKey)
		wantErr(t, use(signup, receipt, captcha.Visitor{}), captcha.ErrUnknownKey)
		wantErr(t, verifyFor(t, signup, receipt, "x", visitor), captcha.ErrUnknownKey)
		clock.move(10*time.Minute - time.Second)
		wantErr(t, use(signup, receipt, visitor), nil)
		wantErr(t, use(signup, receipt, visitor), captcha.ErrUnknownKey)

		receipt = mustReceipt(t, signup, visitor)
		clock.move(10 * time.Minute)
		wantErr(t, use(signup, receipt, visitor), captcha.ErrUnknownKey)

		key, answer := issuedTo(t, signup, visitor)
		wantErr(t, use(signup, key, visitor), captcha.ErrUnknownKey)
		wantErr(t, verifyFor(t, signup, key, answer, visitor), nil)
	})
}

func TestRefusalsOfReceipts(t *testing.T) {
	guard := captcha.New(captcha.Config{Receipts: time.Minute})
	app := newReceiptApp(guard)
	receipt, key := mustReceipt(t, guard, captcha.Visitor{}), mustGenerate(t, guard)
	answer := captchatest.Solve(t, guard, key)
	letters := "captcha_key=" + key + "&captcha_value=" + answer
	for _, row := range []struct{ contentType, body, want string }{
		{fiber.MIMEApplicationForm, "captcha_receipt=" + receipt + "&captcha_receipt=" + receipt, `{"captcha_receipt":` + twice + `}`},
		{fiber.MIMEApplicationForm, "captcha_receipt=" + strings.Repeat("r", 65), `{"captcha_receipt":` + over64 + `}`},
		{fiber.MIMEApplicationForm, "captcha_receipt=%FF", `{"captcha_receipt":` + noString + `}`},
		{"application/json", `{"captcha_receipt":["x"]}`, `{"captcha_receipt":` + noString + `}`},
		{fiber.MIMEApplicationForm, "captcha_receipt=made-up", receiptUnknown},
		{fiber.MIMEApplicationForm, "captcha_receipt=made-up&" + letters, receiptUnknown}, // nobody gets two tries
		{fiber.MIMEApplicationForm, "captcha_receipt=+&captcha_key=" + key, `{"captcha_value":` + required + `}`},
		{"application/json", `{"captcha_receipt":null}`, `{"captcha_key":` + required + `,"captcha_value":` + required + `}`},
	} {
		if response, body := mustDo(t, app, post("/api/contact", row.contentType, row.body)); response.StatusCode != 400 || body != row.want {
			t.Errorf("%s: %s %s, want %s", row.body, response.Status, body, row.want)
		}
	}
	for _, form := range []string{"captcha_receipt=" + receipt, "captcha_receipt=&" + letters} {
		if response, body := mustDo(t, app, post("/api/contact", fiber.MIMEApplicationForm, form)); response.StatusCode != 201 {
			t.Errorf("nothing was to be used up, but %s: %s %s", form, response.Status, body)
		}
	}

	none := captcha.New()
	if _, err := none.ReceiptTo(ctx, captcha.Visitor{}); err == nil || !strings.Contains(errors.Unwrap(err).Error(), "Config.Receipts") {
		t.Errorf("a receipt where there are none: %v", err)
	}
	if response, _ := mustDo(t, newReceiptApp(none), post("/api/captcha/receipt/", "", "")); response.StatusCode != 404 {
		t.Errorf("exchange where there are no receipts: %s", response.Status)
	}
}

// Wherever challenges are kept, nothing is kept of a receipt until it is used.
func TestNothingIsKeptOfAReceipt(t *testing.T) {
	for name, stored := range map[string]bool{"sealed": false, "stored": true} {
		t.Run(name, func(t *testing.T) {
			store := newPlain()
			guard := captcha.New(withReceipts(captcha.Config{Storage: atomicPlain{store}, Stored: stored, Logger: quiet}))
			calls, kept := store.calls, len(store.values)
			receipt := mustReceipt(t, guard, captcha.Visitor{})
			if store.calls != calls || len(store.values) != kept {
				t.Errorf("%d calls, %d entries more", store.calls-calls, len(store.values)-kept)
			}
			wantErr(t, captchatest.TryReceipt(t, guard, receipt, captcha.Visitor{}), nil)
			if store.calls == calls {
				t.Error("using it asked no storage")
			}
		})
	}
	none := captcha.New(captcha.Config{Stored: true})
	wantErr(t, captchatest.TryReceipt(t, none, "made-up", captcha.Visitor{}), captcha.ErrUnknownKey)
}

// Of 200 uses at once one is accepted.
func TestConcurrentUsesOfOneReceipt(t *testing.T) {
	t.Parallel()
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		guards := []*captcha.Guard{captcha.New(withReceipts(cfg))}
		if cfg.Storage != nil {
			guards = append(guards, captcha.New(withReceipts(cfg)), captcha.New(withReceipts(cfg)))
		}
		for range *rounds {
			receipt := mustReceipt(t, guards[0], captcha.Visitor{})
			var accepted atomic.Int32
			var all sync.WaitGroup
			for i := range 200 {
				all.Go(func() {
					if captchatest.TryReceipt(t, guards[i%len(guards)], receipt, captcha.Visitor{}) == nil {
						accepted.Add(1)
					}
				})
			}
			all.Wait()
			if n := accepted.Load(); n != 1 {
				t.Fatalf("accepted %d times", n)
			}
		}
	})
}

// A visitor whose form was sent twice hears that, and not of characters that nobody asked for.
func TestAFormSentTwiceWithAReceiptIsToldKindly(t *testing.T) {
	guard := captcha.New(captcha.Config{Receipts: time.Minute})
	receipt := mustReceipt(t, guard, captcha.Visitor{})
	wantErr(t, captchatest.TryReceipt(t, guard, receipt, captcha.Visitor{}), nil)
	err := captchatest.TryReceipt(t, guard, receipt, captcha.Visitor{})
	wantErr(t, err, captcha.ErrUnknownKey)
	if got := guard.Message("en", err); !strings.HasPrefix(got, "This form may already have been sent.") {
		t.Errorf("%q", got)
	}
	if got := guard.Message("en", captcha.ErrUnknownKey); strings.Contains(got, "sent") {
		t.Errorf("of a challenge: %q", got)
	}
}
