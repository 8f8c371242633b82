package keep

import (
	"context"
	"encoding/binary"
	"hash/maphash"
	"sync"
	"time"
)

// Storage is what single use needs of a storage.
type Storage interface {
	// Get returns the value under key. If it is absent or expired, that is nil and no error.
	Get(ctx context.Context, key string) ([]byte, error)
	// Take returns the value under key and removes it, in one step.
	Take(ctx context.Context, key string) ([]byte, error)
	// Add sets key only if it is absent, in one step, and reports whether it did.
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error)
	// Count adds one to the count under key and returns the new count, which expires a ttl after the first call.
	Count(ctx context.Context, key string, ttl time.Duration) (n int64, err error)
}

// Plain is what a fiber.Storage can do.
type Plain interface {
	Get(key string) ([]byte, error)
	Set(key string, value []byte, ttl time.Duration) error
	Delete(key string) error
}

type taker interface {
	Take(ctx context.Context, key string) ([]byte, error)
}

type adder interface {
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error)
}

type counter interface {
	Count(ctx context.Context, key string, ttl time.Duration) (int64, error)
}

// Wrap returns plain as a Storage. It uses the steps that plain has. The others it makes from Get, Set and Delete,
// under locks that hold for this process alone.
func Wrap(plain Plain) Storage {
	w := wrapped{Plain: plain}
	w.taker, _ = plain.(taker)
	w.adder, _ = plain.(adder)
	w.counter, _ = plain.(counter)
	return w
}

// Lacks returns those of the named steps that plain does not have.
func Lacks(plain Plain, steps ...string) (missing []string) {
	w := Wrap(plain).(wrapped)
	has := map[string]bool{"Take": w.taker != nil, "Add": w.adder != nil, "Count": w.counter != nil}
	for _, step := range steps {
		if !has[step] {
			missing = append(missing, step)
		}
	}
	return missing
}

type wrapped struct {
	Plain
	taker   taker
	adder   adder
	counter counter
}

// The locks are the process's, not a guard's: several guards may share a storage and accept each other's challenges.
var (
	locks    [64]sync.Mutex // by key, so that with a slow storage visitors need not wait for each other
	lockSeed = maphash.MakeSeed()
)

func lock(key string) *sync.Mutex {
	m := &locks[maphash.String(lockSeed, key)%uint64(len(locks))]
	m.Lock()
	return m
}

func (w wrapped) Get(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return w.Plain.Get(key)
}

func (w wrapped) Take(ctx context.Context, key string) ([]byte, error) {
	if w.taker != nil {
		return w.taker.Take(ctx, key)
	}
	defer lock(key).Unlock()
	value, err := w.Get(ctx, key)
	if err != nil || value == nil {
		return nil, err
	}
	// A value that could not be removed was not taken: the next caller would get it too.
	if err := w.Delete(key); err != nil {
		return nil, err
	}
	return value, nil
}

func (w wrapped) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if w.adder != nil {
		return w.adder.Add(ctx, key, value, ttl)
	}
	defer lock(key).Unlock()
	old, err := w.Get(ctx, key)
	if err != nil || old != nil {
		return false, err
	}
	if err := w.Set(key, value, ttl); err != nil {
		return false, err
	}
	return true, nil
}

// Count stores the number together with the time at which it expires, because a plain Set would move that time.
func (w wrapped) Count(ctx context.Context, key string, ttl time.Duration) (int64, error) {
	if w.counter != nil {
		return w.counter.Count(ctx, key, ttl)
	}
	defer lock(key).Unlock()
	value, err := w.Get(ctx, key)
	if err != nil {
		return 0, err
	}
	now := time.Now()
	n, end := int64(0), now.Add(ttl)
	if len(value) == 16 {
		if until := time.UnixMilli(int64(binary.BigEndian.Uint64(value))); until.After(now) {
			n, end = int64(binary.BigEndian.Uint64(value[8:])), until
		}
	}
	value = binary.BigEndian.AppendUint64(nil, uint64(end.UnixMilli()))
	value = binary.BigEndian.AppendUint64(value, uint64(n+1))
	if err := w.Set(key, value, end.Sub(now)); err != nil {
		return 0, err
	}
	return n + 1, nil
}
