// Package attempts asks for a captcha at a login only after some tries have failed for the account or from the network.
//
//	logins := attempts.New(attempts.Config{Guard: guard.For("login"), Storage: storage})
//
//	app.Post("/login", func(c *fiber.Ctx) error {
//		email := c.FormValue("email")
//		needed, err := logins.Try(c, email, func() (bool, error) { return passwords.Match(email, c.FormValue("password")) })
//		if err != nil {
//			return showLogin(c, needed, err) // with the captcha's field, if needed
//		}
//		return c.Redirect("/account")
//	})
//
// A try is counted before it is made, in one step of the storage that all replicas share. A thousand tries at once
// therefore count as a thousand. Accounts that do not exist are counted like those that do, so a bot learns nothing
// from being asked for a captcha.
package attempts

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/internal/client"
	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// Config holds the settings of attempts.
type Config struct {
	// Guard asks for the captcha and judges it, by its Check.
	//
	// Required
	Guard *captcha.Guard

	// Storage counts the tries. All replicas share one storage. A storage that implements captcha.Counter counts in one
	// step for all of them. Any other fiber.Storage counts exactly within one process only, which is logged at start. If
	// the storage can't count a try, the try is refused. If it is memory that is full, every try has to bring a captcha
	// until there is room again.
	//
	// Optional. Default: the guard's Storage, or if it has none, bounded memory of this process with room for 200,000
	// accounts and networks
	Storage fiber.Storage

	// Free is how many tries an account has in a Window without a captcha, 1 to 1000. A success gives the account all
	// of them back.
	//
	// Optional. Default: 3
	Free int

	// FreeOfNetwork is the same for a network, 1 to 100,000. A success gives none of them back, because a bot may have an
	// account of its own.
	//
	// Optional. Default: 20
	FreeOfNetwork int

	// Window is how long tries are counted together, from the first one on: 1 second to 24 hours.
	//
	// Optional. Default: 15 * time.Minute
	Window time.Duration

	// Network names the network that a request comes from. An empty name means that it is not known; all such requests
	// count as one network.
	//
	// Optional. Default: an IPv4 address or an IPv6 /56, of the address that limit.Config.Client has by default
	Network func(c *fiber.Ctx) string

	// Logger gets a warning about a Storage that can't count in one step.
	//
	// Optional. Default: slog.Default()
	Logger *slog.Logger
}

// ConfigDefault is the default Config, except for Guard.
var ConfigDefault = Config{Free: 3, FreeOfNetwork: 20, Window: 15 * time.Minute}

// ErrFailed says that a try was made and did not succeed. A form's captcha field shows no message for it.
var ErrFailed error = failed{}

type failed struct{}

func (failed) Error() string { return "attempts: the try failed" }

// NotOfCaptcha marks the error, so that captcha.Guard.Message does not take it for a failure of the captcha.
func (failed) NotOfCaptcha() {}

// Attempts counts tries.
type Attempts struct {
	cfg     Config
	storage keep.Storage
	plain   fiber.Storage
}

// New returns attempts with these settings. It panics with the error that NewAttempts returns.
func New(config Config) *Attempts {
	a, err := NewAttempts(config)
	if err != nil {
		panic(fmt.Errorf("attempts: %w", err))
	}
	return a
}

// NewAttempts returns attempts with these settings. Its error is a *setting.Error.
func NewAttempts(config Config) (*Attempts, error) {
	cfg := withDefaults(config)
	switch {
	case cfg.Guard == nil:
		return nil, &setting.Error{Field: "Guard", Value: "nil", Accepted: "a guard"}
	case cfg.Free < 1 || cfg.Free > 1000:
		return nil, setting.Refuse("Free", cfg.Free, "1 to 1000 tries")
	case cfg.FreeOfNetwork < 1 || cfg.FreeOfNetwork > 100_000:
		return nil, setting.Refuse("FreeOfNetwork", cfg.FreeOfNetwork, "1 to 100000 tries")
	case cfg.Window < time.Second || cfg.Window > 24*time.Hour:
		return nil, setting.Refuse("Window", cfg.Window, "1s to 24h")
	}
	if lacks := keep.Lacks(cfg.Storage, "Count"); len(lacks) > 0 {
		cfg.Logger.Warn("attempts: the storage can't count in one step, so a try may go uncounted when several processes count at once; " +
			"set Config.Storage to one that has Count")
	}
	return &Attempts{cfg, keep.Wrap(cfg.Storage), cfg.Storage}, nil
}

func withDefaults(cfg Config) Config {
	if cfg.Storage == nil && cfg.Guard != nil {
		cfg.Storage = cfg.Guard.Storage()
	}
	if cfg.Storage == nil {
		cfg.Storage = memory.New(memory.Config{Entries: 200_000})
	}
	if cfg.Free == 0 {
		cfg.Free = ConfigDefault.Free
	}
	if cfg.FreeOfNetwork == 0 {
		cfg.FreeOfNetwork = ConfigDefault.FreeOfNetwork
	}
	if cfg.Window == 0 {
		cfg.Window = ConfigDefault.Window
	}
	if cfg.Network == nil {
		cfg.Network = network
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return cfg
}

func network(c *fiber.Ctx) string { return NetworkOf(client.Of(c)) }

// NetworkOf names the network of an address, for Config.Network: an IPv4 address, or the IPv6 /56 that one customer
// has. The zero Addr is "".
func NetworkOf(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	addr = addr.Unmap().WithZone("")
	bits := 56
	if addr.Is4() {
		bits = 32
	}
	prefix, _ := addr.Prefix(bits)
	return prefix.String()
}

// Try makes one try for an account. Upper and lower case in the account's name count as the same, and white space
// around it is ignored. If the account or the request's network has no free tries left, the request has to bring a
// captcha before try is called. needed says, after a try that failed, whether the next one will have to bring one.
//
// The error is nil if try returned true, and ErrFailed if it returned false. It is try's own error if try returned one,
// one of the guard's if the captcha was refused and nothing was tried, or captcha.ErrStorage.
func (a *Attempts) Try(c *fiber.Ctx, account string, try func() (bool, error)) (needed bool, err error) {
	return a.TryFrom(c.UserContext(), a.cfg.Network(c), account, func() error { return a.cfg.Guard.Check(c) }, try)
}

// TryFrom is Try for routers other than Fiber v2. network is the one that the request comes from, and check says
// whether it brings a captcha, as [captcha.Guard.Check] does.
func (a *Attempts) TryFrom(ctx context.Context, network, account string, check func() error, try func() (bool, error)) (needed bool, err error) {
	account = name("account", strings.ToLower(strings.TrimSpace(account)))
	tries, err := a.count(ctx, account)
	if err != nil {
		return false, err
	}
	ofNetwork, err := a.count(ctx, name("network", network))
	if err != nil {
		return false, err
	}
	if tries > int64(a.cfg.Free) || ofNetwork > int64(a.cfg.FreeOfNetwork) {
		if err := check(); err != nil {
			return true, err
		}
	}
	ok, err := try()
	if err != nil {
		return false, err
	}
	if ok {
		return false, storageError(a.plain.Delete(account))
	}
	return tries >= int64(a.cfg.Free) || ofNetwork >= int64(a.cfg.FreeOfNetwork), ErrFailed
}

func (a *Attempts) count(ctx context.Context, name string) (int64, error) {
	n, err := a.storage.Count(ctx, name, a.cfg.Window)
	if errors.Is(err, memory.ErrFull) {
		return math.MaxInt64, nil // everybody brings the captcha until there is room to count again
	}
	return n, storageError(err)
}

// name returns a name in the storage. It is equally short for every account, and an account can't be found from it.
func name(kind, text string) string {
	hash := sha256.Sum256([]byte(kind + " " + text))
	return "attempts_" + base64.RawURLEncoding.EncodeToString(hash[:15])
}

func storageError(cause error) error {
	if cause == nil {
		return nil
	}
	return &captcha.Error{
		Reason: captcha.StorageFailed,
		Status: http.StatusServiceUnavailable,
		Detail: "This can't be checked at the moment. Try again in a few seconds.",
		Cause:  cause,
	}
}
