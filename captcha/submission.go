package captcha

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
)

// Submission is what a visitor sends back: the key of a challenge and the answer, or what stands for them. It was read once and is well formed;
// whether the answer is right is Verify's to say. The zero value is one in which everything is missing.
type Submission struct {
	way        Way
	key, value string // of Letters
	receipt    string // of Receipt
	visitor    Visitor
}

// Submission makes one of a key and an answer that came in a way of the app's own. Its error is FieldErrors (ErrMissing or
// ErrMalformed) for what can't be an answer. White space around the key does not count, nor does any in
// the answer.
func (g *Guard) Submission(key, value string, visitor Visitor) (Submission, error) {
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	errs := FieldErrors{}
	checkText(errs, g.cfg.Compat.KeyField, key, keep.MaxKey)
	g.checkValue(errs, value)
	if len(errs) > 0 {
		return Submission{}, errs
	}
	return Submission{way: Letters, key: key, value: value, visitor: visitor}, nil
}

// ReceiptSubmission makes one of a receipt that came in a way of the app's own.
func (g *Guard) ReceiptSubmission(receipt string, visitor Visitor) (Submission, error) {
	receipt = strings.TrimSpace(receipt)
	errs := FieldErrors{}
	if checkText(errs, receiptField, receipt, keep.MaxKey); len(errs) > 0 {
		return Submission{}, errs
	}
	return Submission{way: Receipt, receipt: receipt, visitor: visitor}, nil
}

func checkText(errs FieldErrors, field, text string, limit int) {
	checkLength(errs, field, text, utf8.RuneCountInString(text), limit)
}

// checkValue counts an answer's characters as they are compared: without spaces and what can't be seen.
func (g *Guard) checkValue(errs FieldErrors, text string) {
	checkLength(errs, g.cfg.Compat.ValueField, text, g.alphabet.Length(text), g.cfg.valueLimit())
}

func checkLength(errs FieldErrors, field, text string, length, limit int) {
	switch {
	case !utf8.ValidString(text):
		errs.add(field, errNotText)
	case strings.ContainsRune(text, 0):
		errs.add(field, errNUL)
	case length == 0:
		errs.add(field, errBlank)
	case length > limit:
		errs.add(field, FieldError{"max_length", fmt.Sprintf("Ensure this field has no more than %d characters.", limit)})
	}
}

// refreshField is in a form that was sent, without script, by the field's button for new characters.
const refreshField = "captcha_refresh"

// fieldNames are the fields that a submission may have.
func (g *Guard) fieldNames() []string {
	names := []string{g.cfg.Compat.KeyField, g.cfg.Compat.ValueField, refreshField}
	if g.cfg.Receipts > 0 {
		names = append(names, receiptField)
	}
	return names
}

// way is how a challenge was met: the first of receipt and letters that is there. The others are not read, so that nobody
// gets two tries. A receipt that is blank counts as absent, for a form without script sends it so.
func (f fields) way() Way {
	if f.filled(receiptField) {
		return Receipt
	}
	return Letters
}

// filled reports whether there is something in a field, be it readable or not.
func (f fields) filled(name string) bool {
	got := f[name]
	return got.wrong != nil && *got.wrong != errNull || strings.TrimSpace(got.text) != ""
}

// read makes a submission of a body's fields.
func (g *Guard) read(fields fields, visitor Visitor) (Submission, error) {
	errs := FieldErrors{}
	if fields.filled(refreshField) {
		return Submission{}, FieldErrors{g.cfg.Compat.ValueField: {errRequired}}
	}
	if fields.way() == Receipt {
		receipt := fields.need(errs, receiptField)
		if len(errs) > 0 {
			return Submission{}, errs
		}
		return g.ReceiptSubmission(receipt, visitor)
	}
	key := fields.need(errs, g.cfg.Compat.KeyField)
	value := fields.need(errs, g.cfg.Compat.ValueField)
	if len(errs) == 0 {
		return g.Submission(key, value, visitor)
	}
	// What is there is looked at as well, so that a client hears of everything at once.
	if len(errs[g.cfg.Compat.KeyField]) == 0 {
		checkText(errs, g.cfg.Compat.KeyField, strings.TrimSpace(key), keep.MaxKey)
	}
	if len(errs[g.cfg.Compat.ValueField]) == 0 {
		g.checkValue(errs, strings.TrimSpace(value))
	}
	return Submission{}, errs
}

// Verify decides about a submission. It returns nil for the right answer, else ErrUnknownKey, ErrWrongAnswer or
// ErrStorage. A right or wrong answer uses the challenge up. An answer counts as people's keyboards make it: in either case,
// in full width, with digits of another script or letters of another script that look like those shown, and with a letter
// that the alphabet lacks for the one that it is mistaken for, S for 5. No two letters of the alphabet count as one.
func (g *Guard) Verify(ctx context.Context, s Submission) error {
	var c keep.Challenge
	var err error
	switch s.way {
	case Letters:
		c, err = g.verify(ctx, s)
	case Receipt:
		err = g.useReceipt(ctx, s)
	default:
		return ErrMissing
	}
	e := Event{Kind: Verified, Err: err, Way: s.way}
	if c.Answer != "" {
		e.Age = g.age(c)
	}
	g.observe(ctx, e, c)
	return err
}

func (g *Guard) verify(ctx context.Context, s Submission) (keep.Challenge, error) {
	if answer, ok := g.cfg.Compat.InsecureMasterAnswers[s.key]; ok {
		return keep.Challenge{}, g.judge(answer, s.value)
	}
	if !keep.KeyForm(s.key) {
		return keep.Challenge{}, ErrUnknownKey
	}
	c, err := g.keeper.Take(ctx, s.key, g.scope(s.visitor))
	if err != nil {
		return keep.Challenge{}, g.keptError(ctx, err)
	}
	return c, g.judge(c.Answer, s.value)
}

// age is the time since c was issued.
func (g *Guard) age(c keep.Challenge) time.Duration {
	return g.cfg.Expiration - c.Expires.Sub(g.cfg.Now())
}

func (g *Guard) judge(answer, value string) error {
	if !g.alphabet.Same(answer, value) {
		return ErrWrongAnswer
	}
	return nil
}

// keptError turns a keeper's error into one of this package's.
func (g *Guard) keptError(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keep.ErrUnknown):
		return ErrUnknownKey
	default:
		return g.storageFailed(ctx, msgNotChecked, err)
	}
}

// storageFailed logs the cause, at most once a second, for a storage that is away fails for every visitor.
func (g *Guard) storageFailed(ctx context.Context, detail string, cause error) error {
	now := g.cfg.Now().UnixNano()
	if last := g.complained.Load(); (now-last >= int64(time.Second) || now < last) && g.complained.CompareAndSwap(last, now) {
		g.cfg.Logger.ErrorContext(ctx, "captcha: the storage failed", "error", cause)
	}
	return storageFailed(detail, cause)
}
