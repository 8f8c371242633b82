package handlers

import (
	"context"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

// credentials are the form of who has an account.
type credentials struct {
	Email, Password string
}

func (f *credentials) fields() map[string]*string {
	return map[string]*string{"email": &f.Email, "password": &f.Password}
}

func (f *credentials) check(errs captcha.FieldErrors) {
	checkEmail(errs, "email", &f.Email)
	switch {
	case f.Password == "":
		errs["password"] = []string{"This field may not be blank."}
	case !utf8.ValidString(f.Password):
		errs["password"] = []string{"Not a valid string."}
	}
}

func (s *site) loginForm(c *fiber.Ctx) error {
	email, err := s.sessions.signedIn(c)
	if err == nil && email != "" {
		return c.Redirect("/account", fiber.StatusSeeOther)
	}
	return s.showLogin(c, &credentials{}, err)
}

func (s *site) loginSubmit(c *fiber.Ctx) error {
	var f credentials
	if err := s.login(c, &f); err != nil {
		return s.showLogin(c, &f, err)
	}
	return c.Redirect("/account", fiber.StatusSeeOther)
}

// showLogin asks for a captcha where the next attempt will need one. After a storage failure that is not asked of the storage.
func (s *site) showLogin(c *fiber.Ctx, f *credentials, problem error) error {
	page := formPage{Title: "Log in", Form: f, Open: true}
	if status, _ := web.Explain(problem); status != fiber.StatusServiceUnavailable {
		needed, err := s.attempts.spent(c.UserContext(), addressSubject(web.Client(c)), accountSubject(f.Email))
		if err != nil {
			problem = err
		}
		page.Open = !needed
	}
	return s.showForm(c, "login", page, problem)
}

// login looks at the password while there are free attempts, else after the captcha. What it answers, and how long it
// takes, is the same whether or not there is such an account.
func (s *site) login(c *fiber.Ctx, f *credentials) error {
	errs := captcha.FieldErrors{}
	if err := readForm(c, f, errs); err != nil {
		return err
	}
	if len(errs) > 0 {
		return errs
	}
	taken, free, err := s.attempts.takeAll(c.UserContext(), addressSubject(web.Client(c)), accountSubject(f.Email))
	if err != nil {
		return err
	}
	if !free {
		if err := s.attempts.giveBack(c.UserContext(), taken); err != nil {
			return err
		}
		taken = nil
		if err := s.submit(c, f); err != nil {
			return err
		}
	}
	if err := s.match(c.UserContext(), f); err != nil {
		return err
	}
	if err := s.attempts.giveBack(c.UserContext(), taken); err != nil {
		return err
	}
	return s.sessions.signIn(c, f.Email)
}

// match compares the password also where there is no account: that is most of the time that this takes.
func (s *site) match(ctx context.Context, f *credentials) error {
	found, err := s.account(ctx, f.Email)
	if err != nil {
		return err
	}
	matches, err := s.passwords.matches(ctx, found.Hash, f.Password)
	if err != nil {
		return err
	}
	if !matches {
		return captcha.FieldErrors{"password": {"There is no account with this address and this password."}}
	}
	return nil
}
