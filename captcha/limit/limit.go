// Package limit bounds how often one network may call a route of a Fiber app. Requests above the limit are answered
// with 429.
//
//	app.Post("/api/captcha", limit.New(limit.Config{Rate: limit.Rate{Count: 120, Per: time.Minute}}), guard.Create)
//	app.Post("/signup", limit.New(limit.Config{Rate: limit.Rate{Count: 60, Per: time.Minute}}), guard.Protect, signup)
//
// Each handler counts separately: give every route its own, or let several routes share one.
//
// A client is counted in each network that contains its address, and each such network has its own allowance. An IPv6
// customer commonly has a /56 or a /48, so a limit for each /64 alone would give one person up to 65,536 allowances.
// [Config.Prefixes] says which networks count, and how much each may do.
//
// Fiber's own limiter keeps an entry for each address without a bound, or asks a storage and lets everybody through
// when that fails. This one has a table of fixed size in the process: a flood takes no more memory, and no storage is
// needed. In return each process counts for itself: with n replicas a network gets up to n times as much.
//
// The form field's own script and style are never counted, because every page with a captcha asks for both.
package limit

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/client"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// Config holds the settings of a limit. The zero value is usable: it is ConfigDefault.
type Config struct {
	// Next lets a request through uncounted when it returns true.
	//
	// Optional. Default: nil
	Next func(c *fiber.Ctx) bool

	// Rate is what one network may do. A Count of Unlimited lets every request through.
	//
	// Optional. Default: 60 requests a minute
	Rate Rate

	// Prefixes are the sizes of network that count as one client. A request counts in every network that its address is
	// in, and is let through if each has allowance left.
	//
	// Optional. Default: an IPv4 address and an IPv6 /64 with the Rate, an IPv6 /56 with four times as much, a /48 with
	// sixteen times as much. No wider block of IPv4 is counted, because carriers put thousands of people behind each
	// address.
	Prefixes []Prefix

	// Client returns the address that a request comes from. All requests for which it returns the zero Addr, because the
	// client's address is not known, count together.
	//
	// Optional. Default: [Client], which is c.IP(). Behind a proxy that is the proxy's address, so that all visitors share
	// one allowance, unless the app sets fiber.Config.ProxyHeader. Set EnableTrustedProxyCheck and TrustedProxies with it:
	// otherwise anybody can claim any address. The default is then the last address in that header that is not a trusted
	// proxy's. Those before it are the visitor's own claim, and c.IP() takes the first.
	Client func(c *fiber.Ctx) netip.Addr

	// ErrorHandler answers a request above the limit. The error is an *Error.
	//
	// Optional. Default: Reply
	ErrorHandler func(c *fiber.Ctx, err error) error
}

// ConfigDefault is the default Config.
var ConfigDefault = Config{
	Rate:     Rate{Count: 60, Per: time.Minute},
	Prefixes: []Prefix{{IPv4: 32, IPv6: 64, Times: 1}, {IPv6: 56, Times: 4}, {IPv6: 48, Times: 16}},
}

// Client returns the address that a request comes from, as Config.Client does by default.
func Client(c *fiber.Ctx) netip.Addr { return client.Of(c) }

// Prefix is a size of network.
type Prefix struct {
	IPv4, IPv6 int // leading bits that its addresses share; 0 leaves out the addresses of this version of IP
	Times      int // how much it may do, in multiples of the Rate; 0 counts as 1
}

// maxTimes keeps the cost of a request well above a nanosecond, the least that can be counted.
const maxTimes = 1000

// New returns a handler that lets the requests of each network through at Config.Rate. It panics if a setting is
// refused.
func New(config ...Config) fiber.Handler {
	handler, err := NewHandler(config...)
	if err != nil {
		panic(fmt.Errorf("limit: %w", err))
	}
	return handler
}

// NewHandler is New, but returns an error instead of panicking: a *setting.Error, or several joined.
func NewHandler(config ...Config) (fiber.Handler, error) {
	cfg := withDefaults(config)
	limiter, err := NewLimiter(cfg.Rate, cfg.Prefixes)
	if err != nil {
		return nil, err
	}
	return func(c *fiber.Ctx) error {
		if cfg.Next != nil && cfg.Next(c) {
			return c.Next()
		}
		if err := limiter.Take(c.Context(), func() netip.Addr { return cfg.Client(c) }); err != nil {
			return cfg.ErrorHandler(c, err)
		}
		return c.Next()
	}, nil
}

func withDefaults(config []Config) Config {
	cfg := Config{}
	if len(config) > 0 {
		cfg = config[0]
	}
	if cfg.Client == nil {
		cfg.Client = Client
	}
	if cfg.ErrorHandler == nil {
		cfg.ErrorHandler = Reply
	}
	return cfg
}

func check(rate Rate, prefixes []Prefix) error {
	if rate.Count < 1 || rate.Count > maxCount {
		return setting.Refuse("Rate.Count", rate.Count, "1 to %d requests, or Unlimited", maxCount)
	}
	if rate.Per < time.Second || rate.Per > maxPer {
		return setting.Refuse("Rate.Per", rate.Per, "1s to %v", maxPer)
	}
	if len(prefixes) == 0 || len(prefixes) > maxPrefixes {
		return setting.Refuse("Prefixes", prefixes, "1 to %d networks", maxPrefixes)
	}
	for i, p := range prefixes {
		switch name := fmt.Sprintf("Prefixes[%d]", i); {
		case p.IPv4 < 0 || p.IPv4 > 32:
			return setting.Refuse(name+".IPv4", p.IPv4, "0 to 32 bits")
		case p.IPv6 < 0 || p.IPv6 > 128:
			return setting.Refuse(name+".IPv6", p.IPv6, "0 to 128 bits")
		case p.Times < 0 || p.Times > maxTimes:
			return setting.Refuse(name+".Times", p.Times, "0 to %d", maxTimes)
		}
	}
	if !slices.ContainsFunc(prefixes, func(p Prefix) bool { return p.IPv4 > 0 || p.IPv6 > 0 }) {
		return setting.Refuse("Prefixes", prefixes, "at least one with IPv4 or IPv6, without which nobody is counted")
	}
	return nil
}
