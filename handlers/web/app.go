// Package web is what a site needs around its pages: an app with bounds, and middleware for logs, headers, bodies and
// the origin of forms. It knows none of the pages.
package web

import (
	"time"

	"github.com/gofiber/fiber/v2"
)

// NewApp returns an app that bounds what a client may send and how long it may take, and turns errors into pages or
// JSON. It renders the views "layout" and "error".
func NewApp(views fiber.Views, proxies Proxies) *fiber.App {
	app := fiber.New(fiber.Config{
		AppName:               "fibercaptcha",
		Views:                 views,
		ErrorHandler:          Fail,
		DisableStartupMessage: true,
		Network:               fiber.NetworkTCP, // IPv4 and IPv6: Fiber by itself listens on IPv4 alone
		BodyLimit:             bodyLimit,
		StreamRequestBody:     true, // for Bodies
		ReadTimeout:           10 * time.Second,
		WriteTimeout:          10 * time.Second,
		IdleTimeout:           60 * time.Second,
		// With this, a multipart body that is cut short is refused by a handler, and does not break the connection.
		DisablePreParseMultipartForm: true,
		ProxyHeader:                  fiber.HeaderXForwardedFor,
		// Without the check Fiber believes what anybody says about the address, the protocol and the host.
		EnableTrustedProxyCheck: true,
		TrustedProxies:          proxies.strings(),
	})
	app.Server().ExpectHandler = expect
	return app
}
