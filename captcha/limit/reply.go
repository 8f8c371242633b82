package limit

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Error says that a client's network has used up its allowance.
type Error struct {
	Wait time.Duration // until its next request is let through
}

// Error says how long to wait, in the words that clients of Django REST framework know.
func (e *Error) Error() string {
	return fmt.Sprintf("Request was throttled. Expected available in %d seconds.", e.Seconds())
}

// Seconds is how long to wait in whole seconds, rounded up, as the header Retry-After has it.
func (e *Error) Seconds() int { return int((e.Wait + time.Second - 1) / time.Second) }

// Reply answers 429 with the header Retry-After and the body of Django REST framework. An error that is not a limit's is
// returned as it is.
func Reply(c *fiber.Ctx, err error) error {
	var throttled *Error
	if !errors.As(err, &throttled) {
		return err
	}
	c.Set(fiber.HeaderRetryAfter, strconv.Itoa(throttled.Seconds()))
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Status(fiber.StatusTooManyRequests).JSON(fiber.Map{"detail": throttled.Error()})
}
