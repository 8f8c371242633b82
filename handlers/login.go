package handlers

import (
	"errors"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/attempts"
	"github.com/fibercaptcha/fibercaptcha/handlers/fields"
)

// credentials is the form for a visitor who has an account.
type credentials struct {
	Email, Password string
}

func (f *credentials) fields() map[string]*string {
	return map[string]*string{"email": &f.Email, "password": &f.Password}
}

func (f *credentials) check(errs captcha.FieldErrors) {
	fields.Email(errs, "email", &f.Email)
	switch {
	case f.Password == "":
		errs["password"] = fields.Blank
	case !utf8.ValidString(f.Password):
		errs["password"] = fields.NotText
	}
}

func (s *site) loginForm(c *fiber.Ctx) error {
	email, err := s.sessions.signedIn(c)
	if err == nil && email != "" {
		return c.Redirect("/account", fiber.StatusSeeOther)
	}
	return s.showLogin(c, &credentials{}, false, err)
}

func (s *site) loginSubmit(c *fiber.Ctx) error {
	var f credentials
	needed, err := s.login(c, &f)
	if err != nil {
		return s.showLogin(c, &f, needed, err)
	}
	return c.Redirect("/account", fiber.StatusSeeOther)
}

// showLogin asks for a captcha if the next attempt will need one.
func (s *site) showLogin(c *fiber.Ctx, f *credentials, needed bool, problem error) error {
	return s.showForm(c, "login", formPage{Title: "Log in", Purpose: "login", Form: f, Open: !needed}, problem)
}

// login checks the password; after the free attempts, it checks the captcha first. Its answer, and its time, are the
// same whether or not there is such an account. needed says whether the next attempt will need a captcha.
func (s *site) login(c *fiber.Ctx, f *credentials) (needed bool, err error) {
	errs := captcha.FieldErrors{}
	if err := readForm(c, f, errs); err != nil {
		return false, err
	}
	if len(errs) > 0 {
		return s.hasCaptcha(c), errs
	}
	err = s.passwords.inTurn(c, func() (err error) {
		needed, err = s.logins.Try(c, f.Email, func() (bool, error) { return s.match(c, f) })
		return err
	})
	switch {
	case errors.Is(err, attempts.ErrFailed):
		return needed, captcha.FieldErrors{"password": {{Code: "failed", Message: "Check your email address and your password. No account has both."}}}
	case err != nil:
		return needed, err
	}
	return false, s.sessions.signIn(c, f.Email)
}

// hasCaptcha reports whether a form came with a captcha, and so goes back with one.
func (s *site) hasCaptcha(c *fiber.Ctx) bool {
	key := s.apiFields().Key
	fields, _ := captcha.Fields(c, key)
	return fields[key] != ""
}

// match compares a password even if there is no account, because comparing takes most of the time.
func (s *site) match(c *fiber.Ctx, f *credentials) (bool, error) {
	found, err := s.account(c.UserContext(), f.Email)
	if err != nil {
		return false, err
	}
	return s.passwords.matches(found.Hash, f.Password), nil
}
