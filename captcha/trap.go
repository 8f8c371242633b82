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

// What people never do and programs do: fill in a field that can't be seen, and answer before they can have read.
// Whoever does is told what is told of a wrong answer, or of a used receipt, so that the program that does it learns
// nothing. Only an Event tells.
var (
	errTrapped error = &Error{WrongAnswer, http.StatusBadRequest, "Invalid captcha value", errFilledIn}
	errTooSoon error = &Error{WrongAnswer, http.StatusBadRequest, "Invalid captcha value", errWithinPause}

	// A receipt has no answer that could be wrong.
	errTrappedReceipt error = &Error{UnknownKey, http.StatusBadRequest, "Invalid or expired captcha key", errFilledIn}

	errFilledIn    = errors.New("captcha: the trap was filled in")
	errWithinPause = errors.New("captcha: the answer came within the pause")
)

// suspect returns the error of an answer that no person gave, right or wrong.
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

// known are parts of the names by which browsers and password managers find the fields that they fill in, in English:
// those of Chromium's and Firefox's own lists that a plain word can have.
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
		return setting.Refuse("Trap", cfg.Trap, "1 to 64 letters, digits, _, - and dots, a name that no other field has")
	case known.MatchString(cfg.Trap):
		return setting.Refuse("Trap", cfg.Trap, "a name by which no browser fills in anything, as in \"subject\"; this one has %q in it",
			known.FindString(cfg.Trap))
	}
	return nil
}
