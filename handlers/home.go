package handlers

import (
	"errors"
	"fmt"
	"html/template"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

// longestLook is the longest time for which the home page says how long the visitor took.
const longestLook = time.Hour

type homePage struct {
	Title   string
	Shown   int64 // when the page was made, in milliseconds of Unix time
	Captcha template.HTML
	Verdict string // about the answer that was tried, if one was
	Right   bool

	SignedIn string // who is signed in, if that is known
}

func (s *site) home(c *fiber.Ctx) error { return s.showHome(c, fiber.StatusOK, homePage{}) }

// homeTry shows the guard's verdict on an answer, and does nothing else.
func (s *site) homeTry(c *fiber.Ctx) error {
	err := s.Guard.For("home").Check(c)
	page := homePage{Right: err == nil}
	switch {
	case err == nil:
		fields, _ := captcha.Fields(c, "shown") // only to say how long it took
		page.Verdict = "Right" + after(fields["shown"]) + ". That challenge is now used up: if you send the same answer again, it is refused."
	case errors.Is(err, captcha.ErrWrongAnswer):
		page.Verdict = "Wrong: the characters did not match. Each challenge accepts one answer, so here is a new one."
	case errors.Is(err, captcha.ErrUnknownKey):
		page.Verdict = "That challenge had expired or had already been used. Each can be answered once, within a few minutes. Here is a new one."
	case errors.Is(err, captcha.ErrMissing):
		page.Verdict = "Type the characters. The challenge is not used up."
	case errors.As(err, new(captcha.FieldErrors)):
		page.Verdict = "Type only the characters in the picture. What you typed can't be an answer, so the challenge is not used up."
	default:
		return err
	}
	if !page.Right {
		return s.showHome(c, fiber.StatusUnprocessableEntity, page)
	}
	return s.showHome(c, fiber.StatusOK, page)
}

func (s *site) showHome(c *fiber.Ctx, status int, page homePage) error {
	challenge, err := s.challenge(c, "home")
	if err != nil {
		return err
	}
	if challenge.Refreshed {
		status, page = fiber.StatusOK, homePage{}
	}
	page.Title = "A captcha that you host yourself"
	page.Shown = time.Now().UnixMilli()
	page.Captcha = challenge.Field()
	page.SignedIn, _ = web.SignedIn(c, status)
	return web.Page(c, status, "home", page)
}

// after puts into words how long ago the page was made, as the page itself tells.
func after(shown string) string {
	milliseconds, err := strconv.ParseInt(shown, 10, 64)
	took := time.Since(time.UnixMilli(milliseconds))
	if err != nil || took < 0 || took > longestLook {
		return ""
	}
	return fmt.Sprintf(", %.1f seconds after the page was made", took.Seconds())
}
