// Package fields checks what visitors fill in. It tells programs what is wrong in the words of Django REST framework,
// and tells people what they have to do.
package fields

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// What can be wrong with a field.
var (
	Blank   = []captcha.FieldError{{Code: "blank", Message: "This field may not be blank."}}
	NotText = []captcha.FieldError{{Code: "invalid", Message: "Not a valid string."}}
	NUL     = []captcha.FieldError{{Code: "null_characters_not_allowed", Message: "Null characters are not allowed."}}
	NoEmail = []captcha.FieldError{{Code: "invalid", Message: "Enter a valid email address."}}
)

// AtMost says that a field has too many characters, or bytes.
func AtMost(limit int, unit string) []captcha.FieldError {
	return []captcha.FieldError{{Code: "max_length", Message: fmt.Sprintf("Ensure this field has no more than %d %s.", limit, unit)}}
}

// AtLeast says that a field has too few characters.
func AtLeast(limit int) []captcha.FieldError {
	return []captcha.FieldError{{Code: "min_length", Message: fmt.Sprintf("Ensure this field has at least %d characters.", limit)}}
}

// Text trims text and complains if it is blank, too long or not text. A browser counts the end of a line as one
// character, but sends two.
func Text(errs captcha.FieldErrors, name string, text *string, limit int) {
	*text = strings.TrimSpace(strings.ReplaceAll(*text, "\r\n", "\n"))
	switch {
	case *text == "":
		errs[name] = Blank
	case !utf8.ValidString(*text):
		*text = strings.ToValidUTF8(*text, "\uFFFD")
		errs[name] = NotText
	case strings.ContainsRune(*text, 0):
		*text = strings.ReplaceAll(*text, "\x00", "\uFFFD")
		errs[name] = NUL
	case utf8.RuneCountInString(*text) > limit:
		errs[name] = AtMost(limit, "characters")
	}
}

// Email trims an address and complains if it is not one. 254 characters is the most that SMTP can carry (RFC 5321).
func Email(errs captcha.FieldErrors, name string, address *string) {
	Text(errs, name, address, 254)
	if len(errs[name]) > 0 {
		return
	}
	parsed, err := mail.ParseAddress(*address)
	if err != nil || parsed.Address != *address || parsed.Name != "" {
		errs[name] = NoEmail
	}
}
