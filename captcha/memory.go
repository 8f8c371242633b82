package captcha

import (
	"context"
	"errors"
	"sync"
	"time"
)

// memoryEntries bounds the default storage. An entry with a sealed key takes about 200 bytes, so this is some 100 MB at
// the very most. Only submissions whose key was really issued make an entry: with the default Expiration it takes over
// 800 of them a second, without a pause, to fill it.
const memoryEntries = 1 << 19

var errMemoryFull = errors.New("the default memory storage is full")

// memory is the storage of a guard that was given none: bounded, in this process alone. When it is full it refuses new
// entries until old ones are dropped. It evicts nothing, for a spent key that is forgotten could be used again.
//
// Entries are kept by generation, and a generation is dropped whole: when it is over, every entry has been kept for one
// life at least and two at most. That is exact enough, for each challenge says itself when it expires.
type memory struct {
	limit int
	life  time.Duration
	now   func() time.Time

	mu                sync.Mutex
	current, previous map[string][]byte
	turned            time.Time // when current was begun
}

func newMemory(limit int, life time.Duration, now func() time.Time) *memory {
	return &memory{limit: limit, life: life, now: now, current: make(map[string][]byte), turned: now()}
}

func (m *memory) Get(key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.get(key), nil
}

func (m *memory) Take(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value := m.get(key)
	delete(m.current, key)
	delete(m.previous, key)
	return value, nil
}

func (m *memory) Add(_ context.Context, key string, value []byte, _ time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.get(key) != nil:
		return false, nil
	case len(m.current)+len(m.previous) >= m.limit:
		return false, errMemoryFull
	}
	m.current[key] = value
	return true, nil
}

func (m *memory) get(key string) []byte {
	for m.now().Sub(m.turned) >= m.life {
		m.previous, m.current = m.current, make(map[string][]byte)
		m.turned = m.turned.Add(m.life)
		if len(m.previous) == 0 {
			m.turned = m.now() // both are empty: nothing to wait for
		}
	}
	if value := m.current[key]; value != nil {
		return value
	}
	return m.previous[key]
}
