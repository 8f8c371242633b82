// Package once is for forms that are sent twice: the second copy gets the same answer as the first. A visitor without
// script who clicks Send twice sends the form twice, and the browser shows only the second answer. The captcha is good
// once, so without this package the second copy is refused: the message has arrived, and its sender is told that it has
// not.
//
//	app.Post("/contact", once.New(once.Config{Guard: guard}), contact)
//
// Two forms are copies if the captcha's key, the address and everything that was typed are the same. The first copy
// leaves a mark in the storage, where all replicas see it. The answer to it is kept there for ten seconds. The second
// copy gets the same answer, at once or as soon as there is one. A form with the same key and different content is not
// a second copy. The guard refuses it as usual, because a key is good once.
//
// The guard asks for the captcha as before, in the handlers that come after this one. Their answer is kept with the
// headers that they set, including cookies, so that a visitor whose login was sent twice is logged in. It is encrypted
// with a key that can be derived only from the form's own fields. Forms without a captcha are let through, and so are
// those whose key the guard never issued. Nothing about them is kept.
//
// Nor is anything kept of a form that a page of another site sends, as browsers tell by Sec-Fetch-Site and Origin. Who
// wrote that page knows all that was filled in, and would get the answer that the visitor got.
//
// Don't use it for an API, whose clients expect to hear that a key was used.
package once

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// Config holds the settings of forms that are answered once.
type Config struct {
	// Guard is the guard that protects the form, with the form's own purpose.
	//
	// Required
	Guard *captcha.Guard

	// Storage keeps the marks and answers, for ten seconds each. All replicas share one storage. A storage that implements
	// captcha.Adder marks a form in one step for all of them. Any other fiber.Storage does so within one process only,
	// which is logged at start.
	//
	// Optional. Default: the guard's Storage, or if it has none, bounded memory of this process
	Storage fiber.Storage

	// Room is the most that each process keeps in Storage within ten seconds, in bytes of answers: 64 KiB to 1 GiB. Pages
	// take up to half of it. If there was no room for the answer to a form, its second copy gets ErrUnfinished. Set Room
	// lower if the storage has little memory: the marks of spent challenges need most of it.
	//
	// Optional. Default: 16 << 20
	Room int

	// Wait is the longest that a second copy waits for the answer to the first: up to 10 seconds, and less than the app's
	// WriteTimeout. A request whose context ends sooner stops waiting then.
	//
	// Optional. Default: 5 * time.Second
	Wait time.Duration

	// Logger is told when the storage fails. A form is then handled as if it had been sent once.
	//
	// Optional. Default: slog.Default()
	Logger *slog.Logger
}

// ConfigDefault is the default Config, except for Guard.
var ConfigDefault = Config{Room: 16 << 20, Wait: 5 * time.Second}

// Bounds of Config.Room.
const (
	minRoom = 64 << 10
	maxRoom = 1 << 30
)

// life is how long a mark and an answer are kept.
const life = 10 * time.Second

// Unfinished is the reason of ErrUnfinished.
const Unfinished captcha.Reason = "unfinished"

// ErrUnfinished says that a form was sent before and that its answer is not known: it takes too long, there was no room
// to keep it, or the process that handled the form has ended. The app's error handler answers it with the status 409.
// The handler can tell visitors where to look in this app, which Detail can't know.
var ErrUnfinished error = &captcha.Error{
	Reason: Unfinished,
	Status: http.StatusConflict,
	Detail: "This form was sent twice, and we do not know whether the first copy arrived. Look for a sign that it " +
		"did, such as a confirmation email. If there is none after a few minutes, fill in the form again.",
}

// Forms gives both copies of a form one answer. New's handler is made of one; use it directly for routers on fasthttp
// other than Fiber v2.
type Forms struct {
	cfg     Config
	storage keep.Storage
	plain   fiber.Storage
	room    room

	places     places
	failures   atomic.Int64 // that are being kept
	complained atomic.Int64 // when a failure of the storage was last logged, in Unix nanoseconds
}

// New returns a handler that stands before a form's own. It panics with the error that NewForms returns.
func New(config Config) fiber.Handler {
	forms, err := NewForms(config)
	if err != nil {
		panic(fmt.Errorf("once: %w", err))
	}
	return func(c *fiber.Ctx) error {
		return forms.Answer(c.UserContext(), c.Context(), config.Guard.Visitor(c), func() error {
			if err := c.Next(); err != nil {
				return c.App().ErrorHandler(c, err) // what it answers is to be kept
			}
			return nil
		})
	}
}

// NewForms returns forms with these settings. Its error is a *setting.Error.
func NewForms(config Config) (*Forms, error) {
	cfg := withDefaults(config)
	switch {
	case cfg.Guard == nil:
		return nil, &setting.Error{Field: "Guard", Value: "nil", Accepted: "a guard"}
	case cfg.Room < minRoom || cfg.Room > maxRoom:
		return nil, setting.Refuse("Room", cfg.Room, "%d to %d bytes", minRoom, maxRoom)
	case cfg.Wait < 0 || cfg.Wait > life:
		return nil, setting.Refuse("Wait", cfg.Wait, "up to %v", life)
	}
	if lacks := keep.Lacks(cfg.Storage, "Add"); len(lacks) > 0 {
		cfg.Logger.Warn("once: the storage can't mark a form in one step, so processes that share it may each handle " +
			"the same form; set Config.Storage to one that has Add")
	}
	return &Forms{cfg: cfg, storage: keep.Wrap(cfg.Storage), plain: cfg.Storage, room: room{most: cfg.Room}}, nil
}

func withDefaults(cfg Config) Config {
	if cfg.Room == 0 {
		cfg.Room = ConfigDefault.Room
	}
	if cfg.Storage == nil && cfg.Guard != nil {
		cfg.Storage = cfg.Guard.Storage()
	}
	if cfg.Storage == nil {
		cfg.Storage = memory.New(memory.Config{Entries: 100_000, Bytes: 2 * cfg.Room})
	}
	if cfg.Wait == 0 {
		cfg.Wait = ConfigDefault.Wait
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return cfg
}

// Answer answers a request by calling handle, or, if the same form was sent before, with the answer that it got then.
// handle has to answer the app's errors as well. The error is ErrUnfinished, or handle's own.
func (f *Forms) Answer(
	ctx context.Context, r *fasthttp.RequestCtx, visitor captcha.Visitor, handle func() error,
) error {
	if crossOrigin(r) {
		return handle()
	}
	sending, ok := f.cfg.Guard.Edge().Sending(ctx, r, visitor)
	if !ok {
		return handle()
	}
	m, err := newMark(sending, r)
	if err != nil {
		return handle()
	}
	first, kept, err := f.claim(ctx, m, sending.Issued)
	switch {
	case errors.Is(err, ErrUnfinished):
		return err
	case err != nil:
		f.log(ctx, err)
		return handle()
	case kept != nil:
		return kept.send(r)
	case first:
		return f.handle(ctx, r, sending, m, handle)
	}
	return handle()
}

var protection = http.NewCrossOriginProtection()

// crossOrigin reports whether a browser says that a page of another site sends the request.
func crossOrigin(r *fasthttp.RequestCtx) bool {
	header := http.Header{}
	for _, name := range []string{"Sec-Fetch-Site", "Origin"} {
		header.Set(name, string(r.Request.Header.Peek(name)))
	}
	request := http.Request{Method: string(r.Method()), Host: string(r.Host()), Header: header}
	return protection.Check(&request) != nil
}

// The pauses between two looks at a form that is being handled.
const (
	shortPause = 20 * time.Millisecond
	longPause  = 200 * time.Millisecond
)

// claim marks a form as sent. first says that nobody had marked it before; otherwise kept is the answer, once that is
// known. Neither is set if a different form was sent with this key. A key that the guard has not issued is not marked.
func (f *Forms) claim(ctx context.Context, m mark, issued bool) (first bool, kept *answer, err error) {
	waiting, cancel := context.WithTimeout(ctx, f.cfg.Wait)
	defer cancel()
	waits := false
	for pause := shortPause; ; pause = min(2*pause, longPause) {
		if issued {
			if first, err := f.add(ctx, m); first || err != nil {
				return first, nil, err
			}
		}
		value, err := f.storage.Get(ctx, m.name)
		if err != nil || value == nil && !issued || value != nil && !m.own(value) {
			return false, nil, err
		}
		if kept, err := m.open(value); kept != nil || err != nil {
			return false, kept, err
		}
		if !waits {
			if !f.places.take(m.name) {
				return false, nil, ErrUnfinished
			}
			waits = true
			defer f.places.giveBack(m.name)
		}
		if err := wait(waiting, pause); err != nil {
			return false, nil, err
		}
	}
}

// addTime is how long the storage may take to mark a form. Without it, a storage that is down would keep the visitor
// waiting for this step and then for the guard's own.
const addTime = 250 * time.Millisecond

func (f *Forms) add(ctx context.Context, m mark) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, addTime)
	defer cancel()
	return f.storage.Add(ctx, m.name, m.pending(), life)
}

func wait(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ErrUnfinished
	}
}

// handle calls the form's handler and keeps the answer. If the captcha is still unused, because another field was
// refused, the form counts as new when it is sent again.
func (f *Forms) handle(
	ctx context.Context, r *fasthttp.RequestCtx, sending captcha.Sending, m mark, handle func() error,
) error {
	before, done := headersOf(r), false
	defer func() {
		if !done {
			f.log(ctx, f.plain.Delete(m.name)) // also if handle has panicked, or has left its error to others
		}
	}()
	if err := handle(); err != nil {
		return err
	}
	if r.Response.StatusCode() >= http.StatusInternalServerError {
		done = true
		f.keepFailure(ctx, m, answerOf(r, before))
		return nil
	}
	if sending.Unused(ctx) {
		return nil
	}
	done = true
	f.log(ctx, f.plain.Set(m.name, f.seal(m, answerOf(r, before)), life))
	return nil
}

// seal returns the value of a form that was answered, without the answer if there is no room for it.
func (f *Forms) seal(m mark, a answer) []byte {
	value := m.seal(a)
	if !f.room.take(len(value)) {
		return m.seal(answer{})
	}
	return value
}

// A failure is kept only for those who are waiting for it now, because the same form may soon succeed. No request waits
// for it to be kept, because it may well be the storage that failed.
const (
	failureLife = time.Second
	// mostFailures are being kept at a time. Beyond that the mark stays as it is, and the second copy gets ErrUnfinished.
	mostFailures = 32
)

func (f *Forms) keepFailure(ctx context.Context, m mark, a answer) {
	value := f.seal(m, a)
	if f.failures.Add(1) > mostFailures {
		f.failures.Add(-1)
		return
	}
	ctx = context.WithoutCancel(ctx)
	go func() {
		defer f.failures.Add(-1)
		f.log(ctx, f.plain.Set(m.name, value, failureLife))
	}()
}

// log logs a failure at most once a second, because a storage that is down fails for every visitor.
func (f *Forms) log(ctx context.Context, err error) {
	if err == nil {
		return
	}
	now := time.Now().UnixNano()
	if last := f.complained.Load(); now-last >= int64(time.Second) && f.complained.CompareAndSwap(last, now) {
		f.cfg.Logger.ErrorContext(ctx, "once: the storage failed; a visitor who sends a form twice may be told that "+
			"its captcha was already used", "error", err)
	}
}
