package web

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

// readyTime is how long the storage may take to say that it is there. It is less than the second or more that balancers
// and orchestrators commonly wait for an answer.
const readyTime = 900 * time.Millisecond

// Live answers as long as the process serves requests. A process that does not answer should be restarted. Live asks
// nothing outside the process, because restarting the process would mend nothing there.
func Live(c *fiber.Ctx) error { return c.SendString("ok\n") }

// Ready answers 200 while new requests can be served. It answers 503 while the storage is down or full, or the process
// is stopping: requests should then be sent elsewhere.
func Ready(logger *slog.Logger, stopping func() bool, try func(context.Context) error) fiber.Handler {
	asked := &lately{try: func() error {
		ctx, cancel := context.WithTimeout(context.Background(), readyTime)
		defer cancel()
		return try(ctx)
	}, changed: func(err error) {
		if err != nil {
			logger.Warn("not ready", "error", err)
		} else {
			logger.Info("ready again")
		}
	}}
	return func(c *fiber.Ctx) error {
		if stopping() {
			return c.Status(fiber.StatusServiceUnavailable).SendString("stopping\n")
		}
		if err := asked.result(); err != nil {
			return c.Status(fiber.StatusServiceUnavailable).SendString("storage not available\n")
		}
		return c.SendString("ok\n")
	}
}

// lately tries something at most once in a while, however often it is asked, because a route that everybody can reach
// must not cost more than that.
type lately struct {
	try     func() error
	changed func(err error) // is called when the outcome changes, and not at each failure

	mu   sync.Mutex
	at   time.Time
	last error
}

const aWhile = 100 * time.Millisecond

func (l *lately) result() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.at) > aWhile {
		before := l.last
		l.last = l.try()
		l.at = time.Now()
		if (before == nil) != (l.last == nil) {
			l.changed(l.last)
		}
	}
	return l.last
}

// CloseWhile makes clients connect anew while the process is stopping, so that a balancer sends them elsewhere.
func CloseWhile(stopping func() bool) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if stopping() {
			c.Response().SetConnectionClose()
		}
		return c.Next()
	}
}

// Healthcheck asks the site that listens at addr whether it is alive. It is for containers, which have no curl.
func Healthcheck(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("ADDR: %w", err)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	client := http.Client{Timeout: 2 * time.Second}
	response, err := client.Get("http://" + net.JoinHostPort(host, port) + "/livez")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("/livez: %s", response.Status)
	}
	return nil
}
