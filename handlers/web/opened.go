package web

import "github.com/gofiber/fiber/v2"

// Opened refuses a page with a challenge to whoever does not open it: what a browser says it loads as a part of another page,
// such as a picture or a frame, or for another site and not because somebody followed a link. Such a request stands before
// the limits and is not counted, so that no other site can use up its visitors' allowance here. Browsers of before 2023 and
// programs do not say, and are let through.
func Opened(c *fiber.Ctx) error {
	switch c.Get("Sec-Fetch-Dest") {
	case "", "document", "empty":
	default:
		return errNotOpened
	}
	switch c.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		if c.Get("Sec-Fetch-Mode") != "navigate" {
			return errNotOpened
		}
	}
	return c.Next()
}

var errNotOpened = fiber.NewError(fiber.StatusForbidden, "Open this page itself: it is no part of another one.")
