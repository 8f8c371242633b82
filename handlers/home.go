package handlers

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

// triedLife is how long it is remembered that a challenge was tried on the home page.
const triedLife = time.Hour

type homePage struct {
	Title   string
	Shown   int64 // when the page was made, in milliseconds of Unix time
	Captcha template.HTML
	Verdict string // about the answer that was tried, if one was
	Right   bool
}

func (s *site) home(c *fiber.Ctx) error { return s.showHome(c, fiber.StatusOK, homePage{}) }

// homeTry says what the guard makes of an answer, and does nothing else.
func (s *site) homeTry(c *fiber.Ctx) error {
	key, value, err := s.Guard.Read(c)
	if err == nil {
		err = s.Guard.Verify(c.UserContext(), key, value)
	}
	page := homePage{Right: err == nil}
	switch {
	case err == nil:
		fields, _ := captcha.Fields(c, "shown") // only to say how long it took
		page.Verdict = "Right" + after(fields["shown"]) + ". That challenge is used up now: sent again, the same answer is refused."
	case errors.Is(err, captcha.ErrWrongAnswer):
		page.Verdict = "Wrong: the picture said something else. A challenge takes one guess, so here is a new one."
	case errors.Is(err, captcha.ErrUnknownKey):
		if page.Verdict, err = s.unknownKey(c.UserContext(), key); err != nil {
			return err
		}
	case errors.Is(err, captcha.ErrMissing):
		page.Verdict = "Nothing was typed, so nothing was used up."
	case errors.As(err, new(captcha.FieldErrors)):
		page.Verdict = "That can't be an answer, so nothing was used up."
	default:
		return err
	}
	if page.Right || errors.Is(err, captcha.ErrWrongAnswer) {
		if err := s.Storage.Set(triedKey(key), []byte("tried"), triedLife); err != nil {
			web.Logger(c).Warn("a tried challenge is not remembered", "error", err)
		}
	}
	if !page.Right {
		return s.showHome(c, fiber.StatusUnprocessableEntity, page)
	}
	return s.showHome(c, fiber.StatusOK, page)
}

func (s *site) showHome(c *fiber.Ctx, status int, page homePage) error {
	challenge, err := s.challenge(c)
	if err != nil {
		return err
	}
	page.Title = "A captcha that you host yourself"
	page.Shown = time.Now().UnixMilli()
	page.Captcha = challenge.Field()
	return web.Page(c, status, "home", page)
}

// unknownKey tells apart what the guard does not: whether a challenge was used here, or has expired.
func (s *site) unknownKey(ctx context.Context, key string) (verdict string, err error) {
	var tried []byte
	err = onStorage(ctx, "look for a tried challenge", func() (err error) {
		tried, err = s.Storage.Get(triedKey(key))
		return err
	})
	switch {
	case err != nil:
		return "", err
	case tried != nil:
		return "Used: that challenge was answered before, and each counts once.", nil
	default:
		return "Expired: that challenge is too old, or was never made here.", nil
	}
}

// after puts into words how long ago the page was made, by its own account.
func after(shown string) string {
	milliseconds, err := strconv.ParseInt(shown, 10, 64)
	took := time.Since(time.UnixMilli(milliseconds))
	if err != nil || took < 0 || took > triedLife {
		return ""
	}
	return fmt.Sprintf(", %.1f seconds after the page was made", took.Seconds())
}

func triedKey(key string) string { return "tried_" + key }
