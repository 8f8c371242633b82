package web

import (
	"fmt"
	"net/netip"
	"testing"
)

// One client may have its share of connections open. A /56 or a /48, all of which one customer may have, gets a few
// shares.
func TestConnectionsOfEachNetwork(t *testing.T) {
	const most = 3
	for _, row := range []struct {
		name    string
		address string // with a place for a number
		want    int
	}{
		{"an IPv4 address", "192.0.2.1", most},
		{"two hundred IPv4 addresses", "192.0.2.%d", 200},
		{"a /64", "2001:db8::%x", most},
		{"a /56", "2001:db8:0:%x::1", 4 * most},
		{"a /48", "2001:db8:0:%x00::1", 16 * most},
		{"other /48s", "2001:db8:%x::1", 200},
	} {
		l := &limitedListener{most: most, open: make(map[netip.Prefix]int)}
		var open []netip.Addr
		for i := range 200 {
			address := row.address
			if row.name != "an IPv4 address" {
				address = fmt.Sprintf(row.address, i)
			}
			if addr := netip.MustParseAddr(address); l.enter(addr) {
				open = append(open, addr)
			}
		}
		if len(open) != row.want {
			t.Errorf("%s: %d are open, not %d", row.name, len(open), row.want)
		}
		for _, addr := range open {
			l.leave(addr)
		}
		if len(l.open) != 0 {
			t.Errorf("%s: when all are closed there are still %v", row.name, l.open)
		}
	}
}
