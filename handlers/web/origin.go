package web

import (
	"net/http"

	"github.com/gofiber/fiber/v2"
)

// SameOrigin refuses what a browser sends to a form on behalf of another site, by the standard library's check.
// Browsers say where a request comes from (Sec-Fetch-Site, Origin), so no token has to be stored for every form shown,
// as with Fiber's csrf. The check works while the storage is down, on any replica and in a second tab. The JSON API
// keeps no session, so there is nothing to forge.
func SameOrigin() fiber.Handler {
	return func(c *fiber.Ctx) error {
		if !isAPI(c) && crossOrigin(c) {
			return fiber.ErrForbidden
		}
		return c.Next()
	}
}

var protection = http.NewCrossOriginProtection()

// crossOrigin reports whether a browser says that it sends something on behalf of another site. To a site without TLS
// it says so by the Origin alone.
func crossOrigin(c *fiber.Ctx) bool {
	r := http.Request{Method: c.Method(), Host: string(c.Request().Host()), Header: http.Header{
		"Sec-Fetch-Site": {c.Get("Sec-Fetch-Site")},
		"Origin":         {c.Get(fiber.HeaderOrigin)},
	}}
	return protection.Check(&r) != nil
}
