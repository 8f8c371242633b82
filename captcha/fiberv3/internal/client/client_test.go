package client_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha/fiberv3/internal/client"
)

func TestOf(t *testing.T) {
	for _, row := range []struct{ peer, header, want string }{
		{"10.0.0.1", "198.51.100.1, 192.0.2.7", "192.0.2.7"},
		{"10.0.0.1", "198.51.100.1, 192.0.2.7, 203.0.113.9", "192.0.2.7"},
		{"192.0.2.9", "198.51.100.1", "192.0.2.9"},
		{"10.0.0.1", "", "10.0.0.1"},
	} {
		for _, validation := range []bool{false, true} {
			app := fiber.New(fiber.Config{ProxyHeader: "X-Forwarded-For", TrustProxy: true, EnableIPValidation: validation,
				TrustProxyConfig: fiber.TrustProxyConfig{Private: true, Proxies: []string{"203.0.113.0/24"}}})
			var got netip.Addr
			app.Get("/", func(c fiber.Ctx) error {
				got = client.Of(c)
				return nil
			})
			request := new(fasthttp.Request)
			request.SetRequestURI("/")
			if row.header != "" {
				request.Header.Set("X-Forwarded-For", row.header)
			}
			ctx := new(fasthttp.RequestCtx)
			ctx.Init(request, &net.TCPAddr{IP: net.ParseIP(row.peer)}, nil)
			app.Handler()(ctx)
			if got != netip.MustParseAddr(row.want) {
				t.Errorf("%q from %s, EnableIPValidation %t: client is %s, want %s", row.header, row.peer, validation, got, row.want)
			}
		}
	}
}
