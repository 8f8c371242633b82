package web_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

// A network of IPv4 is the same however it is written.
func TestNetworksOfIPv4WithinIPv6(t *testing.T) {
	for _, text := range []string{"::ffff:10.0.0.1", "::ffff:10.0.0.0/104"} {
		var networks web.Networks
		if err := networks.UnmarshalText([]byte(text)); err != nil || !networks[0].Contains(netip.MustParseAddr("10.0.0.1")) {
			t.Errorf("%s: %v, %v", text, networks, err)
		}
	}
}

func TestProxiesRefuse(t *testing.T) {
	for _, text := range []string{"", "proxy", "10.0.0.0/33", "10.0.0.1,,10.0.0.2", "10.0.0.0-10.0.0.9", "0.0.0.0/0", "::/0", "::ffff:0:0/96"} {
		var proxies web.Proxies
		if err := proxies.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "must be ") {
			t.Errorf("%q: error is %v, want one that says what is accepted", text, err)
		}
	}
}
