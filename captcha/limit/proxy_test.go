package limit_test

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// What a client writes into the header itself is its own claim, and never its address.
func TestClientBehindProxies(t *testing.T) {
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
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := limit.ClientOf(netip.MustParseAddr(test.peer), strings.Split(test.forwarded, "|"), trusted...)
			if got != netip.MustParseAddr(test.want) {
				t.Errorf("client is %s, want %s", got, test.want)
			}
		})
	}
}

// A client behind a proxy has one allowance, whatever addresses it claims to have, and another client has its own.
func TestBehindAProxy(t *testing.T) {
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	client := limit.Behind(netip.MustParsePrefix("127.0.0.0/8"))
	app.Get("/", limit.New(limit.Config{Rate: limit.Rate{Count: 2, Per: time.Hour}, Client: client}), func(c *fiber.Ctx) error { return nil })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go app.Listener(listener)
	defer app.Shutdown()
	get := func(forwarded ...string) int {
		t.Helper()
		request, err := http.NewRequest("GET", "http://"+listener.Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header["X-Forwarded-For"] = forwarded
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	for i, row := range []struct {
		forwarded []string
		want      int
	}{
		{[]string{"198.51.100.1, 203.0.113.7"}, 200},
		{[]string{"198.51.100.2", "203.0.113.7"}, 200},
		{[]string{"198.51.100.3, 203.0.113.7"}, 429},
		{[]string{"203.0.113.7, 203.0.113.8"}, 200},
	} {
		if got := get(row.forwarded...); got != row.want {
			t.Errorf("request %d, forwarded for %q: %d, want %d", i, row.forwarded, got, row.want)
		}
	}
}

func TestBehindRefuses(t *testing.T) {
	for _, network := range []netip.Prefix{{}, netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")} {
		func() {
			defer func() {
				if err, _ := recover().(error); !errors.As(err, new(*setting.Error)) {
					t.Errorf("%v: %v", network, err)
				}
			}()
			limit.Behind(network)
		}()
	}
}

// Whatever a visitor sends, the address counts that a trusted proxy adds after it. Without trusted proxies, nothing
// that is sent counts.
func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{"", "10.0.0.1", "::1, unknown", "[::1]:80,\x00", ",,,", "1.2.3.4:", "fe80::1%eth0, 10.0.0.1"} {
		f.Add(seed)
	}
	proxy, visitor := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("192.0.2.7")
	proxies := netip.MustParsePrefix("10.0.0.0/8")
	f.Fuzz(func(t *testing.T, sent string) {
		for _, lines := range [][]string{{sent, visitor.String()}, {sent + "," + visitor.String()}, {sent, visitor.String(), "10.0.0.2"}} {
			if got := limit.ClientOf(proxy, lines, proxies); got != visitor {
				t.Errorf("%q: client is %s", lines, got)
			}
		}
		if got := limit.ClientOf(visitor, []string{sent}); got != visitor {
			t.Errorf("%q without proxies: client is %s", sent, got)
		}
		limit.ClientOf(proxy, []string{sent}, proxies)
	})
}
