package web

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Turns lets a few take a slow step at once, and others wait for their turn: for a bounded time, in bounded number, and
// from one network no more than half of those. Who gets no turn is told at once, or when the time is over, with ErrBusy.
type Turns struct {
	running chan struct{}
	places  *shares
}

const (
	longestWait   = 1500 * time.Millisecond // a visitor shall have an answer in two seconds
	placesAtOnce  = 24                      // for each that runs: what takes 60 ms each is done in less than the longest wait
	networksShare = placesAtOnce / 2
)

// NewTurns returns turns for a step that may be taken so many times at once.
func NewTurns(atOnce int) *Turns {
	return &Turns{make(chan struct{}, atOnce), newShares(placesAtOnce*atOnce, networksShare*atOnce)}
}

// Take does the work when it is the request's turn. What nobody waits for any more, for the client has hung up, is not begun.
func (t *Turns) Take(c *fiber.Ctx, work func()) error {
	return t.take(c.UserContext(), Client(c), func() bool { return hungUp(c.Context().Conn()) }, work)
}

// InTurn is Take around a handler.
func (t *Turns) InTurn(handler fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) (err error) {
		if busy := t.Take(c, func() { err = handler(c) }); busy != nil {
			return busy
		}
		return err
	}
}

func (t *Turns) take(ctx context.Context, client netip.Addr, gone func() bool, work func()) error {
	if !t.places.take(client, 1) {
		return fmt.Errorf("%w: too many wait", ErrBusy)
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
	// Of several channels that are ready, select takes any.
	if ctx.Err() != nil || gone() {
		return fmt.Errorf("%w: %w", ErrBusy, errGone)
	}
	work()
	return nil
}

var errGone = errors.New("nobody waits any more")
