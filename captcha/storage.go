package captcha

import (
	"context"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
)

// A storage's error may have a method Unconfirmed() bool. If it returns true, the step was done, but a failover could
// undo it. The submission is then not accepted, though its answer may be used up.

// Taker is what a storage adds to fiber.Storage to make stored challenges single use on any number of replicas.
type Taker interface {
	// Take returns the value under key and removes it, in one step: of any number of concurrent callers, in any
	// number of processes, at most one gets the value. An absent or expired key is nil and no error.
	Take(ctx context.Context, key string) ([]byte, error)
}

// Adder is what a storage adds to fiber.Storage to make sealed challenges single use on any number of replicas.
type Adder interface {
	// Add sets key only if it is absent or expired, and reports whether it did: of any number of concurrent callers at
	// most one is told true. With a ttl of zero the key never expires. A storage that is full returns an error; it must
	// not make room by forgetting other keys, because a forgotten key could be used again.
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error)
}

// Counter is what a storage adds to fiber.Storage to count failures on any number of replicas.
type Counter interface {
	// Count adds one to the count under key and returns the new count: of any number of concurrent callers, no two get the
	// same number. The count expires a ttl after its first call; later calls do not make it live longer.
	Count(ctx context.Context, key string, ttl time.Duration) (n int64, err error)
}

// memoryEntries bounds the default storage. An entry with a sealed key takes about 225 bytes, so this is some 120 MB at
// the very most. Only submissions whose key was really issued make an entry: with the default Expiration it takes over
// 1,700 of them a second, without a pause, to fill it.
const memoryEntries = 1 << 19

// newStorage returns the storage as the keepers see it, and warns of promises that it can't hold.
func (cfg Config) newStorage() keep.Storage {
	if cfg.Storage == nil {
		return keep.Wrap(memory.New(memory.Config{Entries: memoryEntries, Now: cfg.Now}))
	}
	var steps []string
	if cfg.Stored {
		steps = append(steps, "Take")
	}
	if !cfg.Stored || cfg.Receipts > 0 {
		steps = append(steps, "Add")
	}
	if lacks := keep.Lacks(cfg.Storage, steps...); len(lacks) > 0 {
		cfg.Logger.Warn("captcha: the storage lacks an atomic step, so an answer may be accepted once by each process that shares it; "+
			"set Config.Storage to one that has the step", "storage", typeName(cfg.Storage), "step", strings.Join(lacks, " and "))
	}
	return keep.Wrap(cfg.Storage)
}

var _ keep.Plain = fiber.Storage(nil)
