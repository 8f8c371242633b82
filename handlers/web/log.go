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
	"github.com/gofiber/fiber/v2/middleware/recover"
)

// Observer is told of each request that was answered. The method is lent for the call.
type Observer func(method, route string, status int, took time.Duration)

// local names what is kept with a request.
type local int

const (
	localLogger local = iota
	localClient
	localSignedIn
)

// Observe gives each request an id, and logs and counts it when it has been answered. A line has the route's pattern in
// place of the path, for a path can hold a receipt's reference or a challenge's key, and a part of the visitor's
// address.
func Observe(logger *slog.Logger, proxies Proxies, count Observer) fiber.Handler {
	strangers := strangers{logger: logger, proxies: proxies}
	return func(c *fiber.Ctx) error {
		start, id := time.Now(), rand.Text()
		strangers.notice(c)
		client := proxies.of(c)
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

// Logger returns the one that Observe gave a request, which adds the request's id to what is logged.
func Logger(c *fiber.Ctx) *slog.Logger {
	if logger, ok := c.Locals(localLogger).(*slog.Logger); ok {
		return logger
	}
	return slog.Default() // a request that could not be read never came to Observe
}

// Client returns the address of the visitor who sent a request, which Observe found out.
func Client(c *fiber.Ctx) netip.Addr {
	client, _ := c.Locals(localClient).(netip.Addr)
	return client
}

// Recover makes an error of a handler's panic, and logs its place: the error says no more than why.
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

// route returns the pattern of the route that answered. There are only so many, which a metric's label needs.
func route(c *fiber.Ctx) string {
	// What no route answered was last seen by one of the middlewares, which are all at the root.
	if path := c.Route().Path; path != "/" || c.Path() == "/" {
		return path
	}
	return "none"
}
