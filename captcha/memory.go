package captcha

import (
	"container/heap"
	"context"
	"errors"
	"sync"
	"time"
)

// memoryEntries bounds the default storage. An entry with a sealed key's 64 characters takes about 300 bytes, so this is
// some 75 MB at the very most. Only submissions with a key that was really issued make an entry, and only until that key
// would have expired: with the default Expiration it takes 800 of them a second, without a pause, to fill it.
const memoryEntries = 1 << 18

var errMemoryFull = errors.New("the default memory storage is full")

// memory is the storage of a guard that was given none: bounded, in this process alone. When it is full it refuses new
// entries until old ones expire. It evicts nothing, for a spent key that is forgotten could be used again.
type memory struct {
	mu      sync.Mutex
	now     func() time.Time
	limit   int
	entries map[string]memoryEntry
	oldest  expiries
}

type memoryEntry struct {
	value   []byte
	expires time.Time
}

func newMemory(limit int, now func() time.Time) *memory {
	return &memory{now: now, limit: limit, entries: make(map[string]memoryEntry)}
}

func (m *memory) Get(key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	return m.entries[key].value, nil
}

func (m *memory) Take(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	value := m.entries[key].value
	if value != nil {
		// The entry stays as a tombstone until its time, so that the heap needs no search; it holds no value.
		m.entries[key] = memoryEntry{expires: m.entries[key].expires}
	}
	return value, nil
}

func (m *memory) Add(_ context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep()
	if _, ok := m.entries[key]; ok {
		return false, nil
	}
	if len(m.entries) >= m.limit {
		return false, errMemoryFull
	}
	entry := memoryEntry{value: value, expires: m.now().Add(ttl)}
	m.entries[key] = entry
	heap.Push(&m.oldest, expiry{key, entry.expires})
	return true, nil
}

func (m *memory) sweep() {
	for now := m.now(); len(m.oldest) > 0 && !m.oldest[0].at.After(now); {
		delete(m.entries, heap.Pop(&m.oldest).(expiry).key)
	}
}

type expiry struct {
	key string
	at  time.Time
}

// expiries is a heap with the next key to expire on top.
type expiries []expiry

func (e expiries) Len() int           { return len(e) }
func (e expiries) Less(i, j int) bool { return e[i].at.Before(e[j].at) }
func (e expiries) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *expiries) Push(x any)        { *e = append(*e, x.(expiry)) }
func (e *expiries) Pop() any {
	old := *e
	last := old[len(old)-1]
	old[len(old)-1] = expiry{}
	*e = old[:len(old)-1]
	return last
}
