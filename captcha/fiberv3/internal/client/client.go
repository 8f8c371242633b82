// Package client finds the address that a request to an app of Fiber v3 comes from.
package client

import (
	"net/netip"

	"github.com/gofiber/fiber/v3"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/client"
)

// Of returns the address that a request comes from. It is c.IP(), unless the app trusts the peer as a proxy. Then it is
// the last address in the proxy's header that is no trusted proxy's.
func Of(c fiber.Ctx) netip.Addr {
	cfg := c.App().Config()
	if cfg.ProxyHeader == "" || !c.IsProxyTrusted() {
		addr, _ := netip.ParseAddr(c.IP())
		return addr
	}
	trust := cfg.TrustProxyConfig
	return client.Behind(c.RequestCtx(), cfg.ProxyHeader, func(addr netip.Addr) bool {
		return trust.Loopback && addr.IsLoopback() || trust.Private && addr.IsPrivate() ||
			trust.LinkLocal && addr.IsLinkLocalUnicast() || client.Listed(addr, trust.Proxies)
	})
}
