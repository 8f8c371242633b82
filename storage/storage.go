// Package storage opens, by a URL, the place where an app keeps challenges, spent keys and its own records: in memory
// for one process, or in Redis for any number of them.
//
// Both are a [fiber.Storage], so that they fit every Fiber middleware. They add three atomic steps that a fiber.Storage
// lacks: Take returns a value and removes it, Add sets a value only if its key is absent, and Count adds one to a
// count. Without such steps, two processes that first ask and then write can both believe that they were first.
//
// # Absent is not broken
//
// A key that is absent or expired is nil without an error. A storage that is unreachable, frozen, full, still loading
// or read-only is an error, from every method, within [Config.Timeout]. No method guesses.
//
// A reply can be lost after the server did the work, so nothing is tried twice here. A second Take would find the value
// gone, a second Add would find the first one's entry, and each would report "somebody else was first" to the caller
// who was.
//
// After an error, treat the step as not done. It was indeed not done if the server was down, frozen or slow: the server
// skips a Take, Add or Count whose caller has given up. It was done if the connection broke between the work and its
// reply, or if the replicas did not confirm it. A Set or Delete that failed may still be carried out later, and in a
// cluster may have been tried more than once, which does no harm.
//
// # Full
//
// Nothing is ever evicted to make room: an evicted mark of a spent key lets that key be spent again, and an evicted
// account is lost. A full memory returns [ErrFull]. Redis also returns an error if its maxmemory-policy is noeviction;
// Open logs a warning if it has another policy.
//
// # What a Redis forgets
//
// If a Redis comes back in an older state, or a replica in an older state is promoted, it has forgotten what was added
// and taken since. A used challenge can then be used again until it expires. How much is lost depends on how the
// servers are set up:
//
//   - With snapshots alone (save), everything since the last one is lost when the process or the machine dies.
//   - With appendonly yes and appendfsync everysec, up to about a second of writes is lost when the machine dies, or
//     when the process dies while the disk is busy.
//   - With appendonly yes and appendfsync always, nothing is lost that was answered: each write is on the disk before
//     its reply. That costs each submission one fsync, which concurrent ones share. Set it on replicas as well: any of
//     them may be promoted and later restart.
//   - None of these settings helps in a failover. Replication is asynchronous, and a replica is promoted with what it
//     has. While all is well, that lacks the last fraction of a second; after the link to the master broke, it lacks
//     everything since.
//
// [Config.Confirm] is for failovers. Each Add, Take and Count that wrote something is then followed, on the same
// connection, by a WAIT for that many replicas. If they do not confirm the step in time, it is an error, and the
// submission gets a 503. The step was nevertheless done on the master, so the challenge may be used up. Each step takes
// longer by a round trip to a replica, and the replicas have to be up: while fewer than Confirm are connected, every
// step fails, Ping says so, and Open refuses to start. So have at least one replica more than Confirm.
//
// Confirm promises that this many replicas know of a step that succeeded, so that a failover to one of them does not
// lose it. If Confirm is the number of a master's replicas, all of them know. If it is less, the election decides which
// replica is promoted: of the replicas that it reaches, it prefers the one that is furthest along, unless their
// priorities differ. So give all of them the same replica-priority.
//
// There are three cases in which no setting here helps. If a master and its replicas lose power together, they may come
// back in an older state, unless all of them have appendfsync always: replicas confirm that a write is in their memory,
// not that it is on their disks. A failover may undo a Set, because a WAIT follows only Add, Take and Count. And an
// operator may restore a backup, empty the database, or promote by hand a replica that lags behind.
package storage

import (
	"context"
	"crypto/tls"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
)

// Storage is a [fiber.Storage] with atomic steps and a health check. It is safe for concurrent use. Keys and values are
// copied on the way in, and values on the way out, so that what Fiber lends for the time of a request may be passed.
//
// As Fiber asks of a storage, Get of an absent key returns nil, nil; Set with an empty key or value does nothing; and
// an entry with a ttl of 0 never expires. A negative ttl is an error.
type Storage interface {
	fiber.Storage

	// Take returns the value of key and removes key in one step: of any number of concurrent callers, in any number of
	// processes, one gets the value. For an absent or expired key it returns nil, nil.
	Take(ctx context.Context, key string) ([]byte, error)

	// Add sets key to value for ttl, only if key is absent, and says whether it did: of any number of concurrent
	// callers, in any number of processes, one gets true. An empty key or value is an error.
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error)

	// Count adds one to the count under key and returns the new count: of any number of concurrent callers, in any number
	// of processes, no two get the same number. The count expires a ttl after its first call.
	Count(ctx context.Context, key string, ttl time.Duration) (n int64, err error)

	// Ping returns nil if the storage answers.
	Ping(ctx context.Context) error
}

// The errors of both storages. Failures of Redis are wrapped and keep the server's words.
var (
	// ErrFull says that the memory has no room for another entry until one expires or is deleted.
	ErrFull = memory.ErrFull
	// ErrClosed says that the memory was used after Close.
	ErrClosed = memory.ErrClosed
	// ErrEmpty refuses an Add without a key or a value. If Add ignored them, as Set does, it would look as if the key were
	// there already.
	ErrEmpty = memory.ErrEmpty
	// ErrTTL refuses a time to live below zero. Redis would take some of them to mean "keep the old one".
	ErrTTL = memory.ErrTTL
)

var _ Storage = (*memory.Memory)(nil)

// Config holds what the URL does not say.
type Config struct {
	// Prefix is put before every key in Redis, so that several programs can share a database. Reset deletes the keys with
	// the prefix and no others. In a cluster a part in braces, as in "{app}:", puts all keys on one master.
	//
	// Optional. Default: "fibercaptcha:"
	Prefix string

	// Timeout bounds each call to Redis as a whole: waiting for a connection, dialling, writing and reading.
	//
	// Optional. Default: 1 second
	Timeout time.Duration

	// Wait is how long Open waits for a Redis that is still coming up. The last try may take up to a Timeout longer.
	//
	// Optional. Default: 10 seconds
	Wait time.Duration

	// Confirm is how many replicas must have what an Add, a Take or a Count wrote before the step counts as done: see
	// "What a Redis forgets" above. The URL's confirm=N overrides it. It has no effect in memory.
	//
	// Optional. Default: 0
	Confirm int

	// TLS is used with rediss:// and valkeys://, for servers and sentinels alike. Set it for a private certificate
	// authority or a client certificate. Set its ServerName if the certificates are for one name and the nodes are known
	// by others, as in a cluster whose nodes announce addresses.
	//
	// Optional. Default: the system's authorities, TLS 1.2 or newer
	TLS *tls.Config

	// Logger gets a warning if Redis is set up to evict keys, refuses scripts or has a clock that is off, the cause
	// when Ping begins to fail, and a line when it works again.
	//
	// Optional. Default: slog.Default()
	Logger *slog.Logger
}

// ConfigDefault has the value of every field that is left at zero.
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
//	memory://                                           1,000,000 entries, 256 MiB of keys and values
//	memory://?entries=50000&bytes=16777216              these limits instead
//	redis://[[user]:password@]host[:port][/database]    one server; port 6379, database 0
//	unix://[[user]:password@]/path/of/socket[?db=N]     one server, over its socket
//	redis://host:port?addr=host2:port2&addr=...         a cluster, by some of its nodes
//	redis://host:port?cluster=true                      a cluster, by one address that stands for it
//	redis://host:port?master_name=NAME&addr=...         the master that sentinels name, by the sentinels; port 26379
//
// valkey:// is the same as redis://, and rediss:// and valkeys:// are the same over TLS, to sentinels and to every
// node. Further parameters are pool_size=N, the number of connections to each server (default: 10 for each CPU), and
// confirm=N, for [Config.Confirm].
//
// A user and a password before the host are always those of the Redis servers that keep the data, of all nodes of a
// cluster and of whichever master sentinels name. Sentinels get sentinel_username and sentinel_password, or no password
// if these are missing. (go-redis reads a sentinel URL the other way around: its user and password are the sentinels'.)
//
// A URL that does not parse is an error at once that says what was wrong and what is accepted; it never holds the
// password. A URL that does not fit the servers that answer is such an error too, as when a single server's URL leads
// to a node of a cluster. A Redis that does not answer, or does not do what a request needs (an Add and a Take, with
// their confirmations), is tried again until [Config.Wait] is over or ctx is done.
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
