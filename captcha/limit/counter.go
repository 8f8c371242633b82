package limit

import (
	"net/netip"
	"time"
)

// Counter counts what is not a request as such, such as passwords that were wrong, in each network that it comes from.
// It is safe for concurrent use.
type Counter struct{ limiter *limiter }

// NewCounter returns a counter with the Rate and the Prefixes of a config. Its error is a *setting.Error.
func NewCounter(config ...Config) (*Counter, error) {
	cfg := withDefaults(config)
	if cfg.Rate.Count == Unlimited {
		return &Counter{}, nil
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	return &Counter{newLimiter(cfg.Rate, cfg.Prefixes)}, nil
}

// Take counts one from an address, and returns 0; or, where one of its networks has used up its allowance, counts none
// and returns how long to wait.
func (c *Counter) Take(addr netip.Addr) (wait time.Duration) {
	if c.limiter == nil {
		return 0
	}
	return c.limiter.take(addr)
}
