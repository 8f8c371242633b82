package handlers

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"
)

// readyTime is how long the storage may take to say that it is there. It is less than the second or more that balancers
// and orchestrators commonly wait for an answer.
const readyTime = 900 * time.Millisecond

// live answers as long as the process serves: one that does not should be restarted. It asks no other part, for restarting
// this one mends none of them.
func (s *site) live(c *fiber.Ctx) error { return c.SendString("ok\n") }

// ready answers 200 while new requests can be served, and 503 while the storage is away or the process is stopping: send
// them elsewhere.
func (s *site) ready(c *fiber.Ctx) error {
	if s.stopping() {
		return c.Status(fiber.StatusServiceUnavailable).SendString("stopping\n")
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), readyTime)
	defer cancel()
	if err := s.Storage.Ping(ctx); err != nil {
		s.Logger.Warn("not ready", "error", err)
		return c.Status(fiber.StatusServiceUnavailable).SendString("storage: away\n")
	}
	return c.SendString("ok\n")
}

// Healthcheck asks the site that listens at addr whether it lives. It is for containers, which have no curl.
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
