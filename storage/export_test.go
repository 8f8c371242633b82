package storage

import "time"

// SetServerClock makes r believe that the servers' clocks are off by d from what it read.
func (r *Redis) SetServerClock(d time.Duration) {
	r.clocks.Range(func(_, clock any) bool {
		clock.(*serverClock).ahead.Add(int64(d))
		return true
	})
}
