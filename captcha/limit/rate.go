package limit

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Rate is how many requests a network may make in a period: that many at once, and then one more each time its share of
// the period has passed.
type Rate struct {
	Count int           // 1 to 1,000,000, or Unlimited
	Per   time.Duration // 1 second to 24 hours
}

// Unlimited, as a Rate's Count, lets every request through.
const Unlimited = -1

const (
	maxCount    = 1_000_000
	maxPer      = 24 * time.Hour
	maxPrefixes = 8
)

var periods = map[string]time.Duration{
	"s": time.Second, "sec": time.Second, "second": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute,
	"h": time.Hour, "hour": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour,
}

// UnmarshalText reads a rate as Django REST framework has it, "60/min", or "none", which is Unlimited.
func (r *Rate) UnmarshalText(text []byte) error {
	if string(text) == "none" {
		*r = Rate{Count: Unlimited}
		return nil
	}
	count, period, _ := strings.Cut(string(text), "/")
	n, err := strconv.Atoi(count)
	per, ok := periods[period]
	if err != nil || !ok || n < 1 || n > maxCount {
		return errors.New("must be a number of requests from 1 to 1000000 in a second, min, hour or day, as in 60/min, or none")
	}
	*r = Rate{n, per}
	return nil
}
