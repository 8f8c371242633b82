package storage

import "time"

// SetServerClock makes r believe that the server's clock is off by d from what it read.
func (r *Redis) SetServerClock(d time.Duration) { r.clock.ahead.Add(int64(d)) }
