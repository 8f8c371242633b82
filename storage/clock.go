package storage

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// skewBound is how far this process's clock and a server's may be apart before a warning is logged. Sealed challenges
// allow the clocks of replicas to be 5 seconds apart. Two replicas that are each within half of that of their server
// are within it.
const skewBound = 2500 * time.Millisecond

// serverClock tells the time as one server does. It counts by this process's monotonic clock from the server's answer
// when its clock was last read.
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

// read asks the server for its time. For deadlines, the answer counts as the time of its arrival here. They are
// therefore early by as long as the answer travelled, so that the reply to a step done just in time still has time to
// arrive. For the skew, the answer counts as the time halfway between question and answer, so the skew is wrong by at
// most half of what both took.
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

// greet reads the clock of a server to which a connection was just made; after a failover that is another server. One
// that refuses to tell the time can still be used, by plain commands.
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

// refused reports whether err is a server's reply, and not a failure to reach it.
func refused(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply) && !errors.Is(err, redis.Nil)
}
