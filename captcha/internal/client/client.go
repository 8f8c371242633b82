// Package client finds the address that a request comes from.
package client

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Of returns the address that a request to a Fiber app comes from. It is c.IP(), unless the app trusts the peer as a
// proxy. Then c.IP() is whatever stands first in the proxy's header, and that is what the visitor has put there before
// the proxy appended to it.
func Of(c *fiber.Ctx) netip.Addr {
	cfg := c.App().Config()
	if cfg.ProxyHeader == "" || !c.IsProxyTrusted() {
		addr, _ := netip.ParseAddr(c.IP())
		return addr
	}
	return Behind(c.Context(), cfg.ProxyHeader, func(addr netip.Addr) bool {
		return cfg.EnableTrustedProxyCheck && Listed(addr, cfg.TrustedProxies)
	})
}

// Behind returns the address that a proxy, which is the request's peer, names in a header. A proxy appends the one that
// it saw, so the header is read from its end, past the proxies that are trusted, to the first that is not. It is the
// peer's where the header has none.
func Behind(r *fasthttp.RequestCtx, header string, trusted func(netip.Addr) bool) netip.Addr {
	addr, _ := netip.AddrFromSlice(r.RemoteIP())
	addr = plain(addr)
	for _, line := range slices.Backward(r.Request.Header.PeekAll(header)) {
		for _, hop := range slices.Backward(strings.Split(string(line), ",")) {
			next, ok := parse(hop)
			if !ok {
				return addr
			}
			if addr = next; !trusted(addr) {
				return addr
			}
		}
	}
	return addr
}

// Listed reports whether one of the proxies, which are addresses and networks, is or has an address.
func Listed(addr netip.Addr, proxies []string) bool {
	return slices.ContainsFunc(proxies, func(proxy string) bool {
		if network, err := netip.ParsePrefix(proxy); err == nil {
			return network.Contains(addr)
		}
		listed, err := netip.ParseAddr(proxy)
		return err == nil && plain(listed) == addr
	})
}

// parse reads one address of a header, which some proxies write with a port.
func parse(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	if withPort, err := netip.ParseAddrPort(hop); err == nil {
		return plain(withPort.Addr()), true
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(hop, "["), "]"))
	return plain(addr), err == nil
}

// plain makes one address of its several forms: IPv4 within IPv6, and IPv6 with the name of a local interface.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }
