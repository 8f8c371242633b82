package handlers

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"

	"golang.org/x/crypto/bcrypt"

	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

// passwords hashes on half of the processors at most: a hash takes a processor for a twentieth of a second, and a flood of
// logins from many addresses shall leave the rest of the site to its visitors. The others wait until their context ends.
type passwords struct {
	slots chan struct{}
	none  []byte // the hash of a password that nobody knows
}

func newPasswords() *passwords {
	p := &passwords{slots: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
	none, err := p.hash(context.Background(), rand.Text())
	if err != nil {
		panic(err) // only for a cost that bcrypt does not have
	}
	p.none = none
	return p
}

func (p *passwords) hash(ctx context.Context, password string) (hash []byte, err error) {
	if busy := p.inTurn(ctx, func() { hash, err = bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost) }); busy != nil {
		return nil, busy
	}
	return hash, err
}

// matches takes as long where there is no hash, or none that could match, as where there is.
func (p *passwords) matches(ctx context.Context, hash []byte, password string) (ok bool, err error) {
	if len(hash) == 0 || len(password) > maxPassword {
		hash = p.none
	}
	err = p.inTurn(ctx, func() { ok = bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil })
	return ok, err
}

// inTurn does the work when there is a processor for it, or returns web.ErrBusy.
func (p *passwords) inTurn(ctx context.Context, work func()) error {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", web.ErrBusy, ctx.Err())
	}
	defer func() { <-p.slots }()
	work()
	return nil
}
