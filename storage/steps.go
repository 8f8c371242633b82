package storage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// step is a change of one key, done in one piece: no other caller comes in between.
type step struct {
	// script is what the server runs after [refuseLate], with the arguments from ARGV[2] on.
	script string
	// plain does the same by commands, for a server that runs no scripts.
	plain func(key string, args []any) [][]any
}

// A server that was frozen, or gets a command over a slow connection, carries it out even if the caller has meanwhile
// given up and told its visitor "nothing was used up, try again". So each step is sent with the moment at which its
// caller gives up, by the server's clock. A server that comes to it later does nothing and says LATE.
//
// One case remains: if the connection breaks between the work and its reply, that is an error although the key is used.
//
// Scripts are sent whole, not by their SHA-1, for two reasons: servers that don't know them yet need no second way, and
// a process under GODEBUG=fips140=only may not compute a SHA-1. A script is 300 bytes long.
const refuseLate = `
local now = redis.call('TIME')
if now[1] * 1000 + now[2] / 1000 > tonumber(ARGV[1]) then
	return redis.error_reply('LATE the caller has given up')
end
`

var (
	takeStep = step{
		script: `return redis.call('GETDEL', KEYS[1])`,
		plain:  func(key string, _ []any) [][]any { return [][]any{{"GETDEL", key}} },
	}
	// addStep takes the value and the time to live in milliseconds.
	addStep = step{
		script: `
if ARGV[3] == '0' then
	return redis.call('SET', KEYS[1], ARGV[2], 'NX')
end
return redis.call('SET', KEYS[1], ARGV[2], 'NX', 'PX', ARGV[3])`,
		plain: func(key string, args []any) [][]any {
			if args[1] == int64(0) {
				return [][]any{{"SET", key, args[0], "NX"}}
			}
			return [][]any{{"SET", key, args[0], "NX", "PX", args[1]}}
		},
	}
	// countStep takes the time to live in milliseconds. In its plain form, whoever finds a count without a time to live
	// sets it: a process can end between the two commands, and a count that never expires would lock somebody out for
	// good.
	countStep = step{
		script: `
local n = redis.call('INCR', KEYS[1])
if n == 1 and ARGV[2] ~= '0' then
	redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return n`,
		plain: func(key string, _ []any) [][]any { return [][]any{{"INCR", key}, {"PTTL", key}} },
	}
	expireStep = step{plain: func(key string, args []any) [][]any { return [][]any{{"PEXPIRE", key, args[0]}} }}
)

// ErrUnconfirmed says that a step was done, but fewer replicas than [Config.Confirm] have it: a failover may undo it.
var ErrUnconfirmed error = unconfirmed{}

// unconfirmed tells a caller that does not import this package that the step was done.
type unconfirmed struct{}

func (unconfirmed) Error() string     { return "storage: not confirmed by enough replicas" }
func (unconfirmed) Unconfirmed() bool { return true }

// maxRedirects is how many times a call to a cluster is made again on another server: twice while slots move, and once
// more if they move again meanwhile.
const maxRedirects = 3

// do carries a step out once, on the master that has the key. It tries again only if a server was not reached, or says
// that it did nothing because another server has the key or the caller is late. It returns the replies to the step's
// commands, and the error of any of them, except "nothing there".
//
// A cluster client would send the key's commands on by itself, but not the WAIT that asks for their confirmation,
// because that names no key.
func (r *Redis) do(ctx context.Context, key string, s step, args ...any) ([]*redis.Cmd, error) {
	key = r.prefix + key
	node, err := r.master(ctx, key)
	if err != nil {
		return nil, err
	}
	replies, err := r.doOn(ctx, node, false, key, s, args)
	for range maxRedirects {
		address, asking := redis.IsAskError(err)
		if !asking {
			address, _ = redis.IsMovedError(err)
		}
		switch {
		case !r.isCluster():
			return replies, err
		case address != "":
			if !asking {
				r.relearn(ctx)
			}
			other := r.visit(node, address)
			replies, err = r.doOn(ctx, other, asking, key, s, args)
			_ = other.Close()
		case redis.IsClusterDownError(err) || unreached(err): // as when a server was taken from the cluster, or died
			_ = r.eachMaster(ctx, func(context.Context, *redis.Client) error { return nil }) // to learn which are masters
			now, masterErr := r.master(ctx, key)
			if masterErr != nil || now == node {
				return nil, err
			}
			node = now
			replies, err = r.doOn(ctx, node, false, key, s, args)
		default:
			if err != nil && (!refused(err) || redis.IsReadOnlyError(err)) && !errors.Is(err, ErrUnconfirmed) {
				r.relearn(ctx) // a failover can explain it
			}
			return replies, err
		}
	}
	return replies, err
}

// visit returns a client for one call to a server that the cluster client may not know yet, as when slots are being
// moved to a new server. That costs a connection for each of the few calls that a cluster sends on while it moves
// slots.
func (r *Redis) visit(from *redis.Client, address string) *redis.Client {
	options := *from.Options()
	if host, port, err := net.SplitHostPort(address); err == nil && host == "" { // the host that was asked
		host, _, _ = net.SplitHostPort(options.Addr)
		address = net.JoinHostPort(host, port)
	}
	options.Addr, options.Dialer, options.OnConnect = address, nil, nil
	other := redis.NewClient(&options)
	r.meet(other)
	return other
}

// doOn carries a step out on one server. If the server refuses a step as late and it is not late, the server's clock
// was set, or another server now has this address. A refused step did nothing. Unlike after any other error, it is
// therefore safe to read the clock and ask once more.
func (r *Redis) doOn(ctx context.Context, node *redis.Client, asking bool, key string, s step, args []any) ([]*redis.Cmd, error) {
	replies, err := r.send(ctx, node, asking, r.commands(ctx, node, key, s, args))
	if late(err) && r.clock(node).read(ctx, node) == nil {
		replies, err = r.send(ctx, node, asking, r.commands(ctx, node, key, s, args))
	}
	return replies, err
}

func (r *Redis) commands(ctx context.Context, node *redis.Client, key string, s step, args []any) [][]any {
	if s.script == "" || r.plain.Load() {
		return s.plain(key, args)
	}
	givesUp, _ := ctx.Deadline() // each call has one, see bounded
	deadline := r.clock(node).at(givesUp).UnixMilli()
	return [][]any{append([]any{"EVAL", refuseLate + s.script, 1, key, deadline}, args...)}
}

// send sends commands and, with them, the question how many replicas have what they wrote. All go over one connection,
// because a server confirms a connection's own writes only. The question waits for most of the time that the caller has
// left, so that its answer comes in time.
func (r *Redis) send(ctx context.Context, node *redis.Client, asking bool, commands [][]any) ([]*redis.Cmd, error) {
	pipe := node.Pipeline()
	if asking {
		pipe.Do(ctx, "ASKING")
	}
	replies := make([]*redis.Cmd, len(commands))
	for i, command := range commands {
		replies[i] = pipe.Do(ctx, command...)
	}
	var confirmed *redis.Cmd
	if r.confirm > 0 {
		givesUp, _ := ctx.Deadline()
		patience := max(1, (time.Until(givesUp) * 3 / 4).Milliseconds()) // 0 would be for ever
		confirmed = pipe.Do(ctx, "WAIT", r.confirm, patience)
	}
	_, err := pipe.Exec(ctx)
	for _, reply := range replies {
		if err := unlessAbsent(reply.Err()); err != nil {
			return nil, err
		}
		// Without a connection, as after a wrong password, the commands have neither a reply nor an error.
		if err != nil && reply.Err() == nil && reply.Val() == nil {
			return nil, err
		}
	}
	if confirmed == nil || replies[0].Err() != nil { // if nothing was there, nothing was written
		return replies, nil
	}
	replicas, err := confirmed.Int()
	if err == nil && replicas < r.confirm {
		err = fmt.Errorf("%d of %d", replicas, r.confirm)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnconfirmed, err)
	}
	return replies, nil
}

// unreached reports whether there was no connection to send anything over.
func unreached(err error) bool {
	var failed *net.OpError
	return errors.As(err, &failed) && failed.Op == "dial"
}

func late(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "LATE ") }
