package web

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/fibercaptcha/fibercaptcha/handlers/kept"
)

// The site's own errors with the status 503: nothing was done, and the same request may soon succeed.
var (
	ErrStorage = errors.New("the storage failed")
	ErrBusy    = errors.New("the site is too busy for a slow step")
)

// told is what a visitor is told about a status: the title of the page, and what happened and what to do.
var told = map[int]struct{ title, sentence string }{
	fiber.StatusBadRequest: {"Your request could not be read",
		"This site could not read what your browser sent. Go back and send it again."},
	fiber.StatusForbidden: {"Not accepted",
		"This form was sent from another site, so it was not accepted. Open the form on this site and send it again."},
	fiber.StatusNotFound: {"Page not found",
		"There is nothing at this address. Check that you typed it correctly. What was here may also have expired."},
	fiber.StatusMethodNotAllowed: {"Not accepted",
		"This address does not accept that kind of request. Start again from the home page."},
	fiber.StatusRequestTimeout: {"Your request took too long",
		"Your request took too long to arrive. Send it again."},
	fiber.StatusConflict: {"We do not know whether your form arrived",
		"Sorry, your form was sent twice, and we do not know whether the first copy arrived. If you were signing up or " +
			"logging in, try to log in. If you were sending a message, send it again: at worst, it arrives twice."},
	fiber.StatusRequestEntityTooLarge: {"What you sent is too large",
		"What you sent is larger than this site accepts. Go back, shorten it and send it again."},
	fiber.StatusUnsupportedMediaType: {"Not accepted",
		"This site does not accept this kind of content. Send a form, or JSON."},
	fiber.StatusTooManyRequests: {"Too many requests",
		"You have sent too many requests. Wait a moment, then try again."},
	fiber.StatusRequestHeaderFieldsTooLarge: {"Your request is too large",
		"Your browser sent more than this site accepts. Delete this site's cookies, then try again."},
	fiber.StatusInternalServerError: {"Something went wrong",
		"Sorry, something went wrong on our side. We have recorded it. Try again in a few minutes."},
	fiber.StatusServiceUnavailable: {"Not available at the moment",
		"Sorry, we can't read or save anything at the moment. Nothing is lost: try again in a few seconds."},
}

const (
	busy = "Sorry, this site is too busy at the moment. Nothing is lost: try again in a few seconds."
	full = "Sorry, we have no room for more messages and accounts at the moment, so yours was not kept. Try again in a few days."
)

const unkept = "Sorry, we can't be sure that we saved what you sent, so we did not accept it. Your answer may be used up. " +
	"In a few seconds, type the characters that the form shows then, and send it again."

// Sentence returns what a visitor is told about a status.
func Sentence(status int) string {
	if t, ok := told[status]; ok {
		return t.sentence
	}
	return http.StatusText(status) + "."
}

func title(status int) string { return cmp.Or(told[status].title, http.StatusText(status)) }

// Explain returns the status that an error stands for, and what to tell the visitor.
func Explain(err error) (status int, sentence string) {
	status = fiber.StatusInternalServerError
	var refused *captcha.Error
	var throttled *limit.Error
	var known *fiber.Error
	var unsure interface{ Unconfirmed() bool } // the storage did a step that a failover may undo
	switch {
	case errors.As(err, &unsure) && unsure.Unconfirmed():
		return fiber.StatusServiceUnavailable, unkept
	case errors.Is(err, ErrBusy):
		return fiber.StatusServiceUnavailable, busy
	case errors.Is(err, kept.ErrFull):
		return fiber.StatusServiceUnavailable, full
	case errors.Is(err, errNotOpened):
		return errNotOpened.Code, errNotOpened.Message
	case errors.Is(err, captcha.ErrStorage), errors.Is(err, ErrStorage):
		status = fiber.StatusServiceUnavailable
	case errors.As(err, &throttled):
		wait := inWords(throttled.Seconds())
		return fiber.StatusTooManyRequests, "Too many requests have come from your network. Try again in " + wait + "."
	case errors.As(err, &refused):
		status = refused.Status
	case errors.As(err, &known):
		status = known.Code
	}
	return status, Sentence(status)
}

// Fail is the one place that turns an error into a page or a JSON reply. The visitor is told a sentence, and the log
// gets the cause.
func Fail(c *fiber.Ctx, err error) error {
	status, sentence := Explain(err)
	if status >= 500 {
		Logger(c).Error("request failed", "method", c.Method(), "route", route(c), "status", status, "error", err)
	}
	restrict(c) // a request that can't be read comes here without passing the middleware
	var throttled *limit.Error
	if errors.As(err, &throttled) {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(throttled.Seconds()))
		leaveBody(c)
	}
	if !isAPI(c) {
		return Page(c, status, "error", errorPage{Title: title(status), Status: status, Sentence: sentence})
	}
	switch {
	case throttled != nil:
		return limit.Reply(c, throttled)
	case status == fiber.StatusMethodNotAllowed:
		sentence = fmt.Sprintf("Method %q not allowed.", c.Method())
	}
	settle(c, status)
	return c.JSON(fiber.Map{"detail": sentence})
}

type errorPage struct {
	Title    string
	Status   int
	Sentence string
}

// retryAfter is how long a client is told to wait for the storage, in seconds.
const retryAfter = "2"

// Page answers with a view inside the frame that all pages have. The page is for this visitor at this moment, and not
// to be stored.
func Page(c *fiber.Ctx, status int, view string, data any) error {
	var main bytes.Buffer
	if err := c.App().Config().Views.Render(&main, view, data); err != nil {
		return err
	}
	signedIn, known := SignedIn(c, status)
	settle(c, status)
	return c.Render("layout", frame{data, template.HTML(main.String()), signedIn, known})
}

// frame is what the view "layout" needs. Page has a field Title.
type frame struct {
	Page     any
	Main     template.HTML
	SignedIn string // the name of the visitor who is signed in
	Known    bool   // whether it is known if, and as whom, the visitor is signed in
}

// Visitors lets pages say who is signed in. signedIn returns the name for a request, or "".
func Visitors(signedIn func(c *fiber.Ctx) (name string, err error)) fiber.Handler {
	return func(c *fiber.Ctx) error {
		c.Locals(localSignedIn, signedIn)
		return c.Next()
	}
}

// SignedIn returns who is signed in. It is not known if the storage fails, and SignedIn does not ask the storage for a
// page that says that the site is too busy.
func SignedIn(c *fiber.Ctx, status int) (name string, known bool) {
	signedIn, ok := c.Locals(localSignedIn).(func(*fiber.Ctx) (string, error))
	if !ok || status == fiber.StatusTooManyRequests || status == fiber.StatusServiceUnavailable {
		return "", false
	}
	name, err := signedIn(c)
	return name, err == nil
}

// settle sets the status of a reply that nothing may cache.
func settle(c *fiber.Ctx, status int) {
	c.Set(fiber.HeaderCacheControl, "no-store")
	if status == fiber.StatusServiceUnavailable {
		c.Set(fiber.HeaderRetryAfter, retryAfter)
	}
	c.Status(status)
}

// inWords puts seconds into words. A large number of them is rounded up to minutes or hours.
func inWords(seconds int) string {
	switch {
	case seconds == 1:
		return "a second"
	case seconds <= 120:
		return strconv.Itoa(seconds) + " seconds"
	case seconds <= 2*60*60:
		return strconv.Itoa((seconds+59)/60) + " minutes"
	}
	return strconv.Itoa((seconds+3599)/3600) + " hours"
}

// isAPI reports whether a client expects JSON at this address. Upper and lower case count as the same, as they do for
// routes.
func isAPI(c *fiber.Ctx) bool {
	const api = "/api/"
	path := c.Path()
	return len(path) >= len(api) && strings.EqualFold(path[:len(api)], api)
}
