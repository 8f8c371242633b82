package web

import "github.com/gofiber/fiber/v2"

// Opened refuses to serve a page with a challenge if the browser says that it loads it as a part of another page, such
// as a picture or a frame, and not because somebody opens it. Browsers from before 2023 and programs do not say, and
// are let through.
func Opened(c *fiber.Ctx) error {
	switch c.Get("Sec-Fetch-Dest") {
	case "", "document", "empty":
		return c.Next()
	}
	return errNotOpened
}

// OwnSite refuses a request if the browser says that it sends it on behalf of another site, and not because somebody
// followed a link there. It comes before the limits, so that no other site can use up its visitors' allowance here.
func OwnSite(c *fiber.Ctx) error {
	if crossOrigin(c) {
		return errNotOpened
	}
	switch c.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		if c.Get("Sec-Fetch-Mode") != "navigate" || c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead {
			return errNotOpened
		}
	}
	return c.Next()
}

var errNotOpened = fiber.NewError(fiber.StatusForbidden, "This page can't be shown inside another page or used from another site. Open it by itself.")
