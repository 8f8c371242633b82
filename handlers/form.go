package handlers

import (
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// form is what a visitor fills in.
type form interface {
	// check trims the fields and complains of those that can't be right.
	check(errs captcha.FieldErrors)
}

// submit reads a form from the request, checks its own fields, and only then lets the captcha decide: a slip in an
// address does not cost the visitor a challenge. The error is captcha.FieldErrors for whatever the visitor can mend.
func (s *site) submit(c *fiber.Ctx, f form) error {
	errs := captcha.FieldErrors{}
	key, value, err := s.Guard.Read(c)
	var malformed *captcha.BodyError
	if errors.As(err, &malformed) {
		return err
	}
	var captchaErrs captcha.FieldErrors
	if errors.As(err, &captchaErrs) {
		maps.Copy(errs, captchaErrs)
	}
	if len(c.Request().Body()) > 0 {
		if err := c.BodyParser(f); err != nil {
			return &captcha.BodyError{Status: fiber.StatusBadRequest, Detail: "JSON parse error - a field is not a string"}
		}
	}
	f.check(errs)
	if len(errs) > 0 {
		return errs
	}
	return s.Guard.Verify(c.UserContext(), key, value)
}

// formPage is what the view of a form needs.
type formPage struct {
	Title     string
	Form      form
	Errors    captcha.FieldErrors
	Challenge *captcha.Challenge // nil if none could be made
	Notice    string             // about the form as a whole
}

// showForm renders a form with a fresh challenge: as it is first seen, or with what was typed and what is wrong with it.
func (s *site) showForm(c *fiber.Ctx, view string, page formPage, problem error) error {
	switch fields := (captcha.FieldErrors)(nil); {
	case problem == nil:
	case errors.As(problem, &fields):
		c.Status(fiber.StatusUnprocessableEntity)
		page.Errors = fields
	case errors.Is(problem, captcha.ErrUnknownKey):
		c.Status(fiber.StatusUnprocessableEntity)
		page.Errors = captcha.FieldErrors{"captcha_value": {"This picture was used or has expired. Here is a new one."}}
	case errors.Is(problem, captcha.ErrWrongAnswer):
		c.Status(fiber.StatusUnprocessableEntity)
		page.Errors = captcha.FieldErrors{"captcha_value": {"That was not what the picture says. Here is a new one."}}
	default:
		status, sentence := explain(problem)
		if status != fiber.StatusServiceUnavailable {
			return problem
		}
		s.Logger.Error("form not taken", "view", view, "error", problem)
		c.Status(status).Set(fiber.HeaderRetryAfter, "2")
		page.Notice = sentence
	}
	challenge, err := s.Guard.Generate(c.UserContext(), s.Guard.Language(c))
	if err != nil {
		status, sentence := explain(err)
		c.Status(status).Set(fiber.HeaderRetryAfter, "2")
		page.Notice = sentence
	}
	page.Challenge = challenge
	c.Set(fiber.HeaderCacheControl, "no-store")
	return s.render(c, view, page)
}

// render executes a view within the layout.
func (s *site) render(c *fiber.Ctx, view string, page any) error {
	return c.Render(view, page)
}

// checkText trims text and complains if it is blank, too long or not text.
func checkText(errs captcha.FieldErrors, name string, text *string, limit int) {
	*text = strings.TrimSpace(*text)
	switch {
	case *text == "":
		errs[name] = []string{"This field may not be blank."}
	case !utf8.ValidString(*text) || strings.ContainsRune(*text, 0):
		*text = strings.ToValidUTF8(strings.ReplaceAll(*text, "\x00", ""), "")
		errs[name] = []string{"Not a valid string."}
	case utf8.RuneCountInString(*text) > limit:
		errs[name] = []string{fmt.Sprintf("Ensure this field has no more than %d characters.", limit)}
	}
}

// checkEmail trims an address and complains if it is not one. 254 characters is the most that SMTP can carry (RFC 5321).
func checkEmail(errs captcha.FieldErrors, name string, address *string) {
	checkText(errs, name, address, 254)
	if len(errs[name]) > 0 {
		return
	}
	parsed, err := mail.ParseAddress(*address)
	if err != nil || parsed.Address != *address || parsed.Name != "" {
		errs[name] = []string{"Enter a valid email address."}
	}
}
