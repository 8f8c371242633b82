package web

import "github.com/gofiber/fiber/v2"

// policy allows what the pages use and nothing else: scripts, workers and styles are files of the site's own, pictures
// may also be data URIs, because a challenge's picture is inside the page.
const policy = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// hsts makes browsers use HTTPS for a year. This site does not decide for other hosts of the domain.
const hsts = "max-age=31536000"

// Restrict limits what a browser does with each reply.
func Restrict(c *fiber.Ctx) error {
	restrict(c)
	return c.Next()
}

// restrict sets the headers that limit what a browser does with a reply.
func restrict(c *fiber.Ctx) {
	c.Set(fiber.HeaderContentSecurityPolicy, policy)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderXFrameOptions, "DENY")
	// no-referrer would make browsers send "Origin: null" with forms, and no check for forgery could tell them from
	// another site's forms.
	c.Set(fiber.HeaderReferrerPolicy, "same-origin")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	c.Set(fiber.HeaderPermissionsPolicy, "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	if c.Secure() {
		c.Set(fiber.HeaderStrictTransportSecurity, hsts)
	}
}
