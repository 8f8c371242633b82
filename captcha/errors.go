package captcha

import (
	"errors"
	"sort"
	"strings"
)

// The reasons for which a submission is refused. Test for them with errors.Is.
var (
	// ErrMissing says that the key or the answer was absent, null or blank. Nothing was used up: the same challenge
	// can be answered again.
	ErrMissing = errors.New("captcha: a field is missing")

	// ErrMalformed says that a field was too long, given twice or not text, or that the body around it could not be
	// read. Nothing was used up.
	ErrMalformed = errors.New("captcha: the submission is malformed")

	// ErrUnknownKey says that the key names no challenge that can still be answered: it was never issued, it was used
	// before, or it has expired. The three are not told apart, on purpose.
	ErrUnknownKey = errors.New("captcha: invalid or expired key")

	// ErrWrongAnswer says that the answer was not the challenge's. The challenge is used up.
	ErrWrongAnswer = errors.New("captcha: wrong answer")

	// ErrStorage says that the storage failed, so that the answer could be neither accepted nor refused. It wraps the
	// storage's own error. A handler answers 503.
	ErrStorage = errors.New("captcha: storage failed")
)

// FieldErrors says what is wrong with each field, by the field's name: {"captcha_value": ["This field is required."]}.
// Through errors.Is it is ErrMissing when every complaint is of an absent or blank field, else ErrMalformed.
type FieldErrors map[string][]string

const (
	msgRequired  = "This field is required."
	msgNull      = "This field may not be null."
	msgBlank     = "This field may not be blank."
	msgNotString = "Not a valid string."
	msgNUL       = "Null characters are not allowed."
	msgTwice     = "This field may be given only once."
)

func (e FieldErrors) add(field, message string) { e[field] = append(e[field], message) }

// Error lists the fields in alphabetical order.
func (e FieldErrors) Error() string {
	parts := make([]string, 0, len(e))
	for field, messages := range e {
		parts = append(parts, field+": "+strings.Join(messages, " "))
	}
	sort.Strings(parts)
	return "captcha: " + strings.Join(parts, "; ")
}

// Is reports whether target is the reason that these errors stand for.
func (e FieldErrors) Is(target error) bool {
	reason := ErrMissing
	for _, messages := range e {
		for _, message := range messages {
			if message != msgRequired && message != msgNull && message != msgBlank {
				reason = ErrMalformed
			}
		}
	}
	return target == reason
}

// BodyError says why a request's body could not be read at all. Through errors.Is it is ErrMalformed.
type BodyError struct {
	Status int    // 400, or 415 for a media type that is not accepted
	Detail string // a sentence for whoever wrote the client
}

// Error is the detail, for a log.
func (e *BodyError) Error() string { return "captcha: " + e.Detail }

// Is reports whether target is ErrMalformed.
func (e *BodyError) Is(target error) bool { return target == ErrMalformed }
