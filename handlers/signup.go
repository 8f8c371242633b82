package handlers

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/crypto/bcrypt"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// Passwords: 8 characters is the least that NIST SP 800-63B allows, 72 bytes the most that bcrypt reads.
const (
	minPassword = 8
	maxPassword = 72
)

type credentials struct {
	Email    string `json:"email" form:"email"`
	Password string `json:"password" form:"password"`
}

func (f *credentials) check(errs captcha.FieldErrors) {
	checkEmail(errs, "email", &f.Email)
	switch {
	case f.Password == "":
		errs["password"] = []string{"This field may not be blank."}
	case !utf8.ValidString(f.Password) || strings.ContainsRune(f.Password, 0):
		errs["password"] = []string{"Not a valid string."}
	case utf8.RuneCountInString(f.Password) < minPassword:
		errs["password"] = []string{fmt.Sprintf("Ensure this field has at least %d characters.", minPassword)}
	case len(f.Password) > maxPassword:
		errs["password"] = []string{fmt.Sprintf("Ensure this field has no more than %d bytes.", maxPassword)}
	}
}

// account is what is stored of a visitor who signed up.
type account struct {
	Email   string    `json:"email"`
	Hash    []byte    `json:"hash"`
	Created time.Time `json:"created"`
}

func signupPage(f *credentials) formPage { return formPage{Title: "Sign up", Form: f} }

func (s *site) signupForm(c *fiber.Ctx) error {
	return s.showForm(c, "signup", signupPage(&credentials{}), nil)
}

func (s *site) signupSubmit(c *fiber.Ctx) error {
	var f credentials
	if err := s.signup(c, &f); err != nil {
		return s.showForm(c, "signup", signupPage(&f), err)
	}
	return c.Redirect("/welcome", fiber.StatusSeeOther)
}

func (s *site) signupAPI(c *fiber.Ctx) error {
	var f credentials
	if err := s.signup(c, &f); err != nil {
		return captcha.Reply(c, err)
	}
	return c.Status(fiber.StatusCreated).JSON(fiber.Map{"email": f.Email})
}

// signup creates an account, once per address. That an address is taken is said only to who solved the captcha.
func (s *site) signup(c *fiber.Ctx, f *credentials) error {
	if err := s.submit(c, f); err != nil {
		return err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(f.Password), bcrypt.DefaultCost)
	if err != nil {
		return err
	}
	value, err := json.Marshal(account{Email: f.Email, Hash: hash, Created: time.Now().UTC()})
	if err != nil {
		return err
	}
	added, err := s.Storage.Add(c.UserContext(), accountKey(f.Email), value, 0)
	if err != nil {
		return fmt.Errorf("%w: create an account: %w", errStorage, err)
	}
	if !added {
		return captcha.FieldErrors{"email": {"There is an account with this address already."}}
	}
	return nil
}

type welcomePage struct{ Title string }

func (s *site) signupDone(c *fiber.Ctx) error {
	return s.render(c, "welcome", welcomePage{Title: "Welcome"})
}

// accountKey is the same for an address in any letter case.
func accountKey(email string) string { return "account_" + strings.ToLower(email) }
