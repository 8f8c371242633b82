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

// step is a change of one key that no other caller comes between.
type step struct {
	// script is what the server runs after [refuseLate], with the arguments from ARGV[2] on.
	script string
	// plain is the same by commands, for a server that runs no scripts.
	plain func(key string, args []any) [][]any
}

// A server that was frozen, or a slow line, still carries out what it was sent after the caller has given up and told
// its visitor "nothing was used up, try again". So each step is sent with the moment at which its caller gives up, by
// the server's clock, and a server that comes to it later does nothing and says LATE.
//
// What remains is a connection that breaks between the work and its reply. That is an error, and the key is used.
//
// Scripts are sent whole and not by their SHA-1: it saves a second way for servers that don't know them yet, and a
// process under GODEBUG=fips140=only may not compute one. They are 300 bytes.
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
	// countStep takes the time to live in milliseconds. Its plain form leaves that to be set by who finds that it is not,
	// for a process can end between two commands, and a count without an end would lock somebody out for good.
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

// unconfirmed tells whoever does not know this package that the step was done.
type unconfirmed struct{}

func (unconfirmed) Error() string     { return "storage: not confirmed by enough replicas" }
func (unconfirmed) Unconfirmed() bool { return true }

// maxRedirects is how often a call to a cluster is made again elsewhere: twice while slots move, once more while they
// move again.
const maxRedirects = 3

// do carries a step out on the master that has the key, once: only a server that was not reached, or says that it did
// nothing because the key is another's or the caller late, is followed by another try. It returns the replies to the
// step's commands, and an error of any of them but "nothing there".
//
// A cluster client would send the key's commands on by itself, but not the question after their confirmation, which
// names no key.
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
		case redis.IsClusterDownError(err) || unreached(err): // as of a server that was taken from the cluster, or died
			_ = r.eachMaster(ctx, func(context.Context, *redis.Client) error { return nil }) // which learns who they are
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

// visit returns a client for one call to a server that the cluster client may not know yet, as while slots are moved to
// a new one. It costs a connection, for the fraction of calls that a cluster on the move sends on.
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

// doOn carries a step out on one server. A refusal as late without cause means that the server's clock was set, or is
// that of another server now; it did nothing, so that, unlike after any other error, it is safe to read the clock and
// ask once more.
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

// send sends commands, and with them the question how many replicas have what they wrote, down one connection: a server
// confirms a connection's own writes. That question waits for most of what the caller has left, so that its answer
// comes in time to be told.
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
	if confirmed == nil || replies[0].Err() != nil { // where nothing was there, nothing was written
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

// unreached reports whether there was no connection to send anything down.
func unreached(err error) bool {
	var failed *net.OpError
	return errors.As(err, &failed) && failed.Op == "dial"
}

func late(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "LATE ") }
