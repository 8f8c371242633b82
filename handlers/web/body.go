package web

import (
	"errors"
	"io"
	"net"

	"github.com/gofiber/fiber/v2"
)

// bodyLimit is in bytes: the longest message that a form takes, urlencoded, is a quarter of it.
const bodyLimit = 256 << 10

// drainLimit is how much more of a body that is too large is read, in bytes, and thrown away: a client that is still sending when its
// connection is closed sees a reset, and not what was answered.
const drainLimit = 4 << 20

// ReadBody reads a request's body into room that grows with what arrives. fasthttp itself makes as much room as the client
// announces, so that five thousand who announce much and send little would take a gigabyte.
func ReadBody(c *fiber.Ctx) error {
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		return c.Next()
	}
	body, err := io.ReadAll(io.LimitReader(stream, bodyLimit+1))
	var timeout net.Error
	switch {
	case len(body) > bodyLimit:
		_, _ = io.CopyN(io.Discard, stream, drainLimit)
		c.Response().SetConnectionClose()
		return fiber.ErrRequestEntityTooLarge
	case errors.As(err, &timeout) && timeout.Timeout():
		c.Response().SetConnectionClose()
		return fiber.ErrRequestTimeout
	case err != nil:
		c.Response().SetConnectionClose()
		return fiber.ErrBadRequest
	}
	c.Request().SetBodyRaw(body)
	return c.Next()
}

// PlainBody refuses a compressed body: it could unpack to far more than the app's limit.
func PlainBody(c *fiber.Ctx) error {
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return fiber.ErrUnsupportedMediaType
	}
	return c.Next()
}
