package captcha

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
)

// ProofOfWork gives browsers work to do and checks what they computed. The package captcha/work has one. The work
// follows from a challenge's secret seed and its level, 0 to 7, so that none of it need be stored.
type ProofOfWork interface {
	// Challenge returns the work for a browser, as JSON. An error says that it could not be made in time; the visitor is
	// then told to try again.
	Challenge(ctx context.Context, seed [32]byte, level uint8) ([]byte, error)
	// WellFormed reports whether a text can be a solution at all.
	WellFormed(solution string) bool
	// Check reports whether a solution is right. It is called once for a challenge, after the challenge was used up.
	Check(seed [32]byte, level uint8, solution string) bool

	// Altcha returns the signed JSON that ALTCHA's widget asks for: the same work, the challenge's key, when the challenge
	// expires, and the members of beside.
	Altcha(ctx context.Context, seed [32]byte, level uint8, key string, expires time.Time, beside map[string]any) ([]byte, error)
	// ReadAltcha reads what that widget submits; ok is false if it can't be read. Called with the seed and the level of
	// key, open returns the solution for Check; ok is false if anything that was signed has been altered.
	ReadAltcha(field string) (key string, open func(seed [32]byte, level uint8) (solution string, ok bool), ok bool)

	// Script returns what a browser runs in a dedicated worker.
	Script() string
}

// workField is the name of a solution in a submission, and workLimit the most characters of one.
const (
	workField = "captcha_work"
	workLimit = 64
)

func workSeed(c keep.Challenge) [32]byte { return c.Subseed('w') }

// sendWork answers GET with the work that belongs to the challenge that key names.
func (g *Guard) sendWork(ctx context.Context, r *fasthttp.RequestCtx, key string, visitor Visitor) error {
	c, text, err := g.workFor(ctx, key, visitor)
	g.observe(ctx, Event{Kind: Worked, Err: err}, c)
	if errors.Is(err, ErrUnknownKey) {
		return notFound()
	}
	if err != nil {
		return err
	}
	sendJSON(r, text)
	return nil
}

// workFor returns the challenge and its work. The error is ErrUnknownKey also for a challenge that work can't meet.
func (g *Guard) workFor(ctx context.Context, key string, visitor Visitor) (keep.Challenge, []byte, error) {
	if g.cfg.Work == nil {
		return keep.Challenge{}, nil, ErrUnknownKey
	}
	c, err := g.peek(ctx, key, visitor)
	if err == nil && !demandOf(c.Terms).takesWork() {
		err = ErrUnknownKey
	}
	if err != nil {
		return keep.Challenge{}, nil, err
	}
	text, err := g.cfg.Work.Challenge(ctx, workSeed(c), c.Terms.Level)
	return c, text, busy(err)
}

// busy returns the error for work that could not be made in time.
func busy(cause error) error {
	if cause == nil {
		return nil
	}
	return &Error{Busy, http.StatusServiceUnavailable, "No work can be set at the moment. Try again in a few seconds.", cause}
}

// sendJSON answers with JSON that is for one visitor.
func sendJSON(r *fasthttp.RequestCtx, text []byte) {
	r.Response.Header.Set("Cache-Control", "no-store")
	r.Response.Header.SetContentType("application/json")
	r.Response.SetBodyRaw(text)
}
