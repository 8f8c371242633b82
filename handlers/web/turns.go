package web

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Turns lets a few requests take a slow step at once, and others wait for their turn. How long they wait and how many
// wait is bounded, and at most half of those that wait may come from one network. A request that gets no turn gets
// ErrBusy, at once or when its time is over.
type Turns struct {
	running chan struct{}
	places  *shares
}

const (
	longestTurn   = 1600 * time.Millisecond // waiting and storage together: a visitor should have an answer within two seconds
	longestWait   = 1300 * time.Millisecond
	placesAtOnce  = 20 // for each step that runs: if a step takes 60 ms, all are done in less than the longest wait
	networksShare = placesAtOnce / 2
)

// NewTurns returns turns for a step that may be taken atOnce times at the same time.
func NewTurns(atOnce int) *Turns {
	return &Turns{make(chan struct{}, atOnce), newShares(placesAtOnce*atOnce, networksShare*atOnce)}
}

// Take does the work when it is the request's turn, and returns the work's error. If the client has hung up by then,
// the work is not begun. During the work, the request's context ends when the visitor has waited long enough for an
// answer.
func (t *Turns) Take(c *fiber.Ctx, work func() error) error {
	whole := c.UserContext()
	defer c.SetUserContext(whole)
	ctx, cancel := context.WithTimeout(whole, longestTurn)
	defer cancel()
	c.SetUserContext(ctx)
	return t.take(ctx, Client(c), func() bool { return hungUp(c.Context().Conn()) }, work)
}

// InTurn is Take around a handler.
func (t *Turns) InTurn(handler fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error { return t.Take(c, func() error { return handler(c) }) }
}

func (t *Turns) take(ctx context.Context, client netip.Addr, gone func() bool, work func() error) error {
	if !t.places.take(client, 1) {
		return fmt.Errorf("%w: too many requests are waiting", ErrBusy)
	}
	defer t.places.giveBack(client, 1)
	ctx, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	select {
	case t.running <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	}
	defer func() { <-t.running }()
	// If several channels are ready, select takes any of them.
	if ctx.Err() != nil || gone() {
		return fmt.Errorf("%w: %w", ErrBusy, errGone)
	}
	return work()
}

var errGone = errors.New("the client has gone")
