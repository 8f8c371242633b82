package web

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func stays() bool { return false }

func TestTurnsAtOnce(t *testing.T) {
	const most = 3
	turns := NewTurns(most)
	var now, peak atomic.Int64
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			_ = turns.take(t.Context(), netip.AddrFrom4([4]byte{10, byte(i)}), stays, func() error {
				n := now.Add(1)
				defer now.Add(-1)
				for was := peak.Load(); n > was && !peak.CompareAndSwap(was, n); was = peak.Load() {
				}
				runtime.Gosched()
				return nil
			})
		})
	}
	all.Wait()
	if peak.Load() > most {
		t.Errorf("%d at once, want %d at most", peak.Load(), most)
	}
}

// 300 logins from 300 /64s of one /48 leave another visitor a turn, and most of them are refused at once.
func TestTurnsOfOneNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := NewTurns(1)
		var done, refused atomic.Int64
		slow := func() error { time.Sleep(60 * time.Millisecond); return nil }
		for i := range 300 {
			addr := netip.MustParseAddr(fmt.Sprintf("2001:db8:0:%x::1", i))
			go func() {
				switch err := turns.take(t.Context(), addr, stays, slow); {
				case err == nil:
					done.Add(1)
				case errors.Is(err, ErrBusy):
					refused.Add(1)
				}
			}()
		}
		synctest.Wait()
		if refused.Load() != 300-networksShare {
			t.Errorf("%d are refused at once, not %d", refused.Load(), 300-networksShare)
		}
		start := time.Now()
		if err := turns.take(t.Context(), netip.MustParseAddr("192.0.2.1"), stays, slow); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited > longestWait {
			t.Errorf("the visitor waited %s", waited)
		}
		synctest.Wait()
		if done.Load() != networksShare {
			t.Errorf("%d of the network's were done, not %d", done.Load(), networksShare)
		}
	})
}

func TestTurnsEndTheirWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := NewTurns(1)
		go func() {
			_ = turns.take(t.Context(), netip.Addr{}, stays, func() error { time.Sleep(time.Minute); return nil })
		}()
		synctest.Wait()
		start := time.Now()
		err := turns.take(t.Context(), netip.MustParseAddr("192.0.2.1"), stays, func() error { t.Error("it was begun"); return nil })
		if waited := time.Since(start); !errors.Is(err, ErrBusy) || waited != longestWait {
			t.Errorf("after %s: %v", waited, err)
		}
		time.Sleep(time.Minute) // until the other is done
	})
}

// What nobody waits for any more is not begun.
func TestTurnsOfWhoHasGone(t *testing.T) {
	turns := NewTurns(1)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for ctx, gone := range map[context.Context]bool{ended: false, t.Context(): true} {
		err := turns.take(ctx, netip.Addr{}, func() bool { return gone }, func() error { t.Error("it was begun"); return nil })
		if !errors.Is(err, ErrBusy) {
			t.Errorf("the error is %v", err)
		}
	}
	if err := turns.take(t.Context(), netip.Addr{}, stays, func() error { return nil }); err != nil {
		t.Errorf("after that: %v", err)
	}
}
