// Package fiberv3 is the package captcha for apps on Fiber v3, with the same guard, settings and wire contract.
//
//	guard, app := fiberv3.New(), fiber.New()
//	guard.Register(app)
//	app.Post("/contact", guard.Protect, func(c fiber.Ctx) error { return c.SendString("Thank you.") })
//
// The manual is the package captcha's. What it says about a method that takes a *fiber.Ctx is true of the method here
// that has the same name and takes a fiber.Ctx. Settings that are not functions of a request are those of
// captcha.Config.
//
// A handler may return an error as it is: Fiber v3's default error handler then answers with its status and its
// sentence. The packages limit, attempts and once below this one are captcha/limit, captcha/attempts and captcha/once
// for Fiber v3.
package fiberv3

import (
	"errors"
	"net/netip"

	"github.com/gofiber/fiber/v3"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/fiberv3/internal/client"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// Config holds a guard's settings: those of captcha.Config, except that the functions that take a request's context are
// fields of this Config. The zero value is usable: it is ConfigDefault.
type Config struct {
	// Config holds all other settings. A storage for Fiber v3 is also one for Fiber v2.
	//
	// Optional. Default: captcha.ConfigDefault
	captcha.Config

	// Next skips Protect and Check when it returns true.
	//
	// Optional. Default: nil
	Next func(c fiber.Ctx) bool

	// Binding returns what ties a challenge to whoever asked for it. See captcha.Config.
	//
	// Optional. Default: nil, and anybody may answer a challenge
	Binding func(c fiber.Ctx) string

	// Demand decides what a request must bring to get past the guard of this purpose. See captcha.Config.
	//
	// Optional. Default: nil, which means captcha.LettersOrWork if Work is set, else captcha.LettersOnly
	Demand func(c fiber.Ctx, purpose string) captcha.Demand

	// Client returns the address that a request comes from, for Pressure. See captcha.Config.
	//
	// Optional. Default: c.IP(). Behind a proxy that is the proxy's address, unless the app sets ProxyHeader, and
	// TrustProxy with TrustProxyConfig. The default is then the last address in that header that is not a trusted
	// proxy's. Those before it are the visitor's own claim, and c.IP() takes the first.
	Client func(c fiber.Ctx) netip.Addr

	// ErrorHandler answers a request that Protect or one of the guard's own routes refuses. The error is one of the
	// package captcha's.
	//
	// Optional. Default: Reply, which answers in JSON
	ErrorHandler func(c fiber.Ctx, err error) error
}

// ConfigDefault is the default Config.
var ConfigDefault = Config{Config: captcha.ConfigDefault}

// Guard issues challenges and verifies their answers. It is safe for concurrent use. Pass the guard that it embeds to
// captcha/captchatest, which solves its challenges. The embedded guard's methods that take a context of Fiber v2 are
// all replaced by methods of this type.
type Guard struct {
	*captcha.Guard
	cfg Config
}

// New returns a guard with these settings. It panics with the error that NewGuard returns.
func New(config ...Config) *Guard {
	g, err := NewGuard(config...)
	if err != nil {
		panic(err)
	}
	return g
}

// NewGuard returns a guard with these settings. Its error wraps a *captcha.SettingError, or several.
func NewGuard(config ...Config) (*Guard, error) {
	cfg := Config{}
	if len(config) > 0 {
		cfg = config[0]
	}
	if cfg.ErrorHandler == nil {
		cfg.ErrorHandler = Reply
	}
	if cfg.Client == nil {
		cfg.Client = client.Of
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	inner, err := captcha.NewGuard(cfg.Config)
	if err != nil {
		return nil, err
	}
	return &Guard{inner, cfg}, nil
}

// check refuses functions that would never be called, because no request here has a context of Fiber v2.
func (cfg Config) check() error {
	var errs []error
	refuse := func(field string, set bool) {
		if set {
			errs = append(errs, &setting.Error{
				Field:    "Config." + field,
				Value:    "a function on a context of Fiber v2",
				Accepted: "nil; set fiberv3.Config." + field + ", which takes a context of Fiber v3",
			})
		}
	}
	refuse("Next", cfg.Config.Next != nil)
	refuse("Binding", cfg.Config.Binding != nil)
	refuse("Demand", cfg.Config.Demand != nil)
	refuse("Client", cfg.Config.Client != nil)
	refuse("ErrorHandler", cfg.Config.ErrorHandler != nil)
	return errors.Join(errs...)
}

// For returns the guard for another purpose, such as "signup". It shares the settings, the storage and the routes of g.
// Neither guard accepts the other's challenges. Call it when the app starts. A purpose is at most 64 letters, digits, -
// and _; For panics on any other.
func (g *Guard) For(purpose string) *Guard { return &Guard{g.Guard.For(purpose), g.cfg} }
