package handlers

import (
	"net/http"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp/fasthttpadaptor"
)

// crossOrigin is the standard library's answer to cross-site request forgery: browsers say where a request comes from
// (Sec-Fetch-Site, Origin), so that no token has to be kept for every form shown. It works with the storage away, on any
// replica and in a second tab, and it can't be got round through a subdomain that sets cookies.
var crossOrigin = http.NewCrossOriginProtection()

// sameOrigin refuses what a browser sends to a form on behalf of another site. The JSON API keeps no session, so there is
// nothing to forge.
func sameOrigin(c *fiber.Ctx) error {
	if isAPI(c) {
		return c.Next()
	}
	var r http.Request
	if err := fasthttpadaptor.ConvertRequest(c.Context(), &r, true); err != nil {
		return fiber.ErrBadRequest
	}
	if err := crossOrigin.Check(&r); err != nil {
		return fiber.NewError(fiber.StatusForbidden, "This form was sent from another site. Open it here and send it again.")
	}
	return c.Next()
}
