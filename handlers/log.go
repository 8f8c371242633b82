package handlers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"
)

// LogFormat is "text" or "json".
type LogFormat string

// UnmarshalText refuses any other.
func (f *LogFormat) UnmarshalText(text []byte) error {
	if *f = LogFormat(text); *f != "text" && *f != "json" {
		return errors.New("accepted is text or json")
	}
	return nil
}

// LogLevel is the least level that is logged.
type LogLevel struct{ slog.Level }

// UnmarshalText says what is accepted, which slog does not.
func (l *LogLevel) UnmarshalText(text []byte) error {
	if err := l.Level.UnmarshalText(text); err != nil {
		return errors.New("accepted is debug, info, warn or error")
	}
	return nil
}

// NewLogger returns the logger that the settings describe.
func (s Settings) NewLogger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.LogLevel.Level}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// localID is the name under which a request's id is kept with it.
const localID = "request_id"

// observe gives each request an id, and logs and counts it when it has been answered. A line has the route's pattern in
// place of the path, for a path can hold a receipt's reference or a challenge's key, and a part of the visitor's address.
func (s *site) observe(c *fiber.Ctx) error {
	start := time.Now()
	id := rand.Text()
	c.Locals(localID, id)
	c.Set(fiber.HeaderXRequestID, id)
	if s.stopping() {
		c.Response().SetConnectionClose()
	}
	if err := c.Next(); err != nil {
		if err := c.App().ErrorHandler(c, err); err != nil {
			return err
		}
	}
	pattern, status, took := route(c), c.Response().StatusCode(), time.Since(start)
	s.Metrics.request(c.Method(), pattern, status, took)
	s.logger(c).LogAttrs(context.Background(), slog.LevelInfo, "request",
		slog.String("method", c.Method()), slog.String("route", pattern), slog.Int("status", status),
		slog.Float64("took_ms", float64(took.Microseconds())/1000), slog.String("client", somewhere(s.client(c))))
	return nil
}

// logger adds the request's id to what is logged.
func (s *site) logger(c *fiber.Ctx) *slog.Logger {
	id, _ := c.Locals(localID).(string)
	return s.Logger.With("request_id", id)
}

// panicked logs where a handler panicked: the error that becomes of it says no more than why.
func (s *site) panicked(c *fiber.Ctx, _ any) {
	s.logger(c).Error("a handler panicked", "stack", string(debug.Stack()))
}

// stopping reports whether the process has been told to end.
func (s *site) stopping() bool { return s.Stopping != nil && s.Stopping() }

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
