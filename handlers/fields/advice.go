package fields

import (
	"fmt"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// labels are the names that a sentence gives to the forms' fields, in the order that they have in every form.
var labels = []struct{ field, name string }{
	{"name", "your name"}, {"email", "your email address"}, {"password", "your password"}, {"message", "your message"},
}

// A Slip is one thing that a visitor has to correct in a form.
type Slip struct {
	ID       string // of the element in which to correct it
	Sentence string
}

// Advice turns the API's errors of a form's own fields into sentences that say what a visitor has to do, in the form's
// order.
func Advice(errs captcha.FieldErrors) (all []Slip) {
	for _, label := range labels {
		for _, err := range errs[label.field] {
			all = append(all, Slip{label.field, advise(label.field, label.name, err)})
		}
	}
	return all
}

func advise(field, name string, err captcha.FieldError) string {
	switch err.Code {
	case "required", "null", "blank", "repeated":
		return "Enter " + name
	case "invalid":
		if field == "email" {
			return "Enter your email address in the form name@example.org"
		}
		return "Enter " + name + " without characters that can’t be read"
	case "null_characters_not_allowed":
		return "Enter " + name + " without characters that can’t be read"
	case "max_length":
		amount := after(err.Message, " than ")
		if number, ok := strings.CutSuffix(amount, " bytes"); ok {
			amount += ", which is " + number + " letters without accents"
		}
		return fmt.Sprintf("Shorten %s to %s", name, amount)
	case "min_length":
		return "Choose a password of at least " + after(err.Message, " least ")
	case "unique":
		return "Enter another email address, or log in. This one already has an account"
	}
	return err.Message
}

// after returns what follows the words, without the full stop: a number and what is counted.
func after(message, words string) string {
	_, amount, _ := strings.Cut(message, words)
	return strings.TrimSuffix(amount, ".")
}
