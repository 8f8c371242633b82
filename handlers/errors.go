package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// errStorage is a failure of the site's own reading and writing.
var errStorage = errors.New("the storage failed")

func storageError(doing string, err error) error {
	return fmt.Errorf("%w: %s: %w", errStorage, doing, err)
}

// retryAfter is how long a client is told to wait for the storage, in seconds.
const retryAfter = "2"

// sentences tell a visitor what happened and what to do.
var sentences = map[int]string{
	fiber.StatusBadRequest:                  "What your browser sent could not be read. Go back, and send it again.",
	fiber.StatusForbidden:                   "This form was sent from another site, so nothing was done. Open it here and send it again.",
	fiber.StatusNotFound:                    "There is nothing at this address. It may be mistyped, or what was here has expired.",
	fiber.StatusMethodNotAllowed:            "This address does not take that kind of request. Start again from the home page.",
	fiber.StatusRequestTimeout:              "Your request did not arrive in time. Send it again.",
	fiber.StatusRequestEntityTooLarge:       "That was more than this site takes at once. Go back, shorten it and send it again.",
	fiber.StatusUnsupportedMediaType:        "This kind of content is not taken here. Send a form, or JSON.",
	fiber.StatusTooManyRequests:             "That was too often. Wait a moment, then try again.",
	fiber.StatusRequestHeaderFieldsTooLarge: "The headers of your request are too long. Clearing this site's cookies should help.",
	fiber.StatusInternalServerError:         "Something went wrong here, and it has been noted. Try again in a while.",
	fiber.StatusServiceUnavailable:          "The storage can't be reached at the moment. Nothing is lost: try again in a few seconds.",
}

type errorPage struct {
	Title    string
	Status   int
	Sentence string
}

// fail is the one place that turns an error into a page or a JSON reply: a sentence for the visitor, the cause for the log.
func (s *site) fail(c *fiber.Ctx, err error) error {
	status, sentence := explain(err)
	if status >= 500 {
		s.logger(c).Error("request failed", "method", c.Method(), "route", route(c), "status", status, "error", err)
	}
	if status == fiber.StatusServiceUnavailable {
		c.Set(fiber.HeaderRetryAfter, retryAfter)
	}
	detail := sentence
	if status == fiber.StatusMethodNotAllowed {
		detail = fmt.Sprintf("Method %q not allowed.", c.Method())
	}
	return refuse(c, status, sentence, detail)
}

// refuse answers with a page for a visitor, or in the words that a client of the API knows.
func refuse(c *fiber.Ctx, status int, sentence, detail string) error {
	restrict(c) // what can't be read as a request comes here past the middleware
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Status(status)
	if isAPI(c) {
		return c.JSON(fiber.Map{"detail": detail})
	}
	return c.Render("error", errorPage{Title: http.StatusText(status), Status: status, Sentence: sentence})
}

// explain returns the status that an error stands for, and what to tell the visitor.
func explain(err error) (status int, sentence string) {
	status = fiber.StatusInternalServerError
	var body *captcha.BodyError
	var known *fiber.Error
	switch {
	case errors.Is(err, captcha.ErrStorage), errors.Is(err, errStorage):
		status = fiber.StatusServiceUnavailable
	case errors.As(err, &body):
		status = body.Status
	case errors.As(err, &known):
		status = known.Code
	}
	sentence, ok := sentences[status]
	if !ok {
		sentence = http.StatusText(status) + "."
	}
	return status, sentence
}

// isAPI reports whether a client expects JSON at this address. Routes are found in either case.
func isAPI(c *fiber.Ctx) bool {
	const api = "/api/"
	path := c.Path()
	return len(path) >= len(api) && strings.EqualFold(path[:len(api)], api)
}
