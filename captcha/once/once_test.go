package once_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
	"github.com/fibercaptcha/fibercaptcha/captcha/once"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// form is an app with a guarded form that leaves a message.
type form struct {
	t     *testing.T
	app   *fiber.App
	guard *captcha.Guard
	kept  fiber.Storage
	left  atomic.Int64
	work  func(c *fiber.Ctx) error // what it does beside, once the captcha was met
}

func newForm(t *testing.T, guarded captcha.Config, cfg once.Config) *form {
	t.Helper()
	f := &form{t: t, guard: captcha.New(guarded), app: fiber.New()}
	if cfg.Guard = f.guard; cfg.Storage == nil && guarded.Storage == nil {
		cfg.Storage = memory.New()
	}
	f.kept = cfg.Storage
	f.app.Post("/contact", once.New(cfg), f.contact)
	f.app.Post("/other", once.New(cfg), f.contact)
	return f
}

func (f *form) contact(c *fiber.Ctx) error {
	if c.FormValue("name") == "" {
		return c.Status(422).SendString("Enter your name.")
	}
	if err := f.guard.Check(c); err != nil {
		return c.Status(422).SendString(err.Error())
	}
	if f.work != nil {
		if err := f.work(c); err != nil {
			return err
		}
	}
	c.Cookie(&fiber.Cookie{Name: "session", Value: "s"})
	c.Cookie(&fiber.Cookie{Name: "flash", Value: "sent"})
	n := f.left.Add(1)
	return c.Redirect("/message/"+strings.Repeat("x", int(n)), fiber.StatusSeeOther)
}

type sent struct {
	status             int
	location, body     string
	contentType, flash string
}

func (f *form) send(path, contentType, body string, headers ...string) sent {
	f.t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := f.app.Test(r, -1)
	if err != nil {
		f.t.Error(err)
		return sent{}
	}
	text, _ := io.ReadAll(response.Body)
	return sent{response.StatusCode, response.Header.Get("Location"), string(text), response.Header.Get("Content-Type"),
		strings.Join(response.Header.Values("Set-Cookie"), " | ")}
}

func (f *form) post(path string, fields url.Values) sent {
	f.t.Helper()
	return f.send(path, fiber.MIMEApplicationForm, fields.Encode())
}

// postWith posts with headers, each a name and a value.
func (f *form) postWith(path string, fields url.Values, headers ...string) sent {
	f.t.Helper()
	return f.send(path, fiber.MIMEApplicationForm, fields.Encode(), headers...)
}

func (f *form) filled(name string) url.Values {
	f.t.Helper()
	challenge, err := f.guard.IssueTo(f.t.Context(), captcha.Visitor{})
	if err != nil {
		f.t.Fatal(err)
	}
	return url.Values{"name": {name}, "captcha_key": {challenge.Key}, "captcha_value": {captchatest.Solve(f.t, f.guard, challenge.Key)}}
}

func inBothModes(t *testing.T, test func(t *testing.T, cfg captcha.Config)) {
	t.Run("sealed", func(t *testing.T) { test(t, captcha.Config{Storage: memory.New()}) })
	t.Run("stored", func(t *testing.T) { test(t, captcha.Config{Storage: memory.New(), Stored: true}) })
}

func TestASecondSendingIsAnsweredAsTheFirst(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config) {
		f := newForm(t, cfg, once.Config{})
		fields := f.filled("Ada")
		first, second := f.post("/contact", fields), f.post("/contact", fields)
		if first.status != 303 || first.location != "/message/x" || !strings.Contains(first.flash, "flash=sent") || !strings.Contains(first.flash, "session=s") {
			t.Fatalf("%+v", first)
		}
		if second != first || f.left.Load() != 1 {
			t.Errorf("%+v, and then %+v; %d messages", first, second, f.left.Load())
		}
	})
}

func TestOfSendingsAtOnceOneIsHandled(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config) {
		f := newForm(t, cfg, once.Config{})
		for round := range 50 {
			fields := f.filled("Ada")
			var got [2]sent
			var both sync.WaitGroup
			for i := range got {
				both.Go(func() { got[i] = f.post("/contact", fields) })
			}
			both.Wait()
			if got[0] != got[1] || got[0].status != 303 || f.left.Load() != int64(round+1) {
				t.Fatalf("round %d: %+v and %+v; %d messages", round, got[0], got[1], f.left.Load())
			}
		}
	})
}

// The second copy comes while the first is being handled, and is answered when the first is.
func TestASecondSendingWaitsForTheFirst(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config) {
		f := newForm(t, cfg, once.Config{})
		begun, end := make(chan struct{}), make(chan struct{})
		f.work = func(*fiber.Ctx) error { close(begun); <-end; return nil }
		fields := f.filled("Ada")
		answers := make(chan sent, 2)
		go func() { answers <- f.post("/contact", fields) }()
		<-begun
		go func() { answers <- f.post("/contact", fields) }()
		select {
		case early := <-answers:
			t.Errorf("answered before the first was: %+v", early)
		case <-time.After(100 * time.Millisecond): // that one waits can't be seen sooner
		}
		close(end)
		if one, other := <-answers, <-answers; one != other || one.status != 303 || f.left.Load() != 1 {
			t.Errorf("%+v, %+v", one, other)
		}
	})
}

func TestAnythingElseIsNoSecondSending(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config) {
		f := newForm(t, cfg, once.Config{})
		fields := f.filled("Ada")
		f.post("/contact", fields)
		other := url.Values{"name": {"Eve"}, "captcha_key": fields["captcha_key"], "captcha_value": fields["captcha_value"]}
		if got := f.post("/contact", other); got.status != 422 || got.location != "" || got.flash != "" || got.body != "Invalid or expired captcha key" {
			t.Errorf("another content: %+v", got)
		}
		if got := f.post("/other", fields); got.status != 422 || got.location != "" || got.flash != "" {
			t.Errorf("another address: %+v", got)
		}
		if got := f.post("/contact?x=1", fields); got.status != 422 {
			t.Errorf("another query: %+v", got)
		}
		if f.left.Load() != 1 {
			t.Errorf("%d messages", f.left.Load())
		}
	})
}

// While the first is being handled, a form with the same key and other content does not wait for it.
func TestAnotherContentDoesNotWait(t *testing.T) {
	f := newForm(t, captcha.Config{}, once.Config{})
	begun, end := make(chan struct{}), make(chan struct{})
	f.work = func(*fiber.Ctx) error { close(begun); <-end; return nil }
	fields := f.filled("Ada")
	first := make(chan sent)
	go func() { first <- f.post("/contact", fields) }()
	<-begun
	fields.Set("name", "Eve")
	if got := f.post("/contact", fields); got.status != 422 {
		t.Errorf("%+v", got)
	}
	close(end)
	<-first
}

// A visitor who is bound to a challenge does not get what another one was answered.
func TestAnotherVisitorIsNoSecondSender(t *testing.T) {
	cfg := captcha.Config{Binding: func(c *fiber.Ctx) string { return c.Get("X-Visitor") }}
	guard, app := captcha.New(cfg), fiber.New()
	app.Post("/", once.New(once.Config{Guard: guard}), guard.Protect, func(c *fiber.Ctx) error { return c.SendString("for " + c.Get("X-Visitor")) })
	challenge, err := guard.IssueTo(t.Context(), captcha.Visitor{Binding: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	fields := url.Values{"captcha_key": {challenge.Key}, "captcha_value": {captchatest.SolveFor(t, guard, challenge.Key, captcha.Visitor{Binding: "ada"})}}
	for _, row := range []struct {
		visitor string
		status  int
	}{{"ada", 200}, {"eve", 400}, {"ada", 200}} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(fields.Encode()))
		r.Header.Set("Content-Type", fiber.MIMEApplicationForm)
		r.Header.Set("X-Visitor", row.visitor)
		response, err := app.Test(r, -1)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != row.status {
			t.Errorf("%s: %s", row.visitor, response.Status)
		}
	}
}

// Another site's page has filled the form in, so that its author can send it again and would read what the visitor was
// answered.
func TestAnotherSiteReadsNoAnswer(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config) {
		f := newForm(t, cfg, once.Config{})
		for _, row := range []struct{ name, value string }{
			{"Origin", "https://elsewhere.example"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
		} {
			fields := f.filled("Ada")
			first := f.postWith("/contact", fields, row.name, row.value)
			if second := f.post("/contact", fields); first.status != 303 || second.status != 422 {
				t.Errorf("%s: %s: a visitor is answered %+v, and who wrote the page %+v", row.name, row.value, first, second)
			}
			fields = f.filled("Eve")
			f.post("/contact", fields)
			if second := f.postWith("/contact", fields, row.name, row.value); second.status != 422 {
				t.Errorf("%s: %s: a visitor gets %+v, which another was answered", row.name, row.value, second)
			}
		}
		for _, header := range [][2]string{{"Origin", "http://example.com"}, {"Sec-Fetch-Site", "same-origin"}} {
			fields := f.filled("Ada")
			first, second := f.postWith("/contact", fields, header[0], header[1]), f.postWith("/contact", fields, header[0], header[1])
			if second != first || first.status != 303 {
				t.Errorf("%s: %+v, and then %+v", header, first, second)
			}
		}
	})
}

func TestARefusalIsAnsweredAlike(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config) {
		f := newForm(t, cfg, once.Config{})
		fields := f.filled("Ada")
		fields.Set("captcha_value", "WRONG")
		for range 2 {
			if got := f.post("/contact", fields); got.status != 422 || got.body != "Invalid captcha value" {
				t.Errorf("%+v", got)
			}
		}
	})
}

// A slip in another field uses nothing up, and what is sent next with the same challenge is a form like any other.
func TestAfterASlipTheFormIsNew(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config) {
		f := newForm(t, cfg, once.Config{})
		fields := f.filled("")
		if got := f.post("/contact", fields); got.status != 422 || got.body != "Enter your name." {
			t.Fatalf("%+v", got)
		}
		fields.Set("name", "Ada")
		first, second := f.post("/contact", fields), f.post("/contact", fields)
		if first.status != 303 || first != second {
			t.Errorf("%+v, %+v", first, second)
		}
	})
}

// Fiber's default handler answers what the handler returns, and the second one alike.
func TestAnErrorIsAnsweredAlike(t *testing.T) {
	f := newForm(t, captcha.Config{}, once.Config{})
	f.work = func(*fiber.Ctx) error { return fiber.NewError(409, "There is one already.") }
	fields := f.filled("Ada")
	first, second := f.post("/contact", fields), f.post("/contact", fields)
	if first.status != 409 || first != second {
		t.Errorf("%+v, %+v", first, second)
	}
}

// Copies that wait get the same failure as the first. It is soon forgotten, because the same form may succeed then.
func TestAFailureIsForgotten(t *testing.T) {
	var now atomic.Int64
	kept := memory.New(memory.Config{Now: func() time.Time { return time.Unix(now.Load(), 0) }})
	f := newForm(t, captcha.Config{}, once.Config{Storage: kept})
	f.work = func(*fiber.Ctx) error { return fiber.NewError(503, "Come back later.") }
	fields := f.filled("Ada")
	first, second := f.post("/contact", fields), f.post("/contact", fields)
	if first.status != 503 || first != second {
		t.Errorf("%+v, %+v", first, second)
	}
	now.Store(2)
	if got := f.post("/contact", fields); got.status != 422 {
		t.Errorf("after two seconds: %+v", got)
	}
}

func multipartBody(t *testing.T, boundary, name string, fields url.Values) (contentType, body string) {
	var text strings.Builder
	w := multipart.NewWriter(&text)
	if err := w.SetBoundary(boundary); err != nil {
		t.Fatal(err)
	}
	for name := range fields {
		_ = w.WriteField(name, fields.Get(name))
	}
	file, err := w.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.Write([]byte("content"))
	w.Close()
	return w.FormDataContentType(), text.String()
}

// A browser invents a boundary for each sending.
func TestMultipart(t *testing.T) {
	f := newForm(t, captcha.Config{}, once.Config{})
	fields := f.filled("Ada")
	contentType, body := multipartBody(t, "one", "a.txt", fields)
	first := f.send("/contact", contentType, body)
	contentType, body = multipartBody(t, "other", "a.txt", fields)
	if second := f.send("/contact", contentType, body); first.status != 303 || second != first {
		t.Errorf("%+v, %+v", first, second)
	}
	contentType, body = multipartBody(t, "other", "b.txt", fields)
	if other := f.send("/contact", contentType, body); other.status != 422 {
		t.Errorf("another file: %+v", other)
	}
}

// A process ends while it works on the form, so nobody will ever know what became of it.
func TestTheFirstEndsHalfWay(t *testing.T) {
	storage := memory.New()
	f := newForm(t, captcha.Config{Storage: storage, Secrets: []string{strings.Repeat("s", 32)}}, once.Config{Wait: 50 * time.Millisecond})
	begun, end := make(chan struct{}), make(chan struct{})
	f.work = func(*fiber.Ctx) error { close(begun); <-end; return nil }
	fields := f.filled("Ada")
	first := make(chan sent)
	go func() { first <- f.post("/contact", fields) }()
	<-begun
	if got := f.post("/contact", fields); got.status != 409 || !strings.Contains(got.body, "Look for a sign that it did") {
		t.Errorf("%+v", got)
	}
	close(end)
	<-first
}

// A request whose context ends is answered then, long before the longest wait is over.
// A form that a program sends hundreds of times takes nobody else's place to wait in.
func TestOneFormTakesFewPlaces(t *testing.T) {
	f := newForm(t, captcha.Config{}, once.Config{})
	began, end := make(chan struct{}, 2), make(chan struct{})
	f.work = func(*fiber.Ctx) error {
		began <- struct{}{}
		<-end
		return nil
	}
	var all sync.WaitGroup
	bots, visitors := make(chan int, 301), make(chan int, 2)
	send := func(fields url.Values, answers chan<- int) {
		all.Go(func() { answers <- f.post("/contact", fields).status })
	}
	bot, visitor := f.filled("Bot"), f.filled("Ada")
	send(bot, bots)
	send(visitor, visitors)
	<-began
	<-began
	for range 300 {
		send(bot, bots)
	}
	for range 300 - 256 { // there are no more places than that
		if status := <-bots; status == 303 {
			t.Errorf("a sending too many is answered %d", status)
		}
	}
	send(visitor, visitors)
	select {
	case status := <-visitors:
		t.Errorf("the visitor, who sent the form twice, is answered %d before the first was", status)
	case <-time.After(100 * time.Millisecond): // that one waits can't be seen sooner
	}
	close(end)
	all.Wait()
	close(visitors)
	for status := range visitors {
		if status != 303 {
			t.Errorf("the visitor is answered %d", status)
		}
	}
}

func TestTheWaitEndsWithTheRequest(t *testing.T) {
	const longest = 10 * time.Second
	f := newForm(t, captcha.Config{}, once.Config{Wait: longest})
	begun, end := make(chan struct{}), make(chan struct{})
	f.work = func(*fiber.Ctx) error { close(begun); <-end; return nil }
	app := fiber.New()
	app.Use(func(c *fiber.Ctx) error {
		ctx, cancel := context.WithTimeout(c.UserContext(), 100*time.Millisecond)
		defer cancel()
		c.SetUserContext(ctx)
		return c.Next()
	})
	app.Post("/contact", once.New(once.Config{Guard: f.guard, Storage: f.kept, Wait: longest}), f.contact)
	hasty := &form{t: t, app: app, guard: f.guard}
	fields, answers := f.filled("Ada"), make(chan sent, 2)
	go func() { answers <- f.post("/contact", fields) }()
	<-begun
	go func() { answers <- hasty.post("/contact", fields) }()
	select {
	case got := <-answers:
		if got.status != 409 {
			t.Errorf("%+v", got)
		}
	case <-time.After(longest / 2):
		t.Error("it waits for longer than its request has time")
	}
	close(end)
	<-answers
}

func TestAPanicLeavesNoMark(t *testing.T) {
	storage := memory.New()
	f := newForm(t, captcha.Config{Storage: storage, Secrets: []string{strings.Repeat("s", 32)}}, once.Config{})
	fields := f.filled("Ada")
	app := fiber.New()
	app.Use(func(c *fiber.Ctx) (err error) {
		defer func() { recover(); err = fiber.ErrInternalServerError }()
		return c.Next()
	})
	app.Post("/contact", once.New(once.Config{Guard: f.guard}), func(*fiber.Ctx) error { panic("broken") })
	f.app = app
	if got := f.post("/contact", fields); got.status != 500 {
		t.Errorf("%+v", got)
	}
	if n := storage.Len(); n != 0 {
		t.Errorf("%d marks are left", n)
	}
}

// What is kept tells nothing to whoever reads the storage, and is gone after ten seconds.
func TestWhatIsKept(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config) {
		now := time.Now()
		kept := &recorded{Memory: memory.New(memory.Config{Now: func() time.Time { return now }})}
		f := newForm(t, cfg, once.Config{Storage: kept})
		fields := f.filled("Ada Lovelace")
		first := f.post("/contact", fields)
		if len(kept.written) != 2 {
			t.Fatalf("%q", kept.written)
		}
		for _, text := range kept.written {
			for _, secret := range []string{"Ada", "message", "session", fields.Get("captcha_key")} {
				if strings.Contains(text, secret) {
					t.Errorf("%q has %q", text, secret)
				}
			}
		}
		now = now.Add(9 * time.Second)
		if got := f.post("/contact", fields); got != first {
			t.Errorf("after nine seconds: %+v", got)
		}
		now = now.Add(2 * time.Second)
		if value, _ := kept.Get(kept.name); value != nil {
			t.Error("it is there after eleven seconds")
		}
		if got := f.post("/contact", fields); got.status != 422 {
			t.Errorf("after eleven seconds: %+v", got)
		}
	})
}

// recorded remembers what is written.
type recorded struct {
	*memory.Memory
	name    string
	written []string
}

func (r *recorded) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	r.name, r.written = key, append(r.written, key+string(value))
	return r.Memory.Add(ctx, key, value, ttl)
}

func (r *recorded) Set(key string, value []byte, ttl time.Duration) error {
	r.written = append(r.written, key+string(value))
	return r.Memory.Set(key, value, ttl)
}

// Nobody fills the storage with keys that the guard has not issued, nor with many forms for one key.
func TestMarksAreBounded(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config) {
		kept := memory.New()
		f := newForm(t, cfg, once.Config{Storage: kept})
		for range 20 {
			fields := url.Values{"name": {"Ada"}, "captcha_key": {strings.Repeat("A", 64)}, "captcha_value": {"ABCD"}}
			if got := f.post("/contact", fields); got.status != 422 {
				t.Errorf("%+v", got)
			}
		}
		if kept.Len() != 0 {
			t.Errorf("%d marks for keys that were never issued", kept.Len())
		}
		fields := f.filled("Ada")
		for range 20 {
			fields.Set("name", fields.Get("name")+"a")
			f.post("/contact", fields)
		}
		if kept.Len() != 1 {
			t.Errorf("%d marks for one key", kept.Len())
		}
	})
}

// An answer that is too large is not kept, and the second sender is told so.
func TestALargeAnswer(t *testing.T) {
	guard, app := captcha.New(), fiber.New()
	app.Post("/contact", once.New(once.Config{Guard: guard}), guard.Protect, func(c *fiber.Ctx) error {
		return c.SendString(strings.Repeat("x", 100_000))
	})
	f := &form{t: t, app: app, guard: guard}
	fields := f.filled("Ada")
	if got := f.post("/contact", fields); got.status != 200 {
		t.Errorf("%d", got.status)
	}
	if got := f.post("/contact", fields); got.status != 409 {
		t.Errorf("%d", got.status)
	}
}

// broken is a storage that is away.
type broken struct{ *memory.Memory }

func (broken) Add(context.Context, string, []byte, time.Duration) (bool, error) {
	return false, errors.New("away")
}

// A storage that is away costs the second sender an answer, and nobody the form. Somebody who guesses gets a page for
// each guess. These pages take up to half of the room, and leave the rest to right answers.
func TestAFloodOfPagesLeavesRoom(t *testing.T) {
	const room = 128 << 10
	kept := memory.New()
	f := newForm(t, captcha.Config{}, once.Config{Storage: kept, Room: room})
	f.app.Post("/page", once.New(once.Config{Guard: f.guard, Storage: kept, Room: room}), func(c *fiber.Ctx) error {
		if c.FormValue("name") == "Guess" {
			_ = f.guard.Check(c)
			return c.Status(422).SendString(strings.Repeat("x", 10_000))
		}
		return f.contact(c)
	})
	pages, unkept := 0, 0
	for range 30 {
		fields := f.filled("Guess")
		fields.Set("captcha_value", "????")
		if first := f.post("/page", fields); first.status != 422 {
			t.Fatalf("%+v", first)
		}
		if f.post("/page", fields).status == 422 {
			pages++
		} else {
			unkept++
		}
	}
	if pages == 0 || unkept == 0 {
		t.Errorf("of 30 pages %d were kept, and %d were not", pages, unkept)
	}
	fields := f.filled("Ada")
	if first, second := f.post("/page", fields), f.post("/page", fields); first.status != 303 || second != first {
		t.Errorf("%+v, and then %+v", first, second)
	}
}

func TestWithoutTheStorage(t *testing.T) {
	var log strings.Builder
	f := newForm(t, captcha.Config{}, once.Config{Storage: broken{memory.New()}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	fields := f.filled("Ada")
	if got := f.post("/contact", fields); got.status != 303 {
		t.Errorf("%+v", got)
	}
	if got := f.post("/contact", fields); got.status != 422 {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(log.String(), "away") {
		t.Errorf("nothing is logged: %s", &log)
	}
}

func TestSettings(t *testing.T) {
	for field, cfg := range map[string]once.Config{
		"Guard": {}, "Wait": {Guard: captcha.New(), Wait: time.Minute}, "Room": {Guard: captcha.New(), Room: 1},
	} {
		var refused *setting.Error
		if _, err := once.NewForms(cfg); !errors.As(err, &refused) || refused.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// plain is a storage without the atomic steps.
type plain struct{ fiber.Storage }

func TestAStorageWithoutTheStep(t *testing.T) {
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	f := newForm(t, captcha.Config{Storage: plain{memory.New()}, Logger: logger}, once.Config{Logger: logger})
	if !strings.Contains(log.String(), "once: the storage can't mark a form in one step") {
		t.Errorf("%s", &log)
	}
	fields := f.filled("Ada")
	if first, second := f.post("/contact", fields), f.post("/contact", fields); first.status != 303 || first != second {
		t.Errorf("%+v, %+v", first, second)
	}
}
