package work

import (
	"context"
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
