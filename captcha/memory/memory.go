// Package memory is a storage for one process. It is bounded: when it is full, it refuses new entries instead of
// forgetting old ones.
package memory

import (
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Config holds the bounds of a memory.
type Config struct {
	// Entries is the greatest number of entries.
	//
	// Optional. Default: 1,000,000. A million spent keys of 77 bytes take about 225 MB of heap (BenchmarkAdd).
	Entries int

	// Bytes is the greatest sum of the lengths of keys and values.
	//
	// Optional. Default: 256 MiB
	Bytes int

	// Now tells the time. A test replaces it.
	//
	// Optional. Default: time.Now
	Now func() time.Time
}

// ConfigDefault has the value of every field that is left at zero.
var ConfigDefault = Config{Entries: 1_000_000, Bytes: 256 << 20, Now: time.Now}

// The errors of a memory.
var (
	// ErrFull says that there is no room for another entry until one expires or is deleted.
	ErrFull = errors.New("the memory is full")
	// ErrClosed says that the memory was used after Close.
	ErrClosed = errors.New("the memory is closed")
	// ErrEmpty refuses an Add without a key or a value. If Add ignored them, as Set does, it would look as if the key were
	// there already.
	ErrEmpty = errors.New("key and value must not be empty")
	// ErrTTL refuses a time to live below zero.
	ErrTTL = errors.New("time to live must be 0 (no expiry) or more")
)

// Memory keeps entries in this process. The number of entries and the bytes of their keys and values are bounded, and
// an entry for which there is no room is refused.
//
// It is written by hand because cache libraries do not refuse entries: they evict others. A wrapper around ttlcache
// would need a second lock, because ttlcache's Len and Set are two steps.
//
// It is a fiber.Storage with Take, Add and Count, and safe for concurrent use. Keys and values are copied on the way
// in, and values on the way out, so that what Fiber lends for the time of a request may be passed. As Fiber asks of a
// storage, Get of an absent key returns nil, nil; Set with an empty key or value does nothing; and an entry with a ttl
// of 0 never expires. A negative ttl is an error.
type Memory struct {
	cfg   Config
	start time.Time // times of expiry count from here, on the monotonic clock

	mu      sync.Mutex
	entries map[string]*entry
	expiry  expiryHeap
	bytes   int
	sweeper *time.Timer // fires when the next entry has expired; nil before there is one
	closed  bool
}

type entry struct {
	key     string
	value   []byte
	expires time.Duration // since Memory.start; 0 means never
	place   int           // in Memory.expiry
}

// New returns an empty memory.
func New(config ...Config) *Memory {
	cfg := Config{}
	if len(config) > 0 {
		cfg = config[0]
	}
	if cfg.Entries <= 0 {
		cfg.Entries = ConfigDefault.Entries
	}
	if cfg.Bytes <= 0 {
		cfg.Bytes = ConfigDefault.Bytes
	}
	if cfg.Now == nil {
		cfg.Now = ConfigDefault.Now
	}
	return &Memory{cfg: cfg, start: cfg.Now(), entries: make(map[string]*entry)}
}

// Get returns a copy of the value of key, or nil if it is absent or expired.
func (m *Memory) Get(key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	e := m.live(key)
	if e == nil {
		return nil, nil
	}
	return append([]byte(nil), e.value...), nil
}

// Set sets key to a copy of value for ttl, or for good if ttl is 0. It returns [ErrFull] if there is no room.
func (m *Memory) Set(key string, value []byte, ttl time.Duration) error {
	if key == "" || len(value) == 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.set(key, value, ttl)
}

// Delete removes key. It is not an error if key is absent.
func (m *Memory) Delete(key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	if e := m.entries[key]; e != nil {
		m.remove(e)
	}
	return nil
}

// Reset removes every entry.
func (m *Memory) Reset() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	m.clear()
	return nil
}

// Close removes every entry and stops the sweeper. Afterwards every call except Close returns [ErrClosed].
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.clear()
	return nil
}

// Take returns the value of key and removes key, or returns nil if key is absent or expired.
func (m *Memory) Take(ctx context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return nil, err
	}
	e := m.live(key)
	if e == nil {
		return nil, nil
	}
	m.remove(e)
	return e.value, nil
}

// Add sets key to a copy of value for ttl if key is absent or expired, and says whether it did. It returns [ErrFull] if
// there is no room.
func (m *Memory) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if key == "" || len(value) == 0 {
		return false, ErrEmpty
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return false, err
	}
	if ttl >= 0 && m.live(key) != nil {
		return false, nil
	}
	if err := m.set(key, value, ttl); err != nil {
		return false, err
	}
	return true, nil
}

// Count adds one to the count under key and returns the new count. The count expires a ttl after its first call. Count
// returns [ErrFull] if there is no room for a new count.
func (m *Memory) Count(ctx context.Context, key string, ttl time.Duration) (int64, error) {
	if key == "" {
		return 0, ErrEmpty
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return 0, err
	}
	e := m.live(key)
	if e == nil {
		return 1, m.set(key, binary.BigEndian.AppendUint64(nil, 1), ttl)
	}
	if len(e.value) != 8 {
		return 0, fmt.Errorf("the value under %q is not a count", key)
	}
	n := binary.BigEndian.Uint64(e.value) + 1
	binary.BigEndian.PutUint64(e.value, n)
	return int64(n), nil
}

// Ping returns nil unless the memory is closed or ctx is done.
func (m *Memory) Ping(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.usable(ctx)
}

// Len returns the number of entries, for a gauge. It can include some that have only just expired.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.entries)
}

func (m *Memory) usable(ctx context.Context) error {
	if m.closed {
		return ErrClosed
	}
	return ctx.Err()
}

// now is never 0, which stands for "never" in an entry.
func (m *Memory) now() time.Duration { return m.cfg.Now().Sub(m.start) + 1 }

// live finds key unless it has expired. For a reader an entry is gone when it expires, not when it is swept.
func (m *Memory) live(key string) *entry {
	e := m.entries[key]
	if e == nil || e.expires != 0 && e.expires <= m.now() {
		return nil
	}
	return e
}

// set is the part of Set and Add below the lock.
func (m *Memory) set(key string, value []byte, ttl time.Duration) error {
	switch {
	case m.closed:
		return ErrClosed
	case ttl < 0:
		return ErrTTL
	}
	m.removeExpired()
	old := m.entries[key]
	entries, bytes := len(m.entries)+1, m.bytes+len(key)+len(value)
	if old != nil {
		entries, bytes = entries-1, bytes-old.size()
	}
	if entries > m.cfg.Entries || bytes > m.cfg.Bytes {
		return fmt.Errorf("%w: %d of %d entries, %d of %d bytes", ErrFull, len(m.entries), m.cfg.Entries, m.bytes, m.cfg.Bytes)
	}
	if old != nil {
		m.remove(old)
	}
	m.insert(key, value, ttl)
	return nil
}

// longest is the longest time to live, a century. A longer one is shortened to it, so that the time of expiry does not
// overflow.
const longest = 100 * 365 * 24 * time.Hour

// insert copies key and value: Fiber reuses the memory of both after the request.
func (m *Memory) insert(key string, value []byte, ttl time.Duration) {
	e := &entry{key: strings.Clone(key), value: append([]byte(nil), value...)}
	m.entries[e.key] = e
	m.bytes += e.size()
	if ttl > 0 {
		e.expires = m.now() + min(ttl, longest)
		heap.Push(&m.expiry, e)
		if e.place == 0 {
			m.schedule()
		}
	}
}

func (m *Memory) remove(e *entry) {
	delete(m.entries, e.key)
	m.bytes -= e.size()
	if e.expires != 0 {
		heap.Remove(&m.expiry, e.place)
	}
	if len(m.entries) == 0 {
		m.clear() // a map never shrinks: after a flood its buckets would stay
	}
}

func (m *Memory) clear() {
	m.entries, m.expiry, m.bytes = make(map[string]*entry), nil, 0
	if m.sweeper != nil {
		m.sweeper.Stop()
		m.sweeper = nil
	}
}

func (m *Memory) removeExpired() {
	for now := m.now(); len(m.expiry) > 0 && m.expiry[0].expires <= now; {
		m.remove(m.expiry[0])
	}
}

// sweepPause keeps the sweeper from running for every entry that expires in a flood. For readers the expired entries
// are gone already, and set makes room by itself, so that only freeing idle memory waits for the sweeper.
const sweepPause = time.Second

// schedule sets the sweeper to the next expiry. A timer needs no goroutine, so there is none to leak.
func (m *Memory) schedule() {
	if len(m.expiry) == 0 {
		return
	}
	wait := m.expiry[0].expires - m.now() + sweepPause
	if m.sweeper == nil {
		m.sweeper = time.AfterFunc(wait, m.sweep)
	} else {
		m.sweeper.Reset(wait)
	}
}

func (m *Memory) sweep() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.removeExpired()
	m.schedule()
}

func (e *entry) size() int { return len(e.key) + len(e.value) }

// expiryHeap orders the entries that expire, soonest first. Each knows its place in the heap, so that an entry that is
// taken early can leave it.
type expiryHeap []*entry

func (h expiryHeap) Len() int           { return len(h) }
func (h expiryHeap) Less(i, j int) bool { return h[i].expires < h[j].expires }
func (h expiryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *expiryHeap) Push(x any) {
	e := x.(*entry)
	e.place = len(*h)
	*h = append(*h, e)
}

func (h *expiryHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return e
}
