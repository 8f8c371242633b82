package captcha

import (
	"errors"
	"strconv"

	"github.com/gofiber/fiber/v2"
)

// retryAfter is what a visitor is told to wait when the storage is down, in seconds.
const retryAfter = 2

// Protect lets a request through whose body has the key and the right answer, as JSON, urlencoded or multipart fields.
// Others go to Config.ErrorHandler.
func (g *Guard) Protect(c *fiber.Ctx) error {
	if g.cfg.Next != nil && g.cfg.Next(c) {
		return c.Next()
	}
	if err := g.Check(c); err != nil {
		return g.cfg.ErrorHandler(c, err)
	}
	return c.Next()
}

// Check is Read and Verify in one, for a handler that decides by itself what to do about the error.
func (g *Guard) Check(c *fiber.Ctx) error {
	key, value, err := g.Read(c)
	if err != nil {
		return err
	}
	return g.Verify(c.UserContext(), key, value)
}

// Reply answers a request that was refused in the JSON of django-rest-captcha: 400 with the reason by field; 503 with
// Retry-After when the storage failed. An error that is none of this package's is returned as it is.
func Reply(c *fiber.Ctx, err error) error {
	var fields FieldErrors
	var body *BodyError
	switch {
	case errors.As(err, &fields):
		return answer(c, fiber.StatusBadRequest, fields)
	case errors.As(err, &body):
		return detail(c, body.Status, body.Detail)
	case errors.Is(err, ErrUnknownKey):
		return answer(c, fiber.StatusBadRequest, nonField("Invalid or expired captcha key"))
	case errors.Is(err, ErrWrongAnswer):
		return answer(c, fiber.StatusBadRequest, nonField("Invalid captcha value"))
	case errors.Is(err, ErrStorage):
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(retryAfter))
		return detail(c, fiber.StatusServiceUnavailable, "The captcha can't be checked at the moment. Try again in a few seconds.")
	}
	return err
}

// nonField is the form of a complaint about the submission as a whole.
func nonField(message string) FieldErrors { return FieldErrors{"non_field_errors": {message}} }

func detail(c *fiber.Ctx, status int, sentence string) error {
	return answer(c, status, fiber.Map{"detail": sentence})
}

func answer(c *fiber.Ctx, status int, body any) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Status(status).JSON(body)
}
