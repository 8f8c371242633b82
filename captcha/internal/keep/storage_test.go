package keep_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
)

// plain hides the atomic steps of a memory. It answers a read as late as a storage behind a network does, so that without a
// lock all of many callers read before one writes, and can be made to fail at one step.
type plain struct {
	keep.Plain
	undeletable, unsettable bool
}

var errBroken = errors.New("broken")

func (p *plain) Delete(key string) error {
	if p.undeletable {
		return errBroken
	}
	return p.Plain.Delete(key)
}

func (p *plain) Get(key string) ([]byte, error) {
	value, err := p.Plain.Get(key)
	time.Sleep(100 * time.Microsecond)
	return value, err
}

func (p *plain) Set(key string, value []byte, ttl time.Duration) error {
	if p.unsettable {
		return errBroken
	}
	return p.Plain.Set(key, value, ttl)
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
	for range 20 {
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
		time.Sleep(2 * time.Millisecond) // the time itself is what is tested
		if n, err := storage.Count(ctx, "others", time.Minute); n != 1 || err != nil {
			t.Errorf("%s: a count whose time is over went on to %d, %v", name, n, err)
		}
	}
}

// A step whose write failed is reported as a failure.
func TestWhatCanNotBeSetIsNeitherAddedNorCounted(t *testing.T) {
	p := newPlain()
	p.unsettable = true
	storage := keep.Wrap(p)
	if added, err := storage.Add(ctx, "key", []byte("value"), time.Minute); added || !errors.Is(err, errBroken) {
		t.Errorf("added %t, %v", added, err)
	}
	if n, err := storage.Count(ctx, "key", time.Minute); n != 0 || !errors.Is(err, errBroken) {
		t.Errorf("counted %d, %v", n, err)
	}
}

// A count lives from its first, however many come later, although a plain Set moves the end of an entry's life.
func TestAPlainCountLivesFromItsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The entry itself is kept too long, as by a storage that counts in whole minutes.
		kept := &plain{Plain: lasting{memory.New()}}
		storage := keep.Wrap(kept)
		for n := range int64(5) {
			if got, err := storage.Count(ctx, "key", time.Minute); got != n+1 || err != nil {
				t.Fatalf("count %d, %v; want %d", got, err, n+1)
			}
			time.Sleep(13 * time.Second)
		}
		if got, err := storage.Count(ctx, "key", time.Minute); got != 1 || err != nil {
			t.Errorf("after 65 seconds the count is %d, %v; want 1", got, err)
		}
	})
}

// lasting keeps entries for good.
type lasting struct{ keep.Plain }

func (l lasting) Set(key string, value []byte, _ time.Duration) error {
	return l.Plain.Set(key, value, 0)
}

func TestWhoHasLeftGetsNothingOfAPlainStorage(t *testing.T) {
	p := newPlain()
	storage := keep.Wrap(p)
	if _, err := storage.Add(ctx, "key", []byte("value"), time.Minute); err != nil {
		t.Fatal(err)
	}
	gone, leave := context.WithCancel(ctx)
	leave()
	if value, err := storage.Get(gone, "key"); value != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %q, %v", value, err)
	}
	if value, err := storage.Take(gone, "key"); value != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("took %q, %v", value, err)
	}
	if value, err := storage.Get(ctx, "key"); string(value) != "value" || err != nil {
		t.Errorf("left is %q, %v", value, err)
	}
}
