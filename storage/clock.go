package storage

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// skewBound is how far this process's clock and a server's may be apart before that is warned about. What seals and
// opens challenges allows replicas 5 seconds between them, and two replicas that each keep to half of that from their
// server do.
const skewBound = 2500 * time.Millisecond

// serverClock tells the time as one server does. It goes by this process's steady clock, which is never set, from the
// server's answer when it was last read.
type serverClock struct {
	start time.Time
	ahead atomic.Int64 // nanoseconds since 1970 on the server's clock at start
	skew  atomic.Int64 // nanoseconds that the server's clock was ahead of this process's wall clock
	known atomic.Bool
}

// timer is a client, or one connection of it.
type timer interface {
	Time(context.Context) *redis.TimeCmd
}

// read asks the server. Deadlines take the answer as the time at its arrival here, and so come too early by the way
// back, which leaves the reply to what was done just in time the time to arrive. The skew takes it as the time in the
// middle of the way, and is wrong by half of the way at most.
func (c *serverClock) read(ctx context.Context, server timer) error {
	asked := time.Now()
	now, err := server.Time(ctx).Result()
	if err != nil {
		return err
	}
	took := time.Since(asked)
	c.ahead.Store(now.UnixNano() - int64(time.Since(c.start)))
	c.skew.Store(now.UnixNano() - asked.UnixNano() - int64(took/2))
	c.known.Store(true)
	return nil
}

// greet reads the clock of a server that was just connected to, which after a failover is another one. A server that
// refuses to tell it can still be used, by plain commands.
func (c *serverClock) greet(ctx context.Context, conn *redis.Conn) error {
	if err := c.read(ctx, conn); !refused(err) {
		return err
	}
	c.known.Store(false)
	return nil
}

func (c *serverClock) at(here time.Time) time.Time {
	return time.Unix(0, c.ahead.Load()).Add(here.Sub(c.start))
}

// refused reports whether a server answered with an error, unlike one that was not reached.
func refused(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply) && !errors.Is(err, redis.Nil)
}
