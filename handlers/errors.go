package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// errStorage is a failure of the site's own reading and writing.
var errStorage = errors.New("the storage failed")

// sentences tell a visitor what happened and what to do.
var sentences = map[int]string{
	fiber.StatusBadRequest:            "The request could not be understood.",
	fiber.StatusForbidden:             "This form was sent from another site. Open it here and send it again.",
	fiber.StatusNotFound:              "There is nothing at this address. The home page links to everything.",
	fiber.StatusMethodNotAllowed:      "This address does not take that kind of request.",
	fiber.StatusRequestEntityTooLarge: "That was too much at once. Shorten it and send it again.",
	fiber.StatusServiceUnavailable:    "The storage can't be reached at the moment. Nothing is lost: try again in a few seconds.",
	fiber.StatusInternalServerError:   "Something went wrong here. It is in the log; try again in a while.",
}

// fail is the one place that turns an error into a page or a JSON reply: a sentence for the visitor, the cause for the log.
func (s *site) fail(c *fiber.Ctx, err error) error {
	status, sentence := explain(err)
	if status >= 500 {
		s.Logger.Error("request failed", "method", c.Method(), "path", c.Path(), "status", status, "error", err)
	}
	if status == fiber.StatusServiceUnavailable {
		c.Set(fiber.HeaderRetryAfter, "2")
	}
	c.Status(status)
	if isAPI(c) {
		if status == fiber.StatusMethodNotAllowed {
			sentence = `Method "` + c.Method() + `" not allowed.`
		}
		return c.JSON(fiber.Map{"detail": sentence})
	}
	return s.render(c, "error", errorPage{Title: http.StatusText(status), Status: status, Sentence: sentence})
}

type errorPage struct {
	Title    string
	Status   int
	Sentence string
}

func explain(err error) (status int, sentence string) {
	status = fiber.StatusInternalServerError
	var known *fiber.Error
	switch {
	case errors.Is(err, captcha.ErrStorage), errors.Is(err, errStorage):
		status = fiber.StatusServiceUnavailable
	case errors.As(err, &known):
		status = known.Code
	}
	sentence, ok := sentences[status]
	if !ok {
		sentence = http.StatusText(status) + "."
	}
	return status, sentence
}

// isAPI reports whether a client expects JSON at this address.
func isAPI(c *fiber.Ctx) bool { return strings.HasPrefix(c.Path(), "/api/") }
