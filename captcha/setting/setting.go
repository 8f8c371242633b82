// Package setting has the error with which captcha and the packages below it refuse a setting.
package setting

import (
	"errors"
	"fmt"
)

// Error says why one setting is refused. Find it with [errors.As]; several may be joined.
type Error struct {
	Field    string // the setting's name in Go code: "Length", "Picture.Width", "Secrets[1]"
	Value    string // the value given, fit to be shown; empty if it may be secret
	Accepted string // what is accepted, or what has to change, as the end of a sentence: "1 to 32 letters"
}

// Refuse returns the error for a value that may be shown. A string is quoted.
func Refuse(field string, value any, accepted string, args ...any) *Error {
	shown := fmt.Sprint(value)
	if text, ok := value.(string); ok {
		shown = fmt.Sprintf("%q", text)
	}
	return &Error{Field: field, Value: shown, Accepted: fmt.Sprintf(accepted, args...)}
}

// Error names the field, its value and what is accepted.
func (e *Error) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("setting %s is not accepted; accepted: %s", e.Field, e.Accepted)
	}
	return fmt.Sprintf("setting %s is %s; accepted: %s", e.Field, e.Value, e.Accepted)
}

// In returns err with outer put before the name of every setting in it: with outer "Picture", Width becomes
// Picture.Width. An error that is about no setting is returned as it is.
func In(outer string, err error) error {
	switch e := err.(type) {
	case *Error:
		return &Error{outer + "." + e.Field, e.Value, e.Accepted}
	case interface{ Unwrap() []error }:
		var all []error
		for _, err := range e.Unwrap() {
			all = append(all, In(outer, err))
		}
		return errors.Join(all...)
	}
	return err
}
