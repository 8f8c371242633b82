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

// Proxies are the networks of the reverse proxies in front of the site. What they say about a client in X-Forwarded-For
// and X-Forwarded-Proto is believed, and what anybody else says there is not.
type Proxies []netip.Prefix

// UnmarshalText reads addresses and networks with commas between, as in "10.0.0.0/8,fd00::/8,192.0.2.7".
func (p *Proxies) UnmarshalText(text []byte) error {
	var all Networks
	if err := all.UnmarshalText(text); err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(network netip.Prefix) bool { return network.Bits() == 0 }) {
		return errors.New("must be the addresses and networks of your proxies; a network of all addresses would trust anybody")
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
			return errors.New("must be addresses and networks with commas between, as in 10.0.0.0/8,fd00::/8,192.0.2.7")
		}
		if network.Addr().Is4In6() && network.Bits() >= 96 { // as the addresses of visitors, see plain
			network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96)
		}
		*n = append(*n, network.Masked())
	}
	return nil
}

// strings returns the networks as Fiber needs them for X-Forwarded-Proto.
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

// plain brings an address to one form: IPv4 within IPv6 becomes IPv4, and IPv6 loses the name of a local interface.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

// strangers reports, once, that a peer which is not a trusted proxy sends a proxy's headers. If a proxy was not named,
// all visitors count as one client, so that one of them can use up the limits of all. Such a proxy is mostly in a
// private network. The report about private peers is a separate one, because bots can send these headers from public
// addresses and so set off only the other report.
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
			s.logger.Warn("a client that is not a trusted proxy sends a proxy's headers; they are ignored, so all of its requests count as one "+
				"visitor's; if it is your proxy, set TRUSTED_PROXIES to its address", "peer", peer.String())
		})
		return
	}
	s.public.Do(func() {
		s.logger.Warn("a client that is not a trusted proxy sends a proxy's headers, which are ignored; if it is your proxy, set "+
			"TRUSTED_PROXIES to its address", "peer", somewhere(peer))
	})
}
