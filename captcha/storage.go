package captcha

import (
	"context"
	"hash/maphash"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Taker is what a storage adds to fiber.Storage to make stored challenges single use on any number of replicas.
type Taker interface {
	// Take returns the value under key and removes it, in one step: of any number of concurrent callers, in any
	// number of processes, at most one gets the value. An absent or expired key is nil and no error.
	Take(ctx context.Context, key string) ([]byte, error)
}

// Adder is what a storage adds to fiber.Storage to make sealed challenges single use on any number of replicas.
type Adder interface {
	// Add sets key only if it is absent or expired, and reports whether it did: of any number of concurrent callers
	// at most one is told true. A ttl of zero never expires. A storage that is full returns an error; it must not
	// make room by forgetting other keys, for a forgotten key could be used again.
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error)
}

// atomicStorage is the storage as the keepers see it.
type atomicStorage interface {
	Get(key string) ([]byte, error)
	Taker
	Adder
}

// local gives a plain fiber.Storage the two atomic steps, under locks that hold for this process alone.
type local struct{ fiber.Storage }

// The locks are the process's, not a guard's: several guards may share a storage and accept each other's challenges.
var (
	locks    [64]sync.Mutex // by key, so that a slow storage does not serve one visitor at a time
	lockSeed = maphash.MakeSeed()
)

func lock(key string) *sync.Mutex {
	m := &locks[maphash.String(lockSeed, key)%uint64(len(locks))]
	m.Lock()
	return m
}

func (l local) Take(ctx context.Context, key string) ([]byte, error) {
	if taker, ok := l.Storage.(Taker); ok {
		return taker.Take(ctx, key)
	}
	defer lock(key).Unlock()
	value, err := l.Get(key)
	if err != nil || value == nil {
		return nil, err
	}
	// A value that could not be removed was not taken: the next caller would get it too.
	if err := l.Delete(key); err != nil {
		return nil, err
	}
	return value, nil
}

func (l local) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if adder, ok := l.Storage.(Adder); ok {
		return adder.Add(ctx, key, value, ttl)
	}
	defer lock(key).Unlock()
	old, err := l.Get(key)
	if err != nil || old != nil {
		return false, err
	}
	if err := l.Set(key, value, ttl); err != nil {
		return false, err
	}
	return true, nil
}
