package limit

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Error says that a client's network has used up its allowance.
type Error struct {
	Wait time.Duration // until its next request is let through
}

// Error says how long to wait, in the words of Django REST framework.
func (e *Error) Error() string {
	return fmt.Sprintf("Request was throttled. Expected available in %d seconds.", e.Seconds())
}

// Seconds returns how long to wait, in whole seconds, rounded up, as for the header Retry-After.
func (e *Error) Seconds() int { return int((e.Wait + time.Second - 1) / time.Second) }

// Reply answers 429 with the header Retry-After and the body of Django REST framework. An error that is not a limit's
// is returned as it is.
func Reply(c *fiber.Ctx, err error) error { return ReplyTo(c.Context(), err) }

// ReplyTo is Reply for routers on fasthttp other than Fiber v2.
func ReplyTo(r *fasthttp.RequestCtx, err error) error {
	var throttled *Error
	if !errors.As(err, &throttled) {
		return err
	}
	body, err := json.Marshal(map[string]string{"detail": throttled.Error()})
	if err != nil {
		return err
	}
	r.Response.Header.Set("Retry-After", strconv.Itoa(throttled.Seconds()))
	r.Response.Header.Set("Cache-Control", "no-store")
	r.Response.Header.SetContentType("application/json")
	r.Response.SetStatusCode(http.StatusTooManyRequests)
	r.Response.SetBody(body)
	return nil
}
