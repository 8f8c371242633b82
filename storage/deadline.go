package storage

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// A server that was frozen, or a slow line, still carries out what it was sent after the caller has given up and told
// its visitor "nothing was used up, try again". So Take and Add are sent with the moment at which their caller gives up,
// by the server's clock, and a server that comes to them later does nothing and says LATE.
//
// What remains is a connection that breaks between the work and its reply. That is an error, and the key is used.
const refuseLate = `
local now = redis.call('TIME')
if now[1] * 1000 + now[2] / 1000 > tonumber(ARGV[1]) then
	return redis.error_reply('LATE the caller has given up')
end
`

var (
	takeScript = redis.NewScript(refuseLate + `return redis.call('GETDEL', KEYS[1])`)
	addScript  = redis.NewScript(refuseLate + `
if ARGV[3] == '0' then
	return redis.call('SET', KEYS[1], ARGV[2], 'NX')
end
return redis.call('SET', KEYS[1], ARGV[2], 'NX', 'PX', ARGV[3])`)
)

// run runs a script that refuses to be late. A refusal without cause means that the server's clock was set, or is that
// of another server now; it did nothing, so that, unlike after any other error, it is safe to read the clock and ask
// once more.
func (r *Redis) run(ctx context.Context, script *redis.Script, key string, args ...any) *redis.Cmd {
	cmd := r.runOnce(ctx, script, key, args)
	if late(cmd.Err()) && r.clock.read(ctx, r.client) == nil {
		cmd = r.runOnce(ctx, script, key, args)
	}
	return cmd
}

func (r *Redis) runOnce(ctx context.Context, script *redis.Script, key string, args []any) *redis.Cmd {
	givesUp, _ := ctx.Deadline() // each call has one, see bounded
	deadline := r.clock.at(givesUp).UnixMilli()
	return script.Run(ctx, r.client, []string{r.prefix + key}, append([]any{deadline}, args...)...)
}

func late(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "LATE ") }

// serverClock tells the time as the server does. It goes by this process's steady clock, which is never set, from the
// server's answer when it was last read.
type serverClock struct {
	start time.Time
	ahead atomic.Int64 // nanoseconds since 1970 on the server's clock at start
}

// read asks the server. It takes the answer as the time at its arrival here, and so is behind by the way back: a
// deadline comes as much too early, which leaves the reply to what was done just in time the time to arrive.
func (c *serverClock) read(ctx context.Context, server interface {
	Time(context.Context) *redis.TimeCmd
}) error {
	now, err := server.Time(ctx).Result()
	if err == nil {
		c.ahead.Store(now.UnixNano() - int64(time.Since(c.start)))
	}
	return err
}

func (c *serverClock) at(here time.Time) time.Time {
	return time.Unix(0, c.ahead.Load()).Add(here.Sub(c.start))
}
