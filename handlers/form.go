package handlers

import (
	"errors"
	"html/template"
	"maps"
	"slices"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/handlers/fields"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

// form is what a visitor fills in.
type form interface {
	// fields says where the texts of the body's fields go, by name.
	fields() map[string]*string
	// check trims the fields and adds the errors of those that can't be right.
	check(errs captcha.FieldErrors)
}

// refusal is what is wrong with the fields of a form and, apart from these, with its captcha.
type refusal struct {
	captcha.FieldErrors
	captcha error // nil if nothing is
}

func (r *refusal) Unwrap() error { return r.FieldErrors }

// submit reads a form from the request and checks its fields before the guard decides, so that a slip in an address
// does not cost the visitor a challenge. The error is captcha.FieldErrors if the visitor can correct it.
func submit(c *fiber.Ctx, guard *captcha.Guard, f form) error {
	submission, err := read(c, guard, f)
	if err != nil {
		return err
	}
	return guard.Verify(c.UserContext(), submission)
}

// read does what submit does before the guard decides.
func read(c *fiber.Ctx, guard *captcha.Guard, f form) (submission captcha.Submission, err error) {
	submission, err = guard.Read(c)
	errs := captcha.FieldErrors{}
	if err != nil && !errors.As(err, &errs) {
		return submission, err
	}
	if len(errs["non_field_errors"]) > 0 {
		return submission, err // there are no fields
	}
	errs = maps.Clone(errs)
	if err := readForm(c, f, errs); err != nil {
		return submission, err
	}
	if len(errs) > 0 {
		return submission, &refusal{errs, err}
	}
	return submission, nil
}

// readForm fills in f from the body, and adds to errs what is wrong with its fields. The error is only about the body
// itself.
func readForm(c *fiber.Ctx, f form, errs captcha.FieldErrors) error {
	fields := f.fields()
	texts, err := captcha.Fields(c, slices.Collect(maps.Keys(fields))...)
	wrong := captcha.FieldErrors{}
	if err != nil && (!errors.As(err, &wrong) || texts == nil) {
		return err
	}
	for name, field := range fields {
		*field = texts[name]
	}
	f.check(errs)
	maps.Copy(errs, wrong)
	return nil
}

// formPage is what the view of a form needs.
type formPage struct {
	Title   string
	Purpose string // of the captcha
	Form    form
	Open    bool          // no captcha is asked for
	Slips   []fields.Slip // what has to be corrected, the captcha included
	Notice  string        // about the form as a whole
	Captcha template.HTML // empty if the form is open or no challenge could be made
}

// Errors are the sentences beside the fields, by the fields' names.
func (p formPage) Errors() map[string]string {
	beside := make(map[string]string, len(p.Slips))
	for _, slip := range slices.Backward(p.Slips) { // so that the first of several stays
		beside[slip.ID] = slip.Sentence
	}
	return beside
}

// showForm renders a form with its challenge: as it is first seen, or with what was typed and what is wrong with it.
func (s *site) showForm(c *fiber.Ctx, view string, page formPage, problem error) error {
	status := fiber.StatusOK
	var errs captcha.FieldErrors
	switch {
	case problem == nil:
	case errors.As(problem, &errs), errors.Is(problem, captcha.ErrUnknownKey), errors.Is(problem, captcha.ErrWrongAnswer):
		status = fiber.StatusUnprocessableEntity
		page.Notice = "There is a problem"
		page.Slips = fields.Advice(errs)
	default:
		status, page.Notice = web.Explain(problem)
		if status != fiber.StatusServiceUnavailable && status != fiber.StatusTooManyRequests {
			return problem
		}
		web.Logger(c).Error("a form could not be accepted", "view", view, "error", problem)
	}
	var beside error // is shown beside the captcha; what the visitor can't correct is in the notice
	if status == fiber.StatusUnprocessableEntity {
		beside = ofCaptcha(problem)
	}
	var challenge *captcha.Challenge
	if !page.Open {
		var err error
		if challenge, err = s.challenge(c, page.Purpose); err != nil {
			web.Logger(c).Error("a form is shown without a challenge", "view", view, "error", err)
			status, page.Notice = web.Explain(err)
			return web.Page(c, status, view, page)
		}
		if challenge.Refreshed {
			status, page.Notice, page.Slips, beside = fiber.StatusOK, "", nil, nil
		}
		page.Captcha = challenge.Field(captcha.FieldOptions{Error: beside})
	}
	page.Slips = withCaptcha(page.Slips, challenge, beside)
	return web.Page(c, status, view, page)
}

// ofCaptcha returns the part of a problem that belongs beside the captcha.
func ofCaptcha(problem error) error {
	var refused *refusal
	switch {
	case errors.As(problem, &refused):
		return refused.captcha
	case errors.As(problem, new(captcha.FieldErrors)):
		return nil
	}
	return problem
}
