package handlers

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

func TestPasswordsLeaveProcessorsFree(t *testing.T) {
	most := max(1, int64(runtime.GOMAXPROCS(0)/2))
	p := newPasswords()
	var now, peak atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			p.inTurn(t.Context(), func() {
				n := now.Add(1)
				defer now.Add(-1)
				for was := peak.Load(); n > was && !peak.CompareAndSwap(was, n); was = peak.Load() {
				}
				runtime.Gosched()
			})
		})
	}
	all.Wait()
	if peak.Load() > most {
		t.Errorf("%d at once, want %d at most", peak.Load(), most)
	}
}

func TestPasswordsMatch(t *testing.T) {
	p := newPasswords()
	hash, err := p.hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		hash     []byte
		password string
		want     bool
	}{{hash, "correct horse", true}, {hash, "correct horsf", false}, {nil, "correct horse", false}, {nil, "", false}} {
		if ok, err := p.matches(t.Context(), row.hash, row.password); ok != row.want || err != nil {
			t.Errorf("%q matches: %t, %v; want %t", row.password, ok, err, row.want)
		}
	}
}

// What nobody waits for any more is not begun.
func TestPasswordsOfWhoHasNoTime(t *testing.T) {
	p := newPasswords()
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.matches(ctx, nil, "correct horse"); !errors.Is(err, web.ErrBusy) {
		t.Errorf("the error is %v", err)
	}
}
