package handlers

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/handlers/fields"
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

// withCaptcha adds what is wrong with the captcha, if anything is, at the end: the captcha is last in every form.
func withCaptcha(slips []fields.Slip, challenge *captcha.Challenge, ofCaptcha error) []fields.Slip {
	if challenge == nil {
		return slips
	}
	if sentence := challenge.Message(ofCaptcha); sentence != "" {
		slips = append(slips, fields.Slip{ID: challenge.InputID(), Sentence: strings.TrimSuffix(sentence, ".")})
	}
	return slips
}

// refusable is a page whose title begins with what did not work, because screen readers say the title first.
type refusable interface{ refused() bool }

func refused(page any) bool {
	p, ok := page.(refusable)
	return ok && p.refused()
}

func (p formPage) refused() bool { return p.Notice != "" }
func (p homePage) refused() bool { return p.Verdict != "" && !p.Right }
