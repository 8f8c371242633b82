package captcha

import (
	"errors"
	"net/http"
	"reflect"
	"sort"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// SettingError is the error with which [NewGuard] refuses a setting. It names the field, its value and what is
// accepted. Several may be joined; [errors.As] finds the first.
type SettingError = setting.Error

// Reason is why something was refused or failed: a short constant word, fit for a metric's label.
type Reason string

// The reasons.
const (
	OK            Reason = "ok"
	Missing       Reason = "missing"
	Malformed     Reason = "malformed"
	UnknownKey    Reason = "unknown_key"
	WrongAnswer   Reason = "wrong_answer"
	Trapped       Reason = "trapped"  // only in an Event: Config.Trap was filled in; the visitor's error is ErrWrongAnswer, or ErrUnknownKey for a receipt
	TooSoon       Reason = "too_soon" // only in an Event: the answer came within Config.Pause; the visitor's error is ErrWrongAnswer
	StorageFailed Reason = "storage_failed"
	NotFound      Reason = "not_found"   // a route of the guard has nothing at this address
	NotAllowed    Reason = "not_allowed" // a route of the guard was called with the wrong method
	Busy          Reason = "busy"        // work could not be made in time
	Failed        Reason = "failed"      // something of the app's own, such as Config.Audio
)

// Error is why a guard refused a request or could not decide. Error returns a sentence that strangers may read;
// unwrapping finds the cause. A handler may return the error as it is: Fiber's default error handler then answers with
// Status.
type Error struct {
	Reason Reason
	Status int    // of the answer to the request
	Detail string // a sentence for whoever sent it

	Cause error // nil, or what failed; for a log, not for strangers
}

// The reasons for which a submission is refused. Test for them with errors.Is.
var (
	// ErrMissing says that the key or the answer was absent, null or blank. Nothing was used up: the same challenge
	// can be answered again.
	ErrMissing error = &Error{Reason: Missing, Status: http.StatusBadRequest, Detail: "A captcha field is missing."}

	// ErrMalformed says that a field was too long, given twice or not text, or that the body around it could not be
	// read. Nothing was used up.
	ErrMalformed error = &Error{Reason: Malformed, Status: http.StatusBadRequest, Detail: "The captcha fields can't be read."}

	// ErrUnknownKey says that the key names no challenge that can still be answered here: it was never issued, was issued
	// for another purpose, was used before, or has expired. The guard deliberately does not tell these cases apart.
	ErrUnknownKey error = &Error{Reason: UnknownKey, Status: http.StatusBadRequest, Detail: "Invalid or expired captcha key"}

	// ErrWrongAnswer says that the answer was wrong. The challenge is used up.
	ErrWrongAnswer error = &Error{Reason: WrongAnswer, Status: http.StatusBadRequest, Detail: "Invalid captcha value"}

	// ErrStorage says that the storage failed, so that nobody knows whether the answer was right. It wraps the
	// storage's own error. Answer it with 503.
	ErrStorage error = &Error{Reason: StorageFailed, Status: http.StatusServiceUnavailable, Detail: msgNotChecked}
)

const (
	msgNotChecked = "The captcha can't be checked at the moment. Try again in a few seconds."
	msgUnsure     = "The answer could not be kept safely, so it was not accepted. It may be used up: try again with a new captcha."
	msgNotIssued  = "No captcha can be made at the moment. Try again in a few seconds."
)

func storageFailed(detail string, cause error) error {
	return &Error{StorageFailed, http.StatusServiceUnavailable, detail, cause}
}

func malformed(status int, detail string) error {
	return &Error{Reason: Malformed, Status: status, Detail: detail}
}

func notFound() error {
	return &Error{Reason: NotFound, Status: http.StatusNotFound, Detail: "Not found."}
}

// Error returns the detail.
func (e *Error) Error() string { return e.Detail }

// Unwrap returns Cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is an error with the same reason.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Reason == e.Reason
}

// As lets Fiber's default error handler find the status and the sentence.
func (e *Error) As(target any) bool { return asFiberError(target, e.Status, e.Detail) }

// asFiberError sets a target that points to a *fiber.Error, of whichever version of Fiber: a struct with these two
// fields.
func asFiberError(target any, status int, sentence string) bool {
	pointer := reflect.TypeOf(target).Elem()
	if pointer.Kind() != reflect.Pointer || !strings.HasPrefix(pointer.Elem().PkgPath(), "github.com/gofiber/fiber/") ||
		pointer.Elem().Name() != "Error" {
		return false
	}
	made := reflect.New(pointer.Elem())
	code, message := made.Elem().FieldByName("Code"), made.Elem().FieldByName("Message")
	if !code.IsValid() || !message.IsValid() {
		return false
	}
	code.SetInt(int64(status))
	message.SetString(sentence)
	reflect.ValueOf(target).Elem().Set(made)
	return true
}

// reasonOf returns the reason that err stands for.
func reasonOf(err error) Reason {
	var e *Error
	switch {
	case err == nil:
		return OK
	case errors.As(err, &e):
		return e.Reason
	case errors.Is(err, ErrMissing):
		return Missing
	case errors.Is(err, ErrMalformed):
		return Malformed
	default:
		return Failed
	}
}

// FieldErrors says what is wrong with each field, by the field's name. An app may add the errors of its own fields. Its
// JSON is Django REST framework's: {"captcha_value": ["This field is required."]}. errors.Is takes it for ErrMissing if
// every field that it names is absent or blank, else for ErrMalformed.
type FieldErrors map[string][]FieldError

// FieldError is one thing that is wrong with a field.
type FieldError struct {
	Code    string // as Django REST framework has it; the ones of this package are required, null, blank, invalid, max_length, null_characters_not_allowed, and repeated
	Message string // a sentence for whoever sent it
}

// MarshalText returns the message.
func (e FieldError) MarshalText() ([]byte, error) { return []byte(e.Message), nil }

var (
	errRequired = FieldError{"required", "This field is required."}
	errNull     = FieldError{"null", "This field may not be null."}
	errBlank    = FieldError{"blank", "This field may not be blank."}
	errNotText  = FieldError{"invalid", "Not a valid string."}
	errNUL      = FieldError{"null_characters_not_allowed", "Null characters are not allowed."}
	errRepeated = FieldError{"repeated", "This field may be given only once."}
)

// orNil returns the errors, if there are any.
func (e FieldErrors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

func (e FieldErrors) add(field string, err FieldError) { e[field] = append(e[field], err) }

// Error lists the fields in alphabetical order.
func (e FieldErrors) Error() string {
	parts := make([]string, 0, len(e))
	for field, errs := range e {
		var words strings.Builder
		for _, err := range errs {
			words.WriteString(" " + err.Message)
		}
		parts = append(parts, field+":"+words.String())
	}
	sort.Strings(parts)
	return strings.Join(parts, "; ")
}

// Is reports whether target is the reason that these errors stand for.
func (e FieldErrors) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Reason == e.reason()
}

func (e FieldErrors) reason() Reason {
	for _, errs := range e {
		for _, err := range errs {
			if err.Code != errRequired.Code && err.Code != errNull.Code && err.Code != errBlank.Code {
				return Malformed
			}
		}
	}
	return Missing
}

// As lets Fiber's default error handler find a status and a sentence.
func (e FieldErrors) As(target any) bool {
	return asFiberError(target, http.StatusBadRequest, e.Error())
}

// nonField returns a complaint about the submission as a whole.
func nonField(message string) FieldErrors {
	return FieldErrors{"non_field_errors": {{Code: errNotText.Code, Message: message}}}
}
