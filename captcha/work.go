package captcha

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
)

// ProofOfWork sets browsers work and checks what they computed. The package captcha/work has one. Everything that it
// makes follows from a challenge's secret seed and its level, 0 to 7, so that nothing is kept of it.
type ProofOfWork interface {
	// Challenge returns, as JSON, what a browser is told. The error says that it could not be made in time; the visitor
	// hears to try again.
	Challenge(ctx context.Context, seed [32]byte, level uint8) ([]byte, error)
	// WellFormed reports whether a text can be a solution at all.
	WellFormed(solution string) bool
	// Check reports whether a solution is right. It is asked once for a challenge, after that was used up.
	Check(seed [32]byte, level uint8, solution string) bool

	// Altcha returns the JSON that ALTCHA's widget asks for, signed: the same work, the challenge's key, when it expires,
	// and further members beside these.
	Altcha(ctx context.Context, seed [32]byte, level uint8, key string, expires time.Time, beside map[string]any) ([]byte, error)
	// ReadAltcha reads what that widget submits. It is not ok where that can't be read. For the seed and level of the key,
	// open returns the solution for Check, and is not ok where anything that was signed was altered.
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

// workFor returns ErrUnknownKey as well where work is of no use for the challenge.
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

// busy tells of work that could not be made in time.
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
