package limit

import (
	"net/netip"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/networks"
)

// limiter counts clients in all the networks that they belong to.
type limiter struct {
	table      *table
	allowances []allowance // the narrowest network first
}

// allowance is what each network of one size may do.
type allowance struct {
	Prefix
	interval time.Duration // what one request costs
	window   time.Duration // how much may be owed
}

func newLimiter(rate Rate, prefixes []Prefix) *limiter {
	l := &limiter{table: newTable()}
	for _, p := range prefixes {
		times := max(p.Times, 1)
		l.allowances = append(l.allowances, allowance{p, rate.Per / time.Duration(rate.Count*times), rate.Per})
	}
	return l
}

// take counts a request from addr in each of its networks, and returns 0; or, where one of them has nothing left, counts
// it in none and returns how long to wait. Between counting and taking back, others of the wider network may be told to
// wait for a request that was let in by no one: for less than a microsecond.
func (l *limiter) take(addr netip.Addr) (wait time.Duration) {
	if !addr.IsValid() {
		return l.table.take(netip.Prefix{}, l.allowances[0].interval, l.allowances[0].window)
	}
	for i, a := range l.allowances {
		network, ok := networks.Of(addr, a.IPv4, a.IPv6)
		if !ok {
			continue
		}
		if wait = l.table.take(network, a.interval, a.window); wait == 0 {
			continue
		}
		for _, counted := range l.allowances[:i] {
			if network, ok := networks.Of(addr, counted.IPv4, counted.IPv6); ok {
				l.table.giveBack(network, counted.interval)
			}
		}
		return wait
	}
	return 0
}
