package web

import (
	"net/netip"
	"sync"
)

// shares divides something scarce. One network gets at most a share of it, so that it can't take what the others need.
type shares struct {
	most, share int

	mu      sync.Mutex
	taken   int
	takenBy map[netip.Prefix]int
}

func newShares(most, share int) *shares {
	return &shares{most: most, share: share, takenBy: make(map[netip.Prefix]int)}
}

// take takes n for a client, and reports whether that much was left.
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

// neighbours returns the addresses around client that one party is likely to control: an IPv4 /24, or the IPv6 /48 that
// is the most that providers commonly give to one customer.
func neighbours(addr netip.Addr) netip.Prefix {
	bits := 24
	if addr.Is6() {
		bits = 48
	}
	network, _ := addr.Prefix(bits) // the zero Prefix if the address is not known
	return network
}
