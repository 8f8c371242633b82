package handlers

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/handlers/fields"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

// Passwords: 8 characters is the least that NIST SP 800-63B allows, 72 bytes the most that bcrypt reads.
const (
	minPassword = 8
	maxPassword = 72
)

// registration is the form for a visitor who wants an account. A new password has to meet more conditions.
type registration credentials

func (f *registration) fields() map[string]*string { return (*credentials)(f).fields() }

func (f *registration) check(errs captcha.FieldErrors) {
	(*credentials)(f).check(errs)
	switch {
	case len(errs["password"]) > 0:
	case strings.ContainsRune(f.Password, 0):
		errs["password"] = fields.NUL
	case utf8.RuneCountInString(f.Password) < minPassword:
		errs["password"] = fields.AtLeast(minPassword)
	case len(f.Password) > maxPassword:
		errs["password"] = fields.AtMost(maxPassword, "bytes")
	}
}

func signupPage(f *registration) formPage {
	return formPage{Title: "Sign up", Purpose: "signup", Form: f}
}

func (s *site) signupForm(c *fiber.Ctx) error {
	if email, err := s.sessions.signedIn(c); err == nil && email != "" {
		return c.Redirect("/account", fiber.StatusSeeOther)
	}
	return s.showForm(c, "signup", signupPage(&registration{}), nil)
}

func (s *site) signupSubmit(c *fiber.Ctx) error {
	var f registration
	if err := s.signup(c, s.Guard.For("signup"), &f); err != nil {
		return s.showForm(c, "signup", signupPage(&f), err)
	}
	// If the session can't be stored, the account is there nevertheless, and its visitor can use the login form.
	if err := s.sessions.signIn(c, f.Email); err != nil {
		web.Logger(c).Error("an account was made, but its visitor could not be logged in", "error", err)
		return c.Redirect("/login", fiber.StatusSeeOther)
	}
	return c.Redirect("/account", fiber.StatusSeeOther)
}

func (s *site) signupAPI(c *fiber.Ctx) error {
	var f registration
	if err := s.signup(c, s.Guard, &f); err != nil {
		return captcha.Reply(c, err)
	}
	return c.Status(fiber.StatusCreated).JSON(fiber.Map{"email": f.Email})
}

// signup creates an account, one for each address, when it is the request's turn to hash a password.
func (s *site) signup(c *fiber.Ctx, guard *captcha.Guard, f *registration) error {
	submission, err := read(c, guard, f)
	if err != nil {
		return err
	}
	return s.passwords.inTurn(c, func() error {
		if err := guard.Verify(c.UserContext(), submission); err != nil {
			return err
		}
		// The challenge is spent: an account that takes long is better than none.
		c.SetUserContext(context.WithoutCancel(c.UserContext()))
		return s.register(c, f)
	})
}

// register is called after the captcha, so that only a visitor who solved it can learn that an address is taken.
func (s *site) register(c *fiber.Ctx, f *registration) error {
	taken, err := s.account(c.UserContext(), f.Email)
	if err != nil {
		return err
	}
	if taken.Email != "" {
		return errTaken
	}
	if err := onStorage(c.UserContext(), "count an account", func() error { return s.kept.Account(c.UserContext(), web.Client(c)) }); err != nil {
		return err
	}
	hash, err := s.passwords.hash(f.Password)
	if err != nil {
		return err
	}
	value, err := json.Marshal(account{Email: f.Email, Hash: hash, Created: time.Now().UTC()})
	if err != nil {
		return err
	}
	var added bool
	err = onStorage(c.UserContext(), "create an account", func() (err error) {
		added, err = s.Storage.Add(c.UserContext(), accountKey(f.Email), value, 0)
		return err
	})
	if err != nil {
		return err
	}
	if !added {
		return errTaken
	}
	return nil
}

var errTaken = captcha.FieldErrors{"email": {{Code: "unique", Message: "This email address already has an account."}}}
