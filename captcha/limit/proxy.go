package limit

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// Behind returns a function for Config.Client, here and in the package captcha, that finds the visitor's address behind
// reverse proxies: the app's own, by their addresses and networks. It reads X-Forwarded-For, to which each proxy appends
// the address that it saw, and believes no more of it than those proxies wrote:
//
//	client := limit.Behind(netip.MustParsePrefix("10.0.0.0/8"))
//
// The package captcha/attempts takes it as Network: func(c *fiber.Ctx) string { return attempts.NetworkOf(client(c)) }.
//
// Fiber's own ProxyHeader is no substitute, because it takes X-Forwarded-For as it came: a client that sends the header
// itself then has any address that it likes, or shares one with everybody.
//
// Behind panics with a *setting.Error if a network is not valid, or contains every address and so would trust anybody.
func Behind(proxies ...netip.Prefix) func(c *fiber.Ctx) netip.Addr {
	for _, network := range proxies {
		if !network.IsValid() || network.Bits() == 0 {
			panic(setting.Refuse("Behind", network, "the addresses and networks of the app's own proxies"))
		}
	}
	return func(c *fiber.Ctx) netip.Addr {
		var forwarded []string
		for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) {
			forwarded = append(forwarded, string(line))
		}
		peer, _ := netip.AddrFromSlice(c.Context().RemoteIP())
		return ClientOf(peer, forwarded, proxies...)
	}
}

// ClientOf is what Behind does, for other routers than Fiber v2: it returns the address of the client whose request
// came from peer, with these lines of X-Forwarded-For. It reads the list from its end, past the proxies, to the first
// address that is not one of them. What is to the left of that is the client's own claim. If the peer itself is no
// proxy, the whole list is.
func ClientOf(peer netip.Addr, forwarded []string, proxies ...netip.Prefix) netip.Addr {
	peer = plain(peer)
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !slices.ContainsFunc(proxies, func(network netip.Prefix) bool { return network.Contains(peer) }) {
			break
		}
		addr, ok := parseHop(hop)
		if !ok {
			break
		}
		peer = addr
	}
	return peer
}

// parseHop reads one address of X-Forwarded-For, which some proxies write with a port.
func parseHop(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	if withPort, err := netip.ParseAddrPort(hop); err == nil {
		return plain(withPort.Addr()), true
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(hop, "["), "]"))
	return plain(addr), err == nil
}

// plain brings an address to one form: IPv4 within IPv6 becomes IPv4, and IPv6 loses the name of a local interface.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }
