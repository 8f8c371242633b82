package keep_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
)

// plain hides the atomic steps of a memory, and can be made to fail at one step.
type plain struct {
	keep.Plain
	undeletable bool
}

var errBroken = errors.New("broken")

func (p *plain) Delete(key string) error {
	if p.undeletable {
		return errBroken
	}
	return p.Plain.Delete(key)
}

func newPlain() *plain {
	return &plain{Plain: struct{ keep.Plain }{memory.New()}}
}

func TestPlainStoragesLackTheSteps(t *testing.T) {
	if lacks := keep.Lacks(newPlain(), "Take", "Add", "Count"); len(lacks) != 3 {
		t.Errorf("a plain storage lacks %q", lacks)
	}
	if lacks := keep.Lacks(memory.New(), "Take", "Add", "Count"); len(lacks) != 0 {
		t.Errorf("memory lacks %q", lacks)
	}
}

func TestAPlainStorageGivesToOneOfMany(t *testing.T) {
	storage := keep.Wrap(newPlain())
	for range 100 {
		var added, took atomic.Int64
		together(func() {
			if ok, err := storage.Add(ctx, "key", []byte("value"), time.Minute); ok && err == nil {
				added.Add(1)
			}
		})
		together(func() {
			if value, err := storage.Take(ctx, "key"); value != nil && err == nil {
				took.Add(1)
			}
		})
		if added.Load() != 1 || took.Load() != 1 {
			t.Fatalf("%d added, %d took", added.Load(), took.Load())
		}
	}
}

func together(do func()) {
	var all sync.WaitGroup
	for range 20 {
		all.Go(do)
	}
	all.Wait()
}

// A value that could not be removed was not taken: the next caller would get it too.
func TestWhatCanNotBeRemovedIsNotTaken(t *testing.T) {
	p := newPlain()
	storage := keep.Wrap(p)
	if _, err := storage.Add(ctx, "key", []byte("value"), time.Minute); err != nil {
		t.Fatal(err)
	}
	p.undeletable = true
	if value, err := storage.Take(ctx, "key"); value != nil || !errors.Is(err, errBroken) {
		t.Errorf("took %q, %v", value, err)
	}
}

func TestAPlainStorageCounts(t *testing.T) {
	for name, storage := range map[string]keep.Storage{"plain": keep.Wrap(newPlain()), "memory": keep.Wrap(memory.New())} {
		var highest atomic.Int64
		for range 10 {
			together(func() {
				n, err := storage.Count(ctx, "failures", time.Minute)
				if err != nil {
					t.Error(err)
				}
				for old := highest.Load(); n > old && !highest.CompareAndSwap(old, n); old = highest.Load() {
				}
			})
		}
		if n := highest.Load(); n != 200 {
			t.Errorf("%s: 200 counts made %d", name, n)
		}
		if n, err := storage.Count(ctx, "others", time.Nanosecond); n != 1 || err != nil {
			t.Errorf("%s: first count is %d, %v", name, n, err)
		}
		time.Sleep(2 * time.Millisecond)
		if n, err := storage.Count(ctx, "others", time.Minute); n != 1 || err != nil {
			t.Errorf("%s: a count whose time is over went on to %d, %v", name, n, err)
		}
	}
}
