package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/gofiber/fiber/v2/middleware/recover"
)

// Observer is told of each request that was answered. The text in method is lent for the call only.
type Observer func(method, route string, status int, took time.Duration)

// local names what is kept with a request.
type local int

const (
	localLogger local = iota
	localClient
	localSignedIn
)

// Observe gives each request an id, and logs and counts it when it has been answered. Instead of the path, the line has
// the route's pattern, because a path can contain a message's reference or a challenge's key. Of the visitor's address
// it has only a part.
func Observe(logger *slog.Logger, proxies Proxies, count Observer) fiber.Handler {
	strangers := strangers{logger: logger, proxies: proxies}
	return func(c *fiber.Ctx) error {
		start, id := time.Now(), rand.Text()
		strangers.notice(c)
		client := limit.Client(c)
		c.Locals(localLogger, logger.With("request_id", id))
		c.Locals(localClient, client)
		c.Set(fiber.HeaderXRequestID, id)
		if err := c.Next(); err != nil {
			if err := c.App().ErrorHandler(c, err); err != nil {
				return err
			}
		}
		pattern, status, took := route(c), c.Response().StatusCode(), time.Since(start)
		count(c.Method(), pattern, status, took)
		Logger(c).LogAttrs(context.Background(), slog.LevelInfo, "request",
			slog.String("method", c.Method()), slog.String("route", pattern), slog.Int("status", status),
			slog.Float64("took_ms", float64(took.Microseconds())/1000), slog.String("client", somewhere(client)))
		return nil
	}
}

// Logger returns the logger that Observe gave a request. It adds the request's id to each line.
func Logger(c *fiber.Ctx) *slog.Logger {
	if logger, ok := c.Locals(localLogger).(*slog.Logger); ok {
		return logger
	}
	return slog.Default() // a request that could not be read never came to Observe
}

// Client returns the address of the visitor who sent a request, as Observe found it.
func Client(c *fiber.Ctx) netip.Addr {
	client, _ := c.Locals(localClient).(netip.Addr)
	return client
}

// Recover turns a handler's panic into an error, and logs where it happened, because the error says only why.
func Recover() fiber.Handler {
	return recover.New(recover.Config{EnableStackTrace: true, StackTraceHandler: func(c *fiber.Ctx, _ any) {
		Logger(c).Error("a handler panicked", "stack", string(debug.Stack()))
	}})
}

// somewhere tells roughly where an address is: the network that a provider gives to many (IPv4) or to one site (IPv6).
func somewhere(addr netip.Addr) string {
	bits := 24
	if addr.Is6() {
		bits = 48
	}
	network, err := addr.Prefix(bits)
	if err != nil {
		return fmt.Sprint(err)
	}
	return network.String()
}

// route returns the pattern of the route that answered. The number of patterns is fixed, as a metric's label needs it
// to be.
func route(c *fiber.Ctx) string {
	// A request that no route answered was last seen by a middleware, and those are all at the root.
	if path := c.Route().Path; path != "/" || c.Path() == "/" {
		return path
	}
	return "none"
}
