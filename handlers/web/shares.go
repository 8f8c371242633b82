package web

import (
	"net/netip"
	"sync"
)

// shares divides something scarce: of all that there is one network has at most a share, so that it can't eat the
// others'.
type shares struct {
	most, share int

	mu      sync.Mutex
	taken   int
	takenBy map[netip.Prefix]int
}

func newShares(most, share int) *shares {
	return &shares{most: most, share: share, takenBy: make(map[netip.Prefix]int)}
}

// take takes n for a client, and reports whether there was so much left.
func (s *shares) take(client netip.Addr, n int) bool {
	network := neighbours(client)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken+n > s.most || s.takenBy[network]+n > s.share {
		return false
	}
	s.taken += n
	s.takenBy[network] += n
	return true
}

func (s *shares) giveBack(client netip.Addr, n int) {
	network := neighbours(client)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken -= n
	if s.takenBy[network] -= n; s.takenBy[network] == 0 {
		delete(s.takenBy, network)
	}
}

// neighbours are the addresses that one party is likely to have all of: a /24 of IPv4, and the /48 that is the most
// which providers of IPv6 commonly give to one customer.
func neighbours(addr netip.Addr) netip.Prefix {
	bits := 24
	if addr.Is6() {
		bits = 48
	}
	network, _ := addr.Prefix(bits) // the zero Prefix of an address that is not known
	return network
}
