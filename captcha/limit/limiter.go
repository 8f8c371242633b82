package limit

import (
	"net/netip"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/networks"
)

// Limiter counts clients in all the networks that they belong to. New's handler is made of one; use it directly for
// routers on fasthttp other than Fiber v2.
type Limiter struct {
	table      *table      // nil if every request is let through
	allowances []allowance // the narrowest network first
}

// allowance is what each network of one size may do.
type allowance struct {
	Prefix
	interval time.Duration // what one request costs
	window   time.Duration // how much may be owed
}

// NewLimiter returns a limiter. The zero Rate and empty Prefixes mean those of ConfigDefault. Its error is a
// *setting.Error.
func NewLimiter(rate Rate, prefixes []Prefix) (*Limiter, error) {
	if rate == (Rate{}) {
		rate = ConfigDefault.Rate
	}
	if prefixes == nil {
		prefixes = ConfigDefault.Prefixes
	}
	if rate.Count == Unlimited {
		return &Limiter{}, nil
	}
	if err := check(rate, prefixes); err != nil {
		return nil, err
	}
	return newLimiter(rate, prefixes), nil
}

// Take counts a request. It calls client for the request's address, but only if the request counts at all. The error is
// nil, or an *Error if the request is above the limit.
func (l *Limiter) Take(r *fasthttp.RequestCtx, client func() netip.Addr) error {
	if l.table == nil || isAsset(r) {
		return nil
	}
	if wait := l.take(client()); wait > 0 {
		return &Error{Wait: wait}
	}
	return nil
}

// Count counts an event other than a request, such as a wrong password, and returns 0. If one of addr's networks has
// used up its allowance, Count counts nothing and returns how long to wait.
func (l *Limiter) Count(addr netip.Addr) (wait time.Duration) {
	if l.table == nil {
		return 0
	}
	return l.take(addr)
}

// isAsset reports whether a request is for the form field's script or style. It looks at the end of the path, because a
// limit does not know where the guard's routes are.
func isAsset(r *fasthttp.RequestCtx) bool {
	path := string(r.Path())
	return (r.IsGet() || r.IsHead()) && (strings.HasSuffix(path, "/assets/field.js") || strings.HasSuffix(path, "/assets/field.css"))
}

func newLimiter(rate Rate, prefixes []Prefix) *Limiter {
	l := &Limiter{table: newTable()}
	for _, p := range prefixes {
		times := max(p.Times, 1)
		l.allowances = append(l.allowances, allowance{p, rate.Per / time.Duration(rate.Count*times), rate.Per})
	}
	return l
}

// take counts a request from addr in each of its networks, and returns 0. If one of them has nothing left, take counts
// the request in none and returns how long to wait. Between counting and taking back, for less than a microsecond,
// others in the wider network may be told to wait because of a request that was not let through.
func (l *Limiter) take(addr netip.Addr) (wait time.Duration) {
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
