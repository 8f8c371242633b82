// Package storage opens the place where an app keeps challenges, spent keys and its own records, by a URL: in memory
// for one process, in Redis for any number of them.
//
// Both are a [fiber.Storage], so that they fit every Fiber middleware, and add the two steps that it lacks: Take, which
// returns a value and removes it at once, and Add, which sets a value only if its key is absent. Without these, two
// processes that ask and then write can both believe that they were first. Count, too, is one step.
//
// # Absent is not broken
//
// A key that is absent or expired is nil without an error. A storage that is unreachable, frozen, full, still loading
// or read-only is an error, from every method, within [Config.Timeout]. No method guesses.
//
// A reply can be lost after the server did the work, so nothing is tried twice here: a second Take would find the value
// gone, a second Add its own entry, and each would report "somebody else was first" to the one who was. After an error,
// treat the step as not done. It was not, if the server was away, frozen or slow: a Take, Add or Count that it comes to
// after its caller gave up does nothing. It was done if the connection broke between the work and its reply, and if the
// replicas did not confirm it. A Set or Delete that failed may still be carried out later, and in a cluster may have
// been tried more than once, which changes nothing.
//
// # Full
//
// Nothing is ever evicted to make room: an evicted mark of a spent key lets that key be spent again, and an evicted
// account is lost. A full memory answers [ErrFull]; Redis does the same if its maxmemory-policy is noeviction, and Open
// logs a warning if it is not.
//
// # What a Redis forgets
//
// A Redis that comes back in an older state, or a replica in an older state that is promoted, has forgotten what was
// added and taken since: a used challenge can be used again until it expires. How much that is depends on the servers:
//
//   - With snapshots alone (save), everything since the last one, when the process or the machine dies.
//   - With appendonly yes and appendfsync everysec, up to a second or so of writes, when the machine dies or the disk
//     is busy.
//   - With appendonly yes and appendfsync always, nothing that was answered: each write is on the disk before its
//     reply. That costs each submission one fsync, which concurrent ones share. Set it on replicas as well: any of them
//     can be promoted, and then restart.
//   - None of these reaches over a failover. Replication is asynchronous: a replica is promoted with what it has, which
//     lacks a fraction of a second while all is well, and everything since the link broke while it is not.
//
// [Config.Confirm] is for that last one. Each Add, Take and Count that wrote something is then followed, on the same
// connection, by a WAIT for so many replicas. A step that they do not confirm in time is an error (the submission gets
// a 503 and is not let through), although it was done on the master: what it spent may be spent. Each of these steps
// then takes a round trip to a replica longer, and the replicas have to be up: while fewer than Confirm are connected,
// every step fails, Ping says so, and Open refuses to start. So have one replica more than Confirm.
//
// It promises that Confirm replicas know a step that succeeded, so that a failover to one of these does not lose it. If
// Confirm is the number of a master's replicas, those are all of them. If it is less, the election decides: among the
// replicas that it reaches, it prefers the one that is furthest along, unless their priorities differ
// (replica-priority). So leave these alike.
//
// What no setting here can: have replicas confirm that a write is on their disks and not only in their memory (so that
// a master and its replicas that lose power together may come back older, if any of them has another setting than
// appendfsync always); keep a Set that a failover undoes, for WAIT follows steps alone; or help against an operator who
// restores a backup, empties the database, or promotes by hand a replica that lags.
package storage

import (
	"context"
	"crypto/tls"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
)

// Storage is a [fiber.Storage] with atomic steps and a health check. It is safe for concurrent use. Values that go
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
	// below it and no others. In a cluster a part in braces, as in "{app}:", puts all keys on one master.
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

	// Confirm is how many replicas must have what an Add, a Take or a Count wrote before it counts as done: see "What a
	// Redis forgets" above. The URL's confirm=N overrides it. It has no effect in memory.
	//
	// Optional. Default: 0
	Confirm int

	// TLS is used for rediss:// and valkeys://, for a private authority or a client certificate; to servers and sentinels
	// alike. Set its ServerName where certificates are for one name and nodes are known by others, as in a cluster whose
	// nodes announce addresses.
	//
	// Optional. Default: the system's authorities, TLS 1.2 or newer
	TLS *tls.Config

	// Logger gets a warning if Redis is set up to evict keys, refuses scripts or has a clock that is off, the cause
	// when Ping begins to fail, and a line when it works again.
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
//	memory://                                           1,000,000 entries, 256 MiB of keys and values
//	memory://?entries=50000&bytes=16777216              these limits instead
//	redis://[[user]:password@]host[:port][/database]    one server; port 6379, database 0
//	unix://[[user]:password@]/path/of/socket[?db=N]     one server, over its socket
//	redis://host:port?addr=host2:port2&addr=...         a cluster, by some of its nodes
//	redis://host:port?cluster=true                      a cluster, by one address that stands for it
//	redis://host:port?master_name=NAME&addr=...         the master that sentinels name, by the sentinels; port 26379
//
// valkey:// is the same as redis://, and rediss:// and valkeys:// are the same over TLS, to sentinels and to every
// node. Further parameters are pool_size=N, connections to each server (default: 10 a CPU), and confirm=N, for
// [Config.Confirm].
//
// A user and a password before the host are always those of the Redis servers that keep the data, of all nodes of a
// cluster and of whichever master sentinels name. Sentinels get sentinel_username and sentinel_password, and without
// these no password. (go-redis reads a sentinel URL the other way around: its user and password are the sentinels'.)
//
// A URL that does not parse is an error at once that says what was wrong and what is accepted; it never holds the
// password. So is a URL of another kind than what it leads to, such as a single server's that leads to a node of a
// cluster. A Redis that does not answer, or does not do what a request needs (an Add and a Take, with their
// confirmations), is asked again until [Config.Wait] is over or ctx is done.
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
