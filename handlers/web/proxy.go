package web

import (
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"
)

// Proxies are the networks of the reverse proxies in front of the site: what they say of a client in X-Forwarded-For
// and X-Forwarded-Proto is believed. Nobody else's word is.
type Proxies []netip.Prefix

// UnmarshalText reads addresses and networks with commas between, as in "10.0.0.0/8,fd00::/8,192.0.2.7".
func (p *Proxies) UnmarshalText(text []byte) error {
	var all Networks
	if err := all.UnmarshalText(text); err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(network netip.Prefix) bool { return network.Bits() == 0 }) {
		return errors.New("a network of all addresses would believe anybody; accepted are the proxies' own")
	}
	*p = Proxies(all)
	return nil
}

// Networks are addresses and networks that an operator names.
type Networks []netip.Prefix

// UnmarshalText reads addresses and networks with commas between.
func (n *Networks) UnmarshalText(text []byte) error {
	for part := range strings.SplitSeq(string(text), ",") {
		part = strings.TrimSpace(part)
		network, err := netip.ParsePrefix(part)
		if addr, isAddr := netip.ParseAddr(part); isAddr == nil {
			network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return errors.New("accepted are addresses and networks with commas between, as in 10.0.0.0/8,fd00::/8,192.0.2.7")
		}
		if network.Addr().Is4In6() && network.Bits() >= 96 { // as the addresses of visitors, see plain
			network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96)
		}
		*n = append(*n, network.Masked())
	}
	return nil
}

// strings are the networks as Fiber wants them, for what it makes of X-Forwarded-Proto.
func (p Proxies) strings() []string {
	texts := make([]string, len(p))
	for i, network := range p {
		texts[i] = network.String()
	}
	return texts
}

func (p Proxies) trust(addr netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(addr) })
}

// Client returns the address that a request came from. A proxy appends the one that it saw to X-Forwarded-For, so the
// list is read from its end, past the proxies that are trusted, to the first that is not. What stands to the left of
// that is the client's own claim, and so is all of it where the peer itself is no trusted proxy.
func (p Proxies) Client(peer netip.Addr, forwarded []string) netip.Addr {
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !p.trust(peer) {
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

// plain makes one address of its several forms: IPv4 within IPv6, and IPv6 with the name of a local interface.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

// of returns the address of the visitor who sent a request.
func (p Proxies) of(c *fiber.Ctx) netip.Addr {
	peer, _ := netip.AddrFromSlice(c.Context().RemoteIP())
	var forwarded []string
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) {
		forwarded = append(forwarded, string(line))
	}
	return p.Client(plain(peer), forwarded)
}

// strangers reports, once, that somebody who is no trusted proxy says on whose behalf it asks. A proxy that was not
// named makes one client of all visitors, so that one of them uses up the limits of all. Mostly such a proxy is in a
// private network, and bots from elsewhere can't make the report come too early there.
type strangers struct {
	logger          *slog.Logger
	proxies         Proxies
	private, public sync.Once
}

var forwarding = []string{fiber.HeaderXForwardedFor, fiber.HeaderXForwardedProto, "Forwarded"}

func (s *strangers) notice(c *fiber.Ctx) {
	if !slices.ContainsFunc(forwarding, func(name string) bool { return len(c.Request().Header.Peek(name)) > 0 }) {
		return
	}
	peer, _ := netip.AddrFromSlice(c.Context().RemoteIP())
	if peer = plain(peer); s.proxies.trust(peer) {
		return
	}
	if peer.IsPrivate() || peer.IsLoopback() {
		s.private.Do(func() {
			s.logger.Warn("a peer that is not trusted sends headers of a proxy, which are ignored, so that all that it sends counts as one "+
				"visitor's; if it is your proxy, set TRUSTED_PROXIES to its address", "peer", peer.String())
		})
		return
	}
	s.public.Do(func() {
		s.logger.Warn("a peer that is not trusted sends headers of a proxy, which are ignored; if it is your proxy, set TRUSTED_PROXIES to "+
			"its address", "peer", somewhere(peer))
	})
}
