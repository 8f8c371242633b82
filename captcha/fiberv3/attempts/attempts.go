// Package attempts is the package captcha/attempts for apps on Fiber v3. The manual is there.
//
//	logins := attempts.New(attempts.Config{Guard: guard.For("login")})
package attempts

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/gofiber/fiber/v3"

	"github.com/fibercaptcha/fibercaptcha/captcha/attempts"
	"github.com/fibercaptcha/fibercaptcha/captcha/fiberv3"
	"github.com/fibercaptcha/fibercaptcha/captcha/fiberv3/internal/client"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// ErrFailed says that a try was made and did not succeed.
var ErrFailed = attempts.ErrFailed

// Config holds the settings of attempts: those of captcha/attempts, except that Guard and Network are fields of this
// Config.
type Config struct {
	// Config holds all other settings.
	attempts.Config

	// Guard asks for the captcha and judges it, by its Check.
	//
	// Required
	Guard *fiberv3.Guard

	// Network names the network that a request comes from.
	//
	// Optional. Default: an IPv4 address or an IPv6 /56, of the address that limit.Config.Client has by default
	Network func(c fiber.Ctx) string
}

// Attempts counts tries.
type Attempts struct {
	cfg   Config
	inner *attempts.Attempts
}

// New returns attempts with these settings. It panics with the error that NewAttempts returns.
func New(config Config) *Attempts {
	a, err := NewAttempts(config)
	if err != nil {
		panic(fmt.Errorf("attempts: %w", err))
	}
	return a
}

// NewAttempts returns attempts with these settings. Its error wraps a *setting.Error, or several.
func NewAttempts(config Config) (*Attempts, error) {
	cfg := config
	var errs []error
	refuse := func(field string, set bool) {
		if set {
			errs = append(errs, &setting.Error{Field: "Config." + field, Value: "one of Fiber v2", Accepted: "nil; set attempts.Config." + field})
		}
	}
	refuse("Guard", cfg.Config.Guard != nil)
	refuse("Network", cfg.Config.Network != nil)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if cfg.Guard != nil {
		cfg.Config.Guard = cfg.Guard.Guard
	}
	if cfg.Network == nil {
		cfg.Network = func(c fiber.Ctx) string {
			return attempts.NetworkOf(client.Of(c))
		}
	}
	inner, err := attempts.NewAttempts(cfg.Config)
	if err != nil {
		return nil, err
	}
	return &Attempts{cfg, inner}, nil
}

// NetworkOf names the network of an address, for Config.Network: an IPv4 address, or the IPv6 /56 that one customer
// has. The zero Addr is "".
func NetworkOf(addr netip.Addr) string { return attempts.NetworkOf(addr) }

// Try makes one try for an account. See captcha/attempts.
func (a *Attempts) Try(c fiber.Ctx, account string, try func() (bool, error)) (needed bool, err error) {
	return a.inner.TryFrom(c.Context(), a.cfg.Network(c), account, func() error { return a.cfg.Guard.Check(c) }, try)
}
