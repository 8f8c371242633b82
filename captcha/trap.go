package captcha

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// Programs do two things that people never do: they fill in a field that can't be seen, and they answer before they can
// have read the challenge. They get the reply for a wrong answer, or for a used receipt, so that they learn nothing.
// Only an Event tells the truth.
var (
	errTrapped error = &Error{WrongAnswer, http.StatusBadRequest, "Invalid captcha value", errFilledIn}
	errTooSoon error = &Error{WrongAnswer, http.StatusBadRequest, "Invalid captcha value", errWithinPause}

	// A receipt has no answer that could be wrong.
	errTrappedReceipt error = &Error{UnknownKey, http.StatusBadRequest, "Invalid or expired captcha key", errFilledIn}

	errFilledIn    = errors.New("captcha: the trap was filled in")
	errWithinPause = errors.New("captcha: the answer came within the pause")
)

// suspect returns an error if no person can have given the answer, be it right or wrong.
func (g *Guard) suspect(s Submission, c keep.Challenge) error {
	switch {
	case s.trapped:
		return errTrapped
	case g.cfg.Pause > 0 && s.value != "" && g.age(c) < g.cfg.Pause:
		return errTooSoon
	}
	return nil
}

// eventReason is the reason that an Event has for an error.
func eventReason(err error) Reason {
	switch {
	case errors.Is(err, errFilledIn):
		return Trapped
	case errors.Is(err, errWithinPause):
		return TooSoon
	}
	return reasonOf(err)
}

const maxPause = time.Minute

// known matches the English words by which browsers and password managers find the fields that they fill in: those on
// Chromium's and Firefox's own lists that may be a part of a plain word.
var known = regexp.MustCompile(`(?i)name|mail|user|login|pass|pwd|phone|tel|mobile|fax|addr|street|house|city|town|state|county|` +
	`province|region|zip|postal|postcode|country|company|organi[sz]ation|business|card|cvv|cvc|iban|account|birth|bday|sex|gender|` +
	`code|otp|pin|url|site|homepage|search|captcha`)

// checkTrap refuses names that somebody else's field has, or that a browser might fill in.
func (cfg Config) checkTrap() error {
	own := append([]string{cfg.Compat.KeyField, cfg.Compat.ValueField}, sentFields...)
	switch {
	case cfg.Trap == "":
		return nil
	case !fieldForm.MatchString(cfg.Trap) || slices.Contains(own, cfg.Trap):
		return setting.Refuse("Trap", cfg.Trap, "1 to 64 letters, digits, _, - and dots, and a name that no other field has")
	case known.MatchString(cfg.Trap):
		return setting.Refuse("Trap", cfg.Trap, "a name that no browser fills in, such as \"subject\"; this one contains %q",
			known.FindString(cfg.Trap))
	}
	return nil
}
