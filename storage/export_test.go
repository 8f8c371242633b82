package storage

import (
	"fmt"
	"time"
)

// SetServerClock makes r believe that the servers' clocks are off by d from what it read.
func (r *Redis) SetServerClock(d time.Duration) {
	r.clocks.Range(func(_, clock any) bool {
		clock.(*serverClock).ahead.Add(int64(d))
		return true
	})
}

// NoteSkew takes note of a server's clock that is off by d from this process's.
func (r *Redis) NoteSkew(d time.Duration) { r.warnOfSkew(d) }

// Meaning says how a Redis URL was read.
func Meaning(rawURL string) (string, error) {
	u, err := parse(rawURL)
	if err != nil {
		return "", err
	}
	a, err := parseRedis(u)
	text := a.name()
	for _, part := range []struct {
		given bool
		text  string
	}{
		{a.tls, " tls"},
		{a.Username+a.Password != "", " user=" + a.Username + ":" + a.Password},
		{a.SentinelUsername+a.SentinelPassword != "", " sentinels=" + a.SentinelUsername + ":" + a.SentinelPassword},
		{a.DB != 0, fmt.Sprint(" db=", a.DB)},
		{a.PoolSize != 0, fmt.Sprint(" pool=", a.PoolSize)},
		{a.confirm != 0, fmt.Sprint(" confirm=", a.confirm)},
	} {
		if part.given {
			text += part.text
		}
	}
	return text, err
}
