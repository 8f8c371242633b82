package work

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"
)

// A request for work that finds every turn taken is told so when its time is over, and takes none with it.
func TestBusy(t *testing.T) {
	w := New(Config{Parallel: 1})
	w.turns <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Challenge(ctx, [32]byte{}, 0); !errors.Is(err, ErrBusy) {
		t.Errorf("with every turn taken: %v", err)
	}
	if _, err := w.Challenge(t.Context(), [32]byte{}, 0); !errors.Is(err, ErrBusy) {
		t.Errorf("with every turn taken, without an end of the context: %v", err)
	}
	<-w.turns
	if _, err := w.Challenge(t.Context(), [32]byte{}, 0); err != nil {
		t.Errorf("with a turn free: %v", err)
	}
	if len(w.turns) != 0 {
		t.Error("a turn was not given back")
	}
}

// Each counter below the range is as likely as the next, and there is none beyond.
func TestCountersAreEven(t *testing.T) {
	const rounds, counters = 20_000, 10
	var times [counters]int
	for n := range rounds {
		var seed [32]byte
		binary.BigEndian.PutUint32(seed[:], uint32(n))
		times[newSecrets(seed, 0).counter(counters)]++
	}
	for counter, n := range times {
		// 2,000 are expected, with a deviation of 42.
		if n < 1750 || n > 2250 {
			t.Errorf("counter %d was right %d times of %d", counter, n, rounds)
		}
	}
}
