package web

import (
	"errors"
	"io"
	"net"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// bodyLimit is in bytes: the longest message that a form takes, urlencoded, is a quarter of it.
const bodyLimit = 256 << 10

// drainLimit is how much more of a body that is too large is read, in bytes, and thrown away: a client that is still
// sending when its connection is closed sees a reset, and not what was answered.
const drainLimit = 4 << 20

// What all bodies take together while they arrive and are worked on, and those from one network, in bytes. A client
// that sends a body slowly holds its room for as long as a request may take to be read.
const (
	bodiesInAll     = 48 << 20
	bodiesOfNetwork = bodiesInAll / 4
)

// Bodies reads bodies into room that grows with what arrives, and bounds that for all of them together. fasthttp itself
// makes as much room as the client announces, so that five thousand who announce much and send little would take a
// gigabyte.
type Bodies struct{ room *shares }

// NewBodies returns room for bodies.
func NewBodies() *Bodies { return &Bodies{newShares(bodiesInAll, bodiesOfNetwork)} }

// Read reads a request's body. It stands behind the limits, so that what they refuse is not read.
func (b *Bodies) Read(c *fiber.Ctx) error {
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		return c.Next()
	}
	if c.Request().Header.ContentLength() > bodyLimit {
		return tooLarge(c, stream)
	}
	body, err := b.read(c, stream)
	defer func() { b.room.giveBack(Client(c), cap(body)) }()
	var timeout net.Error
	switch {
	case errors.Is(err, ErrBusy):
		c.Response().SetConnectionClose()
		return err
	case errors.As(err, &timeout) && timeout.Timeout():
		c.Response().SetConnectionClose()
		return fiber.ErrRequestTimeout
	case err != nil:
		c.Response().SetConnectionClose()
		return fiber.ErrBadRequest
	case len(body) > bodyLimit:
		return tooLarge(c, stream)
	}
	c.Request().SetBodyRaw(body)
	return c.Next()
}

// read returns what there is of the body up to a byte more than its limit. Room has been taken for its capacity.
func (b *Bodies) read(c *fiber.Ctx, stream io.Reader) (body []byte, err error) {
	client := Client(c)
	for {
		if len(body) == cap(body) {
			more := min(max(cap(body), 4<<10), bodyLimit+1-cap(body))
			if more == 0 {
				return body, nil
			}
			if !b.room.take(client, more) {
				return body, ErrBusy
			}
			grown := make([]byte, len(body), cap(body)+more)
			copy(grown, body)
			body = grown
		}
		n, err := stream.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case err == io.EOF:
			return body, nil
		case err != nil:
			return body, err
		}
	}
}

// smallBody is how much of a body is waited for that nobody will read, in bytes: it keeps the connection.
const smallBody = 16 << 10

// leaveBody answers a request whose body was not read. fasthttp would wait for the rest of it, as long as a request may
// take, and keep the connection's buffers meanwhile.
func leaveBody(c *fiber.Ctx) {
	if n := c.Request().Header.ContentLength(); c.Context().RequestBodyStream() != nil && (n < 0 || n > smallBody) {
		c.Response().SetConnectionClose()
	}
}

func tooLarge(c *fiber.Ctx, stream io.Reader) error {
	_, _ = io.CopyN(io.Discard, stream, drainLimit)
	c.Response().SetConnectionClose()
	return fiber.ErrRequestEntityTooLarge
}

// PlainBody refuses a compressed body: it could unpack to far more than the app's limit.
func PlainBody(c *fiber.Ctx) error {
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return fiber.ErrUnsupportedMediaType
	}
	return c.Next()
}

// expect answers a client that asks, with Expect: 100-continue, whether to send its body at all.
func expect(r *fasthttp.RequestCtx) (status int) {
	if r.Request.Header.ContentLength() > bodyLimit {
		return fiber.StatusRequestEntityTooLarge
	}
	return fiber.StatusContinue
}
