package storage

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	fiberredis "github.com/gofiber/storage/redis/v3"
	"github.com/redis/go-redis/v9"
)

// Redis keeps entries in a Redis server of version 6.2 or newer (for GETDEL), or one that speaks its protocol. Its user
// may be restricted to the prefix's keys and the commands PING, TIME, INFO, GET, SET, DEL, GETDEL, SCAN, UNLINK, EVAL and
// EVALSHA.
//
// What it holds outlives this process, but not a Redis that restarts without its append-only file, nor all of it a
// failover to a replica, which lags behind.
type Redis struct {
	fiber   *fiberredis.Storage
	client  *redis.Client
	prefix  string
	timeout time.Duration
	clock   *serverClock
}

var _ Storage = (*Redis)(nil)

func openRedis(ctx context.Context, u *url.URL, cfg Config) (Storage, error) {
	options, err := redisOptions(u, cfg)
	if err != nil {
		return nil, err
	}
	clock := &serverClock{start: time.Now()}
	options.OnConnect = func(ctx context.Context, conn *redis.Conn) error { return clock.read(ctx, conn) }
	client := redis.NewClient(options)
	// Not fiberredis.New: it panics if the server is not there, and has no setting for time limits or retries.
	r := &Redis{fiberredis.NewFromConnection(client), client, cfg.Prefix, cfg.Timeout, clock}
	if err := r.wait(ctx, options, cfg.Wait); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	r.warnOfEviction(ctx, cfg)
	return r, nil
}

func redisOptions(u *url.URL, cfg Config) (*redis.Options, error) {
	options, err := redis.ParseURL(u.String())
	if err != nil {
		return nil, errors.New("storage URL: " + accepted) // go-redis's own words could hold the password
	}
	// A reply can be lost after the server did the work, so that a second try of GETDEL or SET NX would find its own
	// trace. go-redis tries three times more if it isn't told.
	options.MaxRetries = -1
	options.DialerRetries = 1
	// The deadline of each call's context bounds it as a whole; go-redis ignores it without ContextTimeoutEnabled.
	// These bound what runs on behind a call that has given up.
	options.ContextTimeoutEnabled = true
	options.DialTimeout, options.PoolTimeout = cfg.Timeout, cfg.Timeout
	options.ReadTimeout, options.WriteTimeout = cfg.Timeout, cfg.Timeout
	// RESP3 would bring push messages, RESP2 has all that is used. No pipelines are, so no second pool for them.
	options.Protocol = 2
	options.DisableIdentity = true
	options.PipelinePoolSize = -1
	if options.TLSConfig != nil && cfg.TLS != nil {
		own := cfg.TLS.Clone()
		if own.ServerName == "" {
			own.ServerName = options.TLSConfig.ServerName
		}
		options.TLSConfig = own
	}
	options.Dialer = redis.NewDialer(options)
	return options, nil
}

// retryPause is the time between two looks for a server that is not up yet.
const retryPause = 100 * time.Millisecond

// wait returns once the server does what will be asked of it, or says after the limit why not. It tries a GETDEL and not
// a PING, which a read-only replica and a server without GETDEL would answer too.
func (r *Redis) wait(ctx context.Context, options *redis.Options, limit time.Duration) error {
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := r.tryOnce(ctx, options) // not cut short at the limit: that time ran out would be all it could say
		if err == nil {
			return nil
		}
		select {
		case <-time.After(retryPause):
		case <-waiting.Done():
			if ctx.Err() != nil {
				return fmt.Errorf("waiting for redis at %s: %w", options.Addr, ctx.Err())
			}
			return fmt.Errorf("redis at %s is not usable after %s of waiting: %w", options.Addr, limit, err)
		}
	}
}

// tryOnce dials by itself first, because go-redis logs each failed dial, and a server that is coming up is no news.
func (r *Redis) tryOnce(ctx context.Context, options *redis.Options) error {
	dialling, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	conn, err := options.Dialer(dialling, options.Network, options.Addr)
	if err != nil {
		return err
	}
	_ = conn.Close()
	_, err = r.Take(ctx, "never set")
	return err
}

// warnOfEviction asks for the policy by INFO, which hosted servers allow where they forbid CONFIG. Silence is no proof,
// so a server that doesn't tell is let be.
func (r *Redis) warnOfEviction(ctx context.Context, cfg Config) {
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	info, err := r.client.Info(ctx, "memory").Result()
	if err != nil {
		return
	}
	_, after, found := strings.Cut(info, "maxmemory_policy:")
	policy, _, _ := strings.Cut(after, "\r\n")
	if found && policy != "noeviction" {
		cfg.Logger.Warn("redis may evict keys when its memory is full, and then a used captcha is accepted again: set maxmemory-policy noeviction",
			"maxmemory_policy", policy)
	}
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

// Delete removes key; it is no error if it is absent.
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
	for cursor := uint64(0); ; {
		next, err := r.resetStep(cursor)
		if err != nil {
			return failed("reset", err)
		}
		if next == 0 {
			return nil
		}
		cursor = next
	}
}

func (r *Redis) resetStep(cursor uint64) (next uint64, err error) {
	ctx, cancel := r.bounded(context.Background())
	defer cancel()
	keys, next, err := r.client.Scan(ctx, cursor, globEscaper.Replace(r.prefix)+"*", resetBatch).Result()
	if err != nil || len(keys) == 0 {
		return next, err
	}
	return next, r.client.Unlink(ctx, keys...).Err()
}

// globEscaper makes SCAN take a prefix by the letter.
var globEscaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

// Close closes the connections.
func (r *Redis) Close() error {
	return failed("close", r.fiber.Close())
}

// Take returns the value of key and removes it, or nil if it is absent or expired.
func (r *Redis) Take(ctx context.Context, key string) ([]byte, error) {
	if key == "" {
		return nil, ctx.Err()
	}
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	value, err := r.run(ctx, takeScript, key).Text()
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
	err := r.run(ctx, addScript, key, value, wholeMilliseconds(ttl).Milliseconds()).Err()
	return err == nil, failed("add", unlessAbsent(err))
}

// Ping returns nil if the server answers and is not still loading its data.
func (r *Redis) Ping(ctx context.Context) error {
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	return failed("ping", r.client.Ping(ctx).Err())
}

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

// wholeMilliseconds rounds up, since go-redis cuts off what Redis can't count: the mark of a spent key that goes a part
// of a millisecond before the key expires would let it be spent again.
func wholeMilliseconds(ttl time.Duration) time.Duration {
	return (ttl + time.Millisecond - 1).Truncate(time.Millisecond)
}
