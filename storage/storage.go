// Package storage opens the place where an app keeps challenges, spent keys and its own records, by a URL: in memory
// for one process, in Redis for any number of them.
//
// Both are a [fiber.Storage], so that they fit every Fiber middleware, and add the two steps that it lacks: Take, which
// returns a value and removes it at once, and Add, which sets a value only if its key is absent. Without these, two
// processes that ask and then write can both believe that they were first.
//
// # Absent is not broken
//
// A key that is absent or expired is nil without an error. A storage that is unreachable, frozen, full, still loading
// or read-only is an error, from every method, within [Config.Timeout]. No method guesses.
//
// A reply can be lost after the server did the work, so nothing is tried twice here: a second Take would find the value
// gone, a second Add its own entry, and each would report "somebody else was first" to the one who was. After an error,
// treat the step as not done. It was not, if the server was away, frozen or slow: a Take or Add that it comes to after
// its caller gave up does nothing. Only if the connection broke between the work and its reply was it done. A Set or
// Delete that failed may still be carried out later.
//
// # Full
//
// Nothing is ever evicted to make room: an evicted mark of a spent key lets that key be spent again, and an evicted
// account is lost. A full memory answers [ErrFull]; Redis does the same if its maxmemory-policy is noeviction, and Open
// logs a warning if it is not.
package storage

import (
	"context"
	"crypto/tls"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
)

// Storage is a [fiber.Storage] with two atomic steps and a health check. It is safe for concurrent use. Values that go
// in and come out are copies, and so are keys: what Fiber lends for the time of a request may be passed.
//
// As Fiber has it, Get of an absent key is nil, nil; Set with an empty key or value does nothing; a ttl of 0 means that
// the entry never expires. A negative ttl is an error.
type Storage interface {
	fiber.Storage

	// Take returns the value of key and removes it in one step: of any number of concurrent callers, in any number of
	// processes, one gets it. Absent or expired is nil, nil.
	Take(ctx context.Context, key string) ([]byte, error)

	// Add sets key to value for ttl, only if key is absent, and says whether it did: of any number of concurrent
	// callers, in any number of processes, one gets true. An empty key or value is an error.
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error)

	// Count adds one under key and returns how many were added since the first, which lives ttl: of any number of
	// concurrent callers, in any number of processes, no two get the same number.
	Count(ctx context.Context, key string, ttl time.Duration) (n int64, err error)

	// Ping returns nil if the storage answers.
	Ping(ctx context.Context) error
}

// Errors of every storage. Redis's own failures are wrapped and keep the server's words.
var (
	// ErrFull says that the memory has no room for another entry until one expires or is deleted.
	ErrFull = memory.ErrFull
	// ErrClosed says that the memory was used after Close.
	ErrClosed = memory.ErrClosed
	// ErrEmpty refuses an Add without a key or a value: ignored, as in Set, it would look like a key already there.
	ErrEmpty = memory.ErrEmpty
	// ErrTTL refuses a time to live below zero. Redis would read some of these as "keep the old one".
	ErrTTL = memory.ErrTTL
)

var _ Storage = (*memory.Memory)(nil)

// Config holds what the URL does not say.
type Config struct {
	// Prefix stands before every key in Redis, so that several programs can share a database. Reset deletes the keys
	// below it and no others.
	//
	// Optional. Default: "fibercaptcha:"
	Prefix string

	// Timeout bounds each call to Redis as a whole: waiting for a connection, dialling, writing and reading.
	//
	// Optional. Default: 1 second
	Timeout time.Duration

	// Wait is how long Open waits for a Redis that is still coming up. A last look may take Timeout longer.
	//
	// Optional. Default: 10 seconds
	Wait time.Duration

	// TLS is used for rediss://, for a private authority or a client certificate.
	//
	// Optional. Default: the system's authorities, TLS 1.2 or newer
	TLS *tls.Config

	// Logger gets a warning if Redis is set up to evict keys.
	//
	// Optional. Default: slog.Default()
	Logger *slog.Logger
}

// ConfigDefault is the config for every field left at zero.
var ConfigDefault = Config{
	Prefix:  "fibercaptcha:",
	Timeout: time.Second,
	Wait:    10 * time.Second,
}

func withDefaults(config []Config) Config {
	cfg := ConfigDefault
	if len(config) > 0 {
		cfg = config[0]
	}
	if cfg.Prefix == "" {
		cfg.Prefix = ConfigDefault.Prefix
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = ConfigDefault.Timeout
	}
	if cfg.Wait <= 0 {
		cfg.Wait = ConfigDefault.Wait
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return cfg
}

// Open opens the storage that rawURL names:
//
//	memory://                                       1,000,000 entries, 256 MiB of keys and values
//	memory://?entries=50000&bytes=16777216          these limits instead
//	redis://[[user]:password@]host[:port][/database]    port 6379, database 0; ?pool_size=N connections, default 10 a CPU
//	rediss://...                                    the same over TLS
//
// A URL that does not parse is an error at once that says what was wrong and what is accepted; it never holds the
// password. A Redis that does not answer is asked again until [Config.Wait] is over or ctx is done.
func Open(ctx context.Context, rawURL string, config ...Config) (Storage, error) {
	cfg := withDefaults(config)
	u, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "memory" {
		return memory.New(memory.Config{Entries: number(u, "entries"), Bytes: number(u, "bytes")}), nil
	}
	return openRedis(ctx, u, cfg)
}
