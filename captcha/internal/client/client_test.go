package client_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/client"
)

func TestOf(t *testing.T) {
	const proxy, inner = "10.0.0.1", "192.0.2.200" // trusted, as is all of 10.0.0.0/8 and fd00::/8
	behind := fiber.Config{ProxyHeader: "X-Forwarded-For", EnableTrustedProxyCheck: true, TrustedProxies: []string{"10.0.0.0/8", "fd00::/8", inner}}
	validating := behind
	validating.EnableIPValidation = true
	for _, row := range []struct{ name, peer, header, want string }{ // lines of the header have | between
		{"what the proxy saw", proxy, "192.0.2.7", "192.0.2.7"},
		{"claimed, then what the proxy saw", proxy, "198.51.100.1, 192.0.2.7", "192.0.2.7"},
		{"the same in two lines", proxy, "198.51.100.1|192.0.2.7", "192.0.2.7"},
		{"claimed to be a proxy", proxy, "10.9.9.9, 192.0.2.7", "192.0.2.7"},
		{"two proxies", proxy, "198.51.100.1, 192.0.2.7, " + inner, "192.0.2.7"},
		{"with a port", proxy, "198.51.100.1, 192.0.2.7:4711", "192.0.2.7"},
		{"IPv6 with a port", proxy, "[2001:db8::7]:4711", "2001:db8::7"},
		{"IPv4 within IPv6", proxy, "::ffff:192.0.2.7", "192.0.2.7"},
		{"garbage, then what the proxy saw", proxy, "unknown, 192.0.2.7", "192.0.2.7"},
		{"garbage", proxy, "unknown", proxy},
		{"an empty hop", proxy, "192.0.2.7,", proxy},
		{"IPv6 in brackets", proxy, "[2001:db8::7]", "2001:db8::7"},
		{"IPv6 with a zone", proxy, "fe80::1%eth0", "fe80::1"},
		{"a visitor among the proxies", proxy, "10.3.3.3", "10.3.3.3"},
		{"no header", proxy, "", proxy},
		{"a stranger claims to be a proxy", "192.0.2.9", "198.51.100.1", "192.0.2.9"},
		{"a stranger names a proxy", "192.0.2.9", "198.51.100.1, " + proxy, "192.0.2.9"},
		{"one hop over IPv6", "fd00::1", "2001:db8::7", "2001:db8::7"},
		{"claimed, then what an IPv6 proxy saw", "fd00::1", "198.51.100.1, [2001:db8::7]:4711", "2001:db8::7"},
	} {
		for _, cfg := range []fiber.Config{behind, validating} {
			if got := ask(cfg, row.peer, row.header); got != netip.MustParseAddr(row.want) {
				t.Errorf("%s, EnableIPValidation %t: client is %s, want %s", row.name, cfg.EnableIPValidation, got, row.want)
			}
		}
	}
	if got := ask(fiber.Config{}, proxy, "192.0.2.7"); got != netip.MustParseAddr(proxy) {
		t.Errorf("without ProxyHeader: client is %s", got)
	}
	if got := ask(fiber.Config{ProxyHeader: "X-Forwarded-For"}, proxy, "198.51.100.1, 192.0.2.7"); got != netip.MustParseAddr("192.0.2.7") {
		t.Errorf("where every peer is trusted: client is %s", got)
	}
}

func ask(cfg fiber.Config, peer, header string) (found netip.Addr) {
	app := fiber.New(cfg)
	app.Get("/", func(c *fiber.Ctx) error {
		found = client.Of(c)
		return nil
	})
	request := new(fasthttp.Request)
	request.SetRequestURI("/")
	if header != "" {
		for line := range strings.SplitSeq(header, "|") {
			request.Header.Add("X-Forwarded-For", line)
		}
	}
	ctx := new(fasthttp.RequestCtx)
	ctx.Init(request, &net.TCPAddr{IP: net.ParseIP(peer)}, nil)
	app.Handler()(ctx)
	return found
}

// Whatever a visitor sends, the address counts that a trusted proxy adds after it. Without trusted proxies, nothing
// that is sent counts.
func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{"", "10.0.0.1", "::1, unknown", "[::1]:80,\x00", ",,,", "1.2.3.4:", "fe80::1%eth0, 10.0.0.1"} {
		f.Add(seed)
	}
	peer, visitor := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)}, netip.MustParseAddr("192.0.2.7")
	trusted := func(addr netip.Addr) bool { return client.Listed(addr, []string{"10.0.0.0/8"}) }
	f.Fuzz(func(t *testing.T, sent string) {
		for _, lines := range [][]string{{sent, visitor.String()}, {sent + "," + visitor.String()}, {sent, visitor.String(), "10.0.0.2"}} {
			request := new(fasthttp.Request)
			for _, line := range lines {
				request.Header.Add("X-Forwarded-For", line)
			}
			ctx := new(fasthttp.RequestCtx)
			ctx.Init(request, peer, nil)
			if got := client.Behind(ctx, "X-Forwarded-For", trusted); got != visitor {
				t.Errorf("%q: client is %s", lines, got)
			}
		}
		for _, cfg := range []fiber.Config{{}, {ProxyHeader: "X-Forwarded-For", EnableTrustedProxyCheck: true}} {
			if got := ask(cfg, visitor.String(), sent); got != visitor {
				t.Errorf("%q without proxies: client is %s", sent, got)
			}
		}
		ask(fiber.Config{ProxyHeader: "X-Forwarded-For"}, visitor.String(), sent)
	})
}
