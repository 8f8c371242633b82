package storage

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	fiberredis "github.com/gofiber/storage/redis/v3"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/singleflight"
)

// Redis keeps entries in one Redis server, in the master that sentinels name, or in a cluster, of version 6.2 or newer
// (for GETDEL), or in servers that speak its protocol, as Valkey's do. Its user may be restricted to keys with the
// prefix and to these commands:
//
//	GET SET DEL GETDEL INCR PEXPIRE SCAN UNLINK EVAL TIME INFO
//	WAIT                            with [Config.Confirm]
//	PTTL                            on servers that refuse scripts
//	CLUSTER|SLOTS COMMAND ASKING    in a cluster
//
// # Servers that refuse scripts
//
// Take, Add and Count are scripts. They ask for the server's own TIME, and do nothing if their caller has given up by
// then. Some hosted servers refuse TIME in a script, or all scripts. Open finds that out, logs it, and uses plain
// commands from then on, which are just as atomic. Two things are lost. If the server was frozen or the connection
// slow, a call may be carried out after its caller has given up: a visitor who was told that nothing was used up then
// finds the challenge used. And if a process ends between the two commands of a Count, that count does not expire until
// the next Count of its key sets its time to live.
type Redis struct {
	fiber   *fiberredis.Storage // over client, for the calls of a fiber.Storage, which it serves well
	client  redis.UniversalClient
	name    string // for messages, without a password
	addrs   []string
	dialer  func(ctx context.Context, network, address string) (net.Conn, error)
	prefix  string
	timeout time.Duration
	confirm int
	logger  *slog.Logger

	clocks sync.Map    // *serverClock by the server's address
	plain  atomic.Bool // scripts are refused

	probing singleflight.Group
	tags    sync.Map // the tag that makes a probe's key fall to a master, by the master's address
	unwell  atomic.Bool
	skew    atomic.Int64
	apart   atomic.Bool // a warning about the skew was logged
	room    atomic.Int64
}

var _ Storage = (*Redis)(nil)

func openRedis(ctx context.Context, u *url.URL, cfg Config) (Storage, error) {
	where, err := parseRedis(u)
	if err != nil {
		return nil, err
	}
	options := where.options(cfg)
	client := redis.NewUniversalClient(options)
	r := &Redis{
		// Not fiberredis.New: it panics if the server is not there, and has no setting for time limits or retries.
		fiber: fiberredis.NewFromConnection(client), client: client, name: where.name(), addrs: where.Addrs,
		dialer: redis.NewDialer(&redis.Options{DialTimeout: cfg.Timeout, TLSConfig: options.TLSConfig}),
		prefix: cfg.Prefix, timeout: cfg.Timeout, confirm: cmp.Or(where.confirm, cfg.Confirm), logger: cfg.Logger,
	}
	switch client := client.(type) {
	case *redis.ClusterClient:
		client.OnNewNode(r.meet)
	case *redis.Client:
		r.meet(client)
	}
	if err := r.wait(ctx, cfg.Wait); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	r.readMemory(ctx)
	return r, nil
}

// options returns what go-redis needs to know.
func (a address) options(cfg Config) *redis.UniversalOptions {
	o := a.UniversalOptions
	// A reply can be lost after the server did the work, and a second GETDEL or SET NX would then find the trace of the
	// first. go-redis tries three more times unless it is told not to. In a cluster it still repeats a GET, SET or DEL.
	o.MaxRetries = -1
	o.DialerRetries = 1
	// The deadline of each call's context bounds it as a whole; go-redis ignores it without ContextTimeoutEnabled. These
	// bound what still runs after a call has given up.
	o.ContextTimeoutEnabled = true
	o.DialTimeout, o.PoolTimeout = cfg.Timeout, cfg.Timeout
	o.ReadTimeout, o.WriteTimeout = cfg.Timeout, cfg.Timeout
	// RESP3 would bring push messages; RESP2 has all that is needed. Pipelines have two commands, for which the one pool
	// is enough.
	o.Protocol = 2
	o.DisableIdentity = true
	o.PipelinePoolSize = -1
	if a.tls {
		// Without a ServerName each connection asks for a certificate of the host that it goes to.
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		if cfg.TLS != nil {
			o.TLSConfig = cfg.TLS.Clone()
		}
	}
	return &o
}

// Get returns the value of key, or nil if it is absent or expired.
func (r *Redis) Get(key string) ([]byte, error) {
	if key == "" {
		return nil, nil
	}
	ctx, cancel := r.bounded(context.Background())
	defer cancel()
	value, err := r.fiber.GetWithContext(ctx, r.prefix+key)
	return value, failed("get", err)
}

// Set sets key to value for ttl, or for good if ttl is 0.
func (r *Redis) Set(key string, value []byte, ttl time.Duration) error {
	if key == "" || len(value) == 0 {
		return nil
	}
	if ttl < 0 {
		return ErrTTL
	}
	ctx, cancel := r.bounded(context.Background())
	defer cancel()
	return failed("set", r.fiber.SetWithContext(ctx, r.prefix+key, value, wholeMilliseconds(ttl)))
}

// Delete removes key. It is not an error if key is absent.
func (r *Redis) Delete(key string) error {
	if key == "" {
		return nil
	}
	ctx, cancel := r.bounded(context.Background())
	defer cancel()
	return failed("delete", r.fiber.DeleteWithContext(ctx, r.prefix+key))
}

// resetBatch is how many keys Reset asks for at a time: few enough not to hold up the server's other clients.
const resetBatch = 1000

// Reset removes every key below the prefix, in steps, and leaves the rest of the database alone. Keys that are set
// meanwhile may stay.
func (r *Redis) Reset() error {
	return failed("reset", r.eachMaster(context.Background(), r.resetOn))
}

func (r *Redis) resetOn(ctx context.Context, node *redis.Client) error {
	for cursor := uint64(0); ; {
		next, err := r.resetStep(ctx, node, cursor)
		if err != nil || next == 0 {
			return err
		}
		cursor = next
	}
}

// resetStep removes the keys one by one, because in a cluster all keys of a command must be in one slot.
func (r *Redis) resetStep(ctx context.Context, node *redis.Client, cursor uint64) (next uint64, err error) {
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	keys, next, err := node.Scan(ctx, cursor, globEscaper.Replace(r.prefix)+"*", resetBatch).Result()
	if err != nil || len(keys) == 0 {
		return next, err
	}
	_, err = r.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, key := range keys {
			pipe.Unlink(ctx, key)
		}
		return nil
	})
	return next, err
}

// globEscaper makes SCAN take a prefix literally.
var globEscaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

// Close closes the connections.
func (r *Redis) Close() error {
	return failed("close", r.fiber.Close())
}

// Take returns the value of key and removes key, or returns nil if key is absent or expired.
func (r *Redis) Take(ctx context.Context, key string) ([]byte, error) {
	if key == "" {
		return nil, ctx.Err()
	}
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	replies, err := r.do(ctx, key, takeStep)
	if err != nil {
		return nil, failed("take", err)
	}
	value, err := replies[0].Text()
	if err != nil {
		return nil, failed("take", unlessAbsent(err))
	}
	return []byte(value), nil
}

// Add sets key to value for ttl if key is absent or expired, and says whether it did.
func (r *Redis) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	switch {
	case key == "" || len(value) == 0:
		return false, ErrEmpty
	case ttl < 0:
		return false, ErrTTL
	}
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	replies, err := r.do(ctx, key, addStep, value, wholeMilliseconds(ttl).Milliseconds())
	if err != nil {
		return false, failed("add", err)
	}
	return replies[0].Err() == nil, nil
}

// Count adds one to the count under key and returns the new count. The first call makes the count live for ttl, or for
// good if ttl is 0; later calls don't prolong it.
func (r *Redis) Count(ctx context.Context, key string, ttl time.Duration) (int64, error) {
	switch {
	case key == "":
		return 0, ErrEmpty
	case ttl < 0:
		return 0, ErrTTL
	}
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	lives := wholeMilliseconds(ttl).Milliseconds()
	replies, err := r.do(ctx, key, countStep, lives)
	if err != nil {
		return 0, failed("count", err)
	}
	if len(replies) > 1 && lives > 0 {
		if left, err := replies[1].Int(); err == nil && left == noExpiry {
			if _, err := r.do(ctx, key, expireStep, lives); err != nil {
				return 0, failed("count", err)
			}
		}
	}
	n, err := replies[0].Int64()
	return n, failed("count", err)
}

// noExpiry is what PTTL says of a key that lives for good.
const noExpiry = -1

func (r *Redis) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, r.timeout)
}

// unlessAbsent turns the reply "nothing there", or "nothing done" of a SET NX, into no error.
func unlessAbsent(err error) error {
	if errors.Is(err, redis.Nil) {
		return nil
	}
	return err
}

func failed(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("redis %s: %w", what, err)
}

// wholeMilliseconds rounds up, because go-redis cuts off the fractions that Redis can't count. If the mark of a spent
// key expired a fraction of a millisecond before the key does, the key could be spent again.
func wholeMilliseconds(ttl time.Duration) time.Duration {
	return (ttl + time.Millisecond - 1).Truncate(time.Millisecond)
}
