package handlers

import (
	"fmt"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// pageLanguage is the language of the pages, and so of the captcha's field in them.
const pageLanguage = "en"

// challenge returns a page's challenge, in the page's language.
func (s *site) challenge(c *fiber.Ctx, purpose string) (*captcha.Challenge, error) {
	guard := s.Guard.For(purpose)
	visitor := guard.Visitor(c)
	visitor.Language = pageLanguage
	return guard.Edge().Issue(c.UserContext(), c.Context(), visitor)
}

// slip is one thing that a visitor has to mend in a form.
type slip struct {
	ID       string // of the element to mend it in
	Sentence string
}

// labels name the forms' fields in a sentence, in the order in which they stand in every form.
var labels = []struct{ field, name string }{
	{"name", "your name"}, {"email", "your email address"}, {"password", "your password"}, {"message", "your message"},
}

// advice turns what is wrong with a form's own fields, as the API puts it, into what a visitor has to do.
func advice(errs captcha.FieldErrors) map[string][]string {
	all := make(map[string][]string, len(errs))
	for _, label := range labels {
		for _, err := range errs[label.field] {
			all[label.field] = append(all[label.field], advise(label.name, err.Message))
		}
	}
	return all
}

func advise(name, complaint string) string {
	var n int
	var unit string
	switch {
	case strings.HasPrefix(complaint, "This field "):
		return "Enter " + name
	case complaint == "Enter a valid email address.":
		return "Enter your email address in the form name@example.org"
	case complaint == "Not a valid string.", complaint == "Null characters are not allowed.":
		return "Enter " + name + " without characters that can’t be read"
	case scan(complaint, "Ensure this field has no more than %d %s", &n, &unit):
		return fmt.Sprintf("Shorten %s to %d %s", name, n, strings.TrimSuffix(unit, "."))
	case scan(complaint, "Ensure this field has at least %d %s", &n, &unit):
		return fmt.Sprintf("Choose a password of at least %d %s", n, strings.TrimSuffix(unit, "."))
	}
	return complaint
}

func scan(text, format string, into ...any) bool {
	n, _ := fmt.Sscanf(text, format, into...)
	return n == len(into)
}

// slips lists what is wrong with a form, in the form's order: its own fields, then the captcha.
func slips(wrong map[string][]string, challenge *captcha.Challenge, ofCaptcha error) (all []slip) {
	for _, label := range labels {
		for _, sentence := range wrong[label.field] {
			all = append(all, slip{label.field, sentence})
		}
	}
	if challenge != nil {
		if sentence := challenge.Message(ofCaptcha); sentence != "" {
			all = append(all, slip{challenge.InputID(), strings.TrimSuffix(sentence, ".")})
		}
	}
	return all
}

// refusable is a page that may say that something did not work: its title begins with that, for who hears titles first.
type refusable interface{ refused() bool }

func refused(page any) bool {
	p, ok := page.(refusable)
	return ok && p.refused()
}

func (p formPage) refused() bool { return p.Notice != "" }
func (p homePage) refused() bool { return p.Verdict != "" && !p.Right }
