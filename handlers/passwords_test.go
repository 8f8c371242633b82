package handlers

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

func TestPasswordsLeaveProcessorsFree(t *testing.T) {
	most := max(1, int64(runtime.GOMAXPROCS(0)/2))
	p := newPasswords()
	var now, peak atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			p.inTurn(func() {
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
	hash, err := p.hash("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if !p.matches(hash, "correct horse") {
		t.Error("the right password does not match")
	}
	if p.matches(hash, "correct horsf") || p.matches(nil, "correct horse") || p.matches(nil, "") {
		t.Error("a wrong password matches")
	}
}
