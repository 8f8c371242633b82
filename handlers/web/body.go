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

// drainLimit is how many more bytes of a body that is too large are read and thrown away. A client that is still
// sending when its connection is closed sees a reset instead of the answer.
const drainLimit = 4 << 20

// The most memory, in bytes, that bodies may take while they arrive and are handled: all of them together, and those
// from one network. A client that sends a body slowly holds its room for as long as reading a request may take.
const (
	bodiesInAll     = 48 << 20
	bodiesOfNetwork = bodiesInAll / 4
)

// Bodies reads bodies into memory that grows with what arrives, and bounds that memory for all bodies together.
// fasthttp itself takes as much memory as the client announces, so five thousand clients that announce much and send
// little would take a gigabyte.
type Bodies struct{ room *shares }

// NewBodies returns Bodies with all of their room free.
func NewBodies() *Bodies { return &Bodies{newShares(bodiesInAll, bodiesOfNetwork)} }

// Read reads a request's body. It comes after the limits, so that the bodies of requests that they refuse are not read.
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

// read returns the body, up to one byte more than the limit. Room has been taken for the capacity of body.
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

// smallBody is the size, in bytes, up to which the site waits for a body that nobody will read, so that the connection
// can be kept.
const smallBody = 16 << 10

// leaveBody closes the connection of a request whose body was not read. fasthttp would otherwise wait for the rest of
// the body for as long as a request may take, and meanwhile hold the connection's buffers.
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
