// Package web is what a site needs around its pages: an app with bounds, and middleware for logs, headers, bodies and
// the origin of forms. It knows none of the pages.
package web

import (
	"time"

	"github.com/gofiber/fiber/v2"
)

// NewApp returns an app that bounds what a client may send and how long it may take, and turns errors into pages or
// JSON. Of the views, "layout" and "error" are its own.
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
		// A multipart body that is cut short is then a request that a handler refuses, not a connection that breaks.
		DisablePreParseMultipartForm: true,
		// Without the check Fiber believes what anybody says of the protocol and the host.
		EnableTrustedProxyCheck: true,
		TrustedProxies:          proxies.strings(),
	})
	app.Server().ExpectHandler = expect
	return app
}
