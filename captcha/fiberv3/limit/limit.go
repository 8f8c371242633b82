// Package limit is the package captcha/limit for apps on Fiber v3. The manual is there.
//
//	app.Post("/api/captcha", limit.New(limit.Config{Rate: limit.Rate{Count: 120, Per: time.Minute}}), guard.Create)
package limit

import (
	"fmt"
	"net/netip"

	"github.com/gofiber/fiber/v3"

	"github.com/fibercaptcha/fibercaptcha/captcha/fiberv3/internal/client"
	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
)

// The types of captcha/limit.
type (
	Rate   = limit.Rate
	Prefix = limit.Prefix
	Error  = limit.Error
)

// Unlimited, as a Rate's Count, lets every request through.
const Unlimited = limit.Unlimited

// Config holds the settings of a limit, which are like those of captcha/limit. The zero value is usable.
type Config struct {
	// Next lets a request through uncounted when it returns true.
	//
	// Optional. Default: nil
	Next func(c fiber.Ctx) bool

	// Rate is what one network may do. A Count of Unlimited lets every request through.
	//
	// Optional. Default: 60 requests a minute
	Rate Rate

	// Prefixes are the sizes of network that count as one client.
	//
	// Optional. Default: those of captcha/limit
	Prefixes []Prefix

	// Client returns the address that a request comes from. The zero Addr means that the address is not known.
	//
	// Optional. Default: c.IP(). Behind a proxy that is the proxy's address, unless the app sets ProxyHeader, and
	// TrustProxy with TrustProxyConfig. The default is then the last address in that header that is not a trusted
	// proxy's. Those before it are the visitor's own claim, and c.IP() takes the first.
	Client func(c fiber.Ctx) netip.Addr

	// ErrorHandler answers a request above the limit. The error is an *Error.
	//
	// Optional. Default: Reply
	ErrorHandler func(c fiber.Ctx, err error) error
}

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
	limiter, err := limit.NewLimiter(cfg.Rate, cfg.Prefixes)
	if err != nil {
		return nil, err
	}
	return func(c fiber.Ctx) error {
		if cfg.Next != nil && cfg.Next(c) {
			return c.Next()
		}
		if err := limiter.Take(c.RequestCtx(), func() netip.Addr { return cfg.Client(c) }); err != nil {
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
		cfg.Client = client.Of
	}
	if cfg.ErrorHandler == nil {
		cfg.ErrorHandler = Reply
	}
	return cfg
}

// Reply answers 429 with the header Retry-After and the body of Django REST framework. An error that is not a limit's
// is returned as it is.
func Reply(c fiber.Ctx, err error) error { return limit.ReplyTo(c.RequestCtx(), err) }
