package captcha

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
)

// Edge is a guard for any router on fasthttp. The methods of Guard that take a *fiber.Ctx are a thin layer over it for
// Fiber v2; the package fiberv3 is one for Fiber v3. A method that returns an error has answered nothing: the error is
// one of this package's, and the router answers it.
type Edge struct{ g *Guard }

// Edge returns the guard for a router on fasthttp.
func (g *Guard) Edge() Edge { return Edge{g} }

// For returns the edge of the guard for the purpose that a request names in its query. It is for requests to the
// guard's own routes. An unknown purpose is an error with the status 404.
func (e Edge) For(r *fasthttp.RequestCtx) (Edge, error) {
	g := e.g.ofPurpose(string(r.QueryArgs().Peek("purpose")))
	if g == nil {
		return Edge{}, notFound()
	}
	return Edge{g}, nil
}

// Purpose returns what the guard's challenges are for.
func (e Edge) Purpose() string { return e.g.purpose }

// Path returns Config.Path.
func (e Edge) Path() string { return e.g.cfg.Path }

// PathBelow returns what is left of Config.Path below a prefix that the router puts before it. If Path does not begin
// with the prefix, the error says what to do.
func (e Edge) PathBelow(prefix string) (string, error) {
	prefix = strings.TrimSuffix(prefix, "/")
	rest, ok := strings.CutPrefix(e.g.cfg.Path, prefix+"/")
	if !ok {
		return "", fmt.Errorf("captcha: Register: the routes of the group %s are below that prefix, but Config.Path is %s; "+
			"set Config.Path to %s", prefix, e.g.cfg.Path, prefix+e.g.cfg.Path)
	}
	return "/" + rest, nil
}

// Clash returns an error if a route that an app already has would take the requests that are meant for this guard's
// routes.
func (e Edge) Clash(method, path string) error {
	if method != http.MethodPost || strings.TrimSuffix(path, "/") != strings.TrimSuffix(e.g.cfg.Path, "/") {
		return nil
	}
	return fmt.Errorf("captcha: Register: the app already has a handler at %s; give each guard a Config.Path of its own, "+
		"or use one guard for several purposes with Guard.For", path)
}

// Mounted tells the guard where its app is mounted. path is called whenever the form field is shown, and the field
// looks for the guard's routes below what it returns.
func (e Edge) Mounted(path func() string) { e.g.mounted.Store(&path) }

// Issue returns the challenge to show in a form, as [Guard.Issue] does.
func (e Edge) Issue(ctx context.Context, r *fasthttp.RequestCtx, visitor Visitor) (*Challenge, error) {
	if string(r.Method()) == http.MethodPost {
		fields, err := readFields(r, e.g.cfg.MaxBody, e.g.fieldNames()...)
		if err == nil && fields.filled(refreshField) {
			c, err := e.g.IssueTo(ctx, visitor)
			if err == nil {
				c.Refreshed = true
			}
			return c, err
		}
		if err == nil {
			if c := e.again(ctx, fields, visitor); c != nil {
				return c, nil
			}
		}
	}
	return e.g.IssueTo(ctx, visitor)
}

// again returns the challenge that a form brings back, or nil if it can no longer be answered, or only for a short
// while.
func (e Edge) again(ctx context.Context, fields fields, visitor Visitor) *Challenge {
	g, names := e.g, &e.g.cfg.Compat
	if fields[names.KeyField].wrong != nil {
		return nil
	}
	key := strings.TrimSpace(fields[names.KeyField].text)
	c, err := g.peek(ctx, key, visitor)
	if err != nil || !g.asksTheSame(c, visitor) || c.Expires.Sub(g.cfg.Now()) < min(g.cfg.Expiration/4, time.Minute) {
		return nil
	}
	shown := g.show(key, c)
	if typed := fields[names.ValueField]; typed.wrong == nil && g.alphabet.Length(typed.text) <= g.valueLimit() {
		shown.typed = strings.ToValidUTF8(typed.text, "")
	}
	if work := fields[workField]; work.wrong == nil && g.cfg.Work != nil && g.cfg.Work.WellFormed(work.text) {
		shown.solved = work.text
	}
	return shown
}

// Create answers POST with a challenge, as [Guard.Create] does.
func (e Edge) Create(ctx context.Context, r *fasthttp.RequestCtx, visitor Visitor) error {
	e, err := e.For(r)
	if err != nil {
		return err
	}
	return e.g.create(ctx, r, visitor)
}

// Field answers POST with a form field, as [Guard.Field] does.
func (e Edge) Field(ctx context.Context, r *fasthttp.RequestCtx, visitor Visitor) error {
	e, err := e.For(r)
	if err != nil {
		return err
	}
	return e.g.sendField(ctx, r, visitor)
}

// Audio answers GET with a sound, as [Guard.Audio] does.
func (e Edge) Audio(ctx context.Context, r *fasthttp.RequestCtx, key string, visitor Visitor) error {
	e, err := e.For(r)
	if err != nil {
		return err
	}
	return e.g.sound(ctx, r, key, visitor)
}

// Work answers GET with a challenge's work, as [Guard.Work] does.
func (e Edge) Work(ctx context.Context, r *fasthttp.RequestCtx, key string, visitor Visitor) error {
	e, err := e.For(r)
	if err != nil {
		return err
	}
	return e.g.sendWork(ctx, r, key, visitor)
}

// Altcha answers GET with a challenge for ALTCHA's widget, as [Guard.Altcha] does.
func (e Edge) Altcha(ctx context.Context, r *fasthttp.RequestCtx, visitor Visitor) error {
	e, err := e.For(r)
	if err != nil {
		return err
	}
	return e.g.sendAltcha(ctx, r, visitor)
}

// VerifyAltcha answers POST with a receipt for ALTCHA's widget, as [Guard.VerifyAltcha] does.
func (e Edge) VerifyAltcha(ctx context.Context, r *fasthttp.RequestCtx, visitor Visitor) error {
	e, err := e.For(r)
	if err != nil {
		return err
	}
	return e.g.verifyAltcha(ctx, r, visitor)
}

// Exchange answers POST with a receipt, as [Guard.Exchange] does.
func (e Edge) Exchange(ctx context.Context, r *fasthttp.RequestCtx, visitor Visitor) error {
	e, err := e.For(r)
	if err != nil {
		return err
	}
	return e.g.exchange(ctx, r, visitor)
}

// Asset answers GET with a file of the form field's, as [Guard.Assets] does.
func (e Edge) Asset(r *fasthttp.RequestCtx, name string) error { return e.g.asset(r, name) }

// Read reads a submission, as [Guard.Read] does.
func (e Edge) Read(ctx context.Context, r *fasthttp.RequestCtx, visitor Visitor) (Submission, error) {
	if e.g.demand(visitor).kind() == Nothing {
		return Submission{way: None, visitor: visitor}, nil
	}
	if err := e.g.checkDemand(ctx, visitor); err != nil {
		return Submission{}, err
	}
	fields, err := readFields(r, e.g.cfg.MaxBody, e.g.fieldNames()...)
	return e.g.read(ctx, fields, err, visitor)
}

// Sending identifies one sending of a form, so that it can be told from others. See the package captcha/once.
type Sending struct {
	Key    string   // of the challenge or the receipt that it brings
	Secret [32]byte // derived from this key alone, and the same on every replica
	Issued bool     // whether this guard has issued the key, as far as that is still known

	guard *Guard
	scope keep.Scope
}

// Unused reports whether the key can still be used. If it can, and the form was refused, then another field was the
// reason.
func (s Sending) Unused(ctx context.Context) bool {
	_, err := s.guard.keeperOf(s.scope.Kind).Peek(ctx, s.Key, s.scope)
	return err == nil
}

// Sending returns what identifies the form in a request, and uses nothing up. ok is false for a request that Read
// refuses, or that brings nothing that looks like a key.
func (e Edge) Sending(ctx context.Context, r *fasthttp.RequestCtx, visitor Visitor) (s Sending, ok bool) {
	g := e.g
	if g.demand(visitor).kind() == Nothing {
		return s, false
	}
	fields, err := readFields(r, g.cfg.MaxBody, g.fieldNames()...)
	if err != nil {
		return s, false
	}
	demand := g.asked(ctx, fields, visitor)
	submission, err := g.assemble(fields, fields.way(demand), demand, visitor)
	s = Sending{Key: submission.key, guard: g, scope: g.scope(visitor)}
	if submission.way == Receipt {
		s.Key, s.scope.Kind = submission.receipt, keep.Receipt
	}
	if err != nil || !keep.KeyForm(s.Key) {
		return s, false
	}
	s.Secret, s.Issued, err = g.keeperOf(s.scope.Kind).Sending(ctx, s.Key, s.scope)
	return s, err == nil
}

// FieldsOf returns the named fields of a request's body, as [Fields] does.
func FieldsOf(r *fasthttp.RequestCtx, names ...string) (map[string]string, error) {
	found, err := readFields(r, 0, names...)
	if err != nil {
		return nil, err
	}
	return found.texts()
}

// Language returns the language that the request prefers, as [Guard.Language] does.
func (e Edge) Language(r *fasthttp.RequestCtx) string {
	return e.g.index.Prefer(string(r.Request.Header.Peek("Accept-Language")))
}

// retryAfter is how long a visitor is told to wait, in seconds, when the storage is down or there is no capacity to
// make work.
const retryAfter = 2

// ReplyTo answers a request that was refused with err, as [Reply] does.
func ReplyTo(r *fasthttp.RequestCtx, err error) error {
	var fields FieldErrors
	var e *Error
	switch {
	case errors.As(err, &fields):
		return reply(r, http.StatusBadRequest, fields)
	case !errors.As(err, &e):
		return err
	}
	switch e.Reason {
	case UnknownKey, WrongAnswer:
		return reply(r, e.Status, nonField(e.Detail))
	case StorageFailed, Busy:
		r.Response.Header.Set("Retry-After", strconv.Itoa(retryAfter))
	}
	return reply(r, e.Status, map[string]string{"detail": e.Detail})
}

func reply(r *fasthttp.RequestCtx, status int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r.Response.Header.Set("Cache-Control", "no-store")
	r.Response.Header.SetContentType("application/json")
	r.Response.SetStatusCode(status)
	r.Response.SetBodyRaw(text)
	return nil
}
