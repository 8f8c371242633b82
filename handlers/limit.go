package handlers

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Rate is how many requests one address may make in a period: that many at once, and then one more each time its share of
// the period has passed. The zero Rate does not limit.
type Rate struct {
	Count int
	Per   time.Duration
}

var periods = map[string]time.Duration{
	"s": time.Second, "sec": time.Second, "second": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute,
	"h": time.Hour, "hour": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour,
}

// UnmarshalText reads a rate as Django REST framework has it, "60/min", or "none".
func (r *Rate) UnmarshalText(text []byte) error {
	if string(text) == "none" {
		*r = Rate{}
		return nil
	}
	count, period, _ := strings.Cut(string(text), "/")
	n, err := strconv.Atoi(count)
	per, ok := periods[period]
	if err != nil || !ok || n < 1 || n > 1_000_000 {
		return errors.New("accepted is a number of requests from 1 to 1000000 in a second, min, hour or day, as in 60/min, or none")
	}
	*r = Rate{n, per}
	return nil
}

// Limits are the limits of one client address, each counted for itself. An IPv6 address counts as its /64, which is the
// least that a customer gets.
//
// They are kept by each process: with n replicas an address gets up to n times as much. In return a limit needs no
// storage, so that it holds with the storage away, and costs less than a microsecond.
type Limits struct {
	Issue  Rate // challenges asked for, by the API or by opening a form
	Submit Rate // forms sent
	Audio  Rate // sounds asked for
	Login  Rate // passwords tried
}

// limit makes the handler that lets each address through at a rate, and answers 429 to what is more.
func (s *site) limit(rate Rate) fiber.Handler {
	if rate.Count == 0 {
		return func(c *fiber.Ctx) error { return c.Next() }
	}
	limiter := newLimiter(rate)
	return func(c *fiber.Ctx) error {
		if wait := limiter.take(s.client(c)); wait > 0 {
			return throttle(c, wait)
		}
		return c.Next()
	}
}

// throttle answers in Django REST framework's words, for its clients know them.
func throttle(c *fiber.Ctx, wait time.Duration) error {
	seconds := int((wait + time.Second - 1) / time.Second)
	c.Set(fiber.HeaderRetryAfter, strconv.Itoa(seconds))
	return refuse(c, fiber.StatusTooManyRequests,
		"Too many requests have come from your network. Try again in "+inWords(seconds)+".",
		fmt.Sprintf("Request was throttled. Expected available in %d seconds.", seconds))
}

// inWords rounds up what would be a large number.
func inWords(seconds int) string {
	switch {
	case seconds == 1:
		return "a second"
	case seconds <= 120:
		return strconv.Itoa(seconds) + " seconds"
	case seconds <= 2*60*60:
		return strconv.Itoa((seconds+59)/60) + " minutes"
	}
	return strconv.Itoa((seconds+3599)/3600) + " hours"
}

// limiter counts addresses in a table of fixed size, by the generic cell rate algorithm: a slot holds when its address
// will have its whole allowance back.
//
// A set of slots that is full gives up the address that has used least of its allowance, so a flood from ever new
// addresses pushes out its own before one that is at its limit, and a visitor who comes new is always let in. Only who
// has so many addresses at their limit that they fill sets gets more than the limits. Of the quarter of a million slots,
// in sets that large, 100,000 addresses fill none but once in 30 million times; at any sensible rate that many at their
// limit are more than a process can answer.
type limiter struct {
	interval time.Duration // what one request costs
	window   time.Duration // how much may be owed
	start    time.Time
	seed     maphash.Seed // secret, so that nobody can aim at somebody else's slots
	shards   [limiterShards]shard
}

const (
	limiterShards = 256
	shardSets     = 16
	setSlots      = 64 // In sets of 16, 100,000 addresses would fill three or four.
)

// shard is a part of the table, 16 KiB, made when it is first needed: a quiet site keeps few of the 4 MiB.
type shard struct {
	mu   sync.Mutex
	sets []set
}

type set [setSlots]slot

type slot struct {
	address uint64        // hashed
	full    time.Duration // when the allowance is whole again, since limiter.start
}

func newLimiter(rate Rate) *limiter {
	return &limiter{interval: rate.Per / time.Duration(rate.Count), window: rate.Per, start: time.Now(), seed: maphash.MakeSeed()}
}

// take counts a request from addr, and returns 0; or counts nothing and returns how long to wait.
func (l *limiter) take(addr netip.Addr) (wait time.Duration) {
	address := l.hash(addr)
	shard := &l.shards[address%limiterShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if shard.sets == nil {
		shard.sets = make([]set, shardSets)
	}
	slot := shard.sets[address/limiterShards%shardSets].find(address)
	now := time.Since(l.start)
	owed := max(slot.full-now, 0) + l.interval
	if owed > l.window {
		return owed - l.window
	}
	slot.full = now + owed
	return 0
}

// hash stands for the address, or for the /64 of an IPv6 one.
func (l *limiter) hash(addr netip.Addr) uint64 {
	bytes := addr.As16()
	if addr.Is6() {
		binary.BigEndian.PutUint64(bytes[8:], 0)
	}
	return maphash.Bytes(l.seed, bytes[:])
}

// find returns the slot of an address, where necessary at the expense of the one that owes least.
func (s *set) find(address uint64) *slot {
	least := &s[0]
	for i := range s {
		if s[i].address == address {
			return &s[i]
		}
		if s[i].full < least.full {
			least = &s[i]
		}
	}
	*least = slot{address: address}
	return least
}
