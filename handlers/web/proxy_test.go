package web_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

func TestProxiesClient(t *testing.T) {
	const proxy, inner = "10.0.0.1", "10.0.0.2" // trusted, as is all of 10.0.0.0/8 and fd00::/8
	tests := []struct{ name, peer, forwarded, want string }{
		{"no header", proxy, "", proxy},
		{"one hop", proxy, "192.0.2.7", "192.0.2.7"},
		{"spoofed, then what the proxy saw", proxy, "198.51.100.1, 192.0.2.7", "192.0.2.7"},
		{"spoofed as a proxy", proxy, "10.9.9.9, 192.0.2.7", "192.0.2.7"},
		{"two proxies", proxy, "198.51.100.1, 192.0.2.7, " + inner, "192.0.2.7"},
		{"header in two lines", proxy, "192.0.2.7|" + inner, "192.0.2.7"},
		{"a visitor within the network", proxy, "10.3.3.3", "10.3.3.3"},
		{"a stranger claims to be a proxy", "192.0.2.9", "198.51.100.1", "192.0.2.9"},
		{"a stranger names a proxy", "192.0.2.9", "198.51.100.1, " + proxy, "192.0.2.9"},
		{"garbage", proxy, "unknown", proxy},
		{"garbage to the left", proxy, "\x00, 192.0.2.7", "192.0.2.7"},
		{"empty hop", proxy, "192.0.2.7,", proxy},
		{"with a port", proxy, "192.0.2.7:4711", "192.0.2.7"},
		{"IPv6", "fd00::1", "2001:db8::7", "2001:db8::7"},
		{"IPv6 in brackets", "fd00::1", "[2001:db8::7]", "2001:db8::7"},
		{"IPv6 with a port", "fd00::1", "[2001:db8::7]:4711", "2001:db8::7"},
		{"IPv6 with a zone", "fd00::1", "fe80::1%eth0", "fe80::1"},
		{"IPv4 within IPv6", proxy, "::ffff:192.0.2.7", "192.0.2.7"},
	}
	proxies := mustProxies(t, "10.0.0.0/8, fd00::/8")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := proxies.Client(netip.MustParseAddr(test.peer), strings.Split(test.forwarded, "|"))
			if got != netip.MustParseAddr(test.want) {
				t.Errorf("client is %s, want %s", got, test.want)
			}
		})
	}
}

// A network of IPv4 is the same however it is written.
func TestNetworksOfIPv4WithinIPv6(t *testing.T) {
	for _, text := range []string{"::ffff:10.0.0.1", "::ffff:10.0.0.0/104"} {
		if got := mustProxies(t, text).Client(netip.MustParseAddr("10.0.0.1"), []string{"192.0.2.7"}); got != netip.MustParseAddr("192.0.2.7") {
			t.Errorf("%s: client is %s", text, got)
		}
	}
}

func TestProxiesRefuse(t *testing.T) {
	for _, text := range []string{"", "proxy", "10.0.0.0/33", "10.0.0.1,,10.0.0.2", "10.0.0.0-10.0.0.9", "0.0.0.0/0", "::/0", "::ffff:0:0/96"} {
		var proxies web.Proxies
		if err := proxies.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "accepted are") {
			t.Errorf("%q: error is %v, want one that says what is accepted", text, err)
		}
	}
}

// Whatever a visitor sends, the address that a trusted proxy adds behind it counts; and without trusted proxies nothing
// that is sent does.
func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{"", "10.0.0.1", "::1, unknown", "[::1]:80,\x00", ",,,", "1.2.3.4:", "fe80::1%eth0, 10.0.0.1"} {
		f.Add(seed)
	}
	proxy, visitor := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("192.0.2.7")
	proxies := mustProxies(f, "10.0.0.0/8")
	f.Fuzz(func(t *testing.T, sent string) {
		for _, lines := range [][]string{{sent, visitor.String()}, {sent + "," + visitor.String()}, {sent, visitor.String(), "10.0.0.2"}} {
			if got := proxies.Client(proxy, lines); got != visitor {
				t.Errorf("%q: client is %s", lines, got)
			}
		}
		if got := (web.Proxies)(nil).Client(visitor, []string{sent}); got != visitor {
			t.Errorf("%q without proxies: client is %s", sent, got)
		}
		proxies.Client(proxy, []string{sent})
	})
}

func mustProxies(t testing.TB, text string) (proxies web.Proxies) {
	t.Helper()
	if err := proxies.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return proxies
}
