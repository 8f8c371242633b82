package captcha

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
)

// Submission is what a visitor sends back: the key of a challenge and the answer, or what takes their place. It is well
// formed; [Guard.Verify] says whether it is right. In the zero value everything is missing.
type Submission struct {
	way      Way
	key      string // of the challenge
	value    string // the letters, if it brings any
	work     bool   // it brings work: a solution, or what opens to one
	solution string
	altcha   func(seed [32]byte, level uint8) (solution string, ok bool)
	receipt  string // of Receipt
	trapped  bool   // what people leave empty was filled in
	visitor  Visitor
}

// Submission makes a Submission of a key and an answer, for an app that receives them in its own way. Its error is
// FieldErrors (ErrMissing or ErrMalformed) for what can't be an answer. White space around the key and anywhere in the
// answer is ignored.
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

// ReceiptSubmission makes a Submission of a receipt, for an app that receives it in its own way.
func (g *Guard) ReceiptSubmission(receipt string, visitor Visitor) (Submission, error) {
	receipt = strings.TrimSpace(receipt)
	errs := FieldErrors{}
	if checkText(errs, receiptField, receipt, keep.MaxKey); len(errs) > 0 {
		return Submission{}, errs
	}
	return Submission{way: Receipt, receipt: receipt, visitor: visitor}, nil
}

// WorkSubmission makes a Submission of a challenge's key and the solution of its work, for an app that receives them in
// its own way.
func (g *Guard) WorkSubmission(key, solution string, visitor Visitor) (Submission, error) {
	key, solution = strings.TrimSpace(key), strings.TrimSpace(solution)
	errs := FieldErrors{}
	checkText(errs, g.cfg.Compat.KeyField, key, keep.MaxKey)
	g.checkSolution(errs, solution)
	if len(errs) > 0 {
		return Submission{}, errs
	}
	return Submission{way: Work, key: key, work: true, solution: solution, visitor: visitor}, nil
}

func (g *Guard) checkSolution(errs FieldErrors, text string) {
	checkText(errs, workField, text, workLimit)
	if len(errs[workField]) == 0 && (g.cfg.Work == nil || !g.cfg.Work.WellFormed(text)) {
		errs.add(workField, errNotText)
	}
}

func checkText(errs FieldErrors, field, text string, limit int) {
	checkLength(errs, field, text, utf8.RuneCountInString(text), limit)
}

// checkValue counts an answer's characters as they are compared: without spaces and characters that can't be seen.
func (g *Guard) checkValue(errs FieldErrors, text string) {
	checkLength(errs, g.cfg.Compat.ValueField, text, g.alphabet.Length(text), g.valueLimit())
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

// refreshField names the field by which a form says, without script, that the button for new characters sent it.
const refreshField = "captcha_refresh"

// fieldNames are the fields that a submission may have.
func (g *Guard) fieldNames() []string {
	names := []string{g.cfg.Compat.KeyField, g.cfg.Compat.ValueField, refreshField}
	if g.cfg.Receipts > 0 {
		names = append(names, receiptField)
	}
	if g.cfg.Work != nil {
		names = append(names, workField, altchaField)
	}
	if g.cfg.Trap != "" {
		names = append(names, g.cfg.Trap)
	}
	return names
}

// way returns how a submission meets its challenge: by a receipt, work, ALTCHA's work or letters, whichever comes first
// in this list. The others are not read, so that nobody gets two tries; but if letters and work are demanded together,
// both are read. A blank field counts as absent, because a form without script sends it blank.
func (f fields) way(d Demand) Way {
	switch {
	case d.kind() == Nothing:
		return None
	case f.filled(receiptField):
		return Receipt
	case d.kind() == LettersAndWork:
		return Both
	case d.takesWork() && f.filled(workField):
		return Work
	case f.filled(altchaField):
		return Altcha
	default:
		return Letters
	}
}

// filled reports whether there is something in a field, whether or not it can be read.
func (f fields) filled(name string) bool {
	got := f[name]
	return got.wrong != nil && *got.wrong != errNull || strings.TrimSpace(got.text) != ""
}

// read makes a submission of a body's fields. err is the error of reading them. Config.Observe is told of a body that
// makes no submission.
func (g *Guard) read(ctx context.Context, fields fields, err error, visitor Visitor) (Submission, error) {
	demand := g.asked(ctx, fields, visitor)
	way := fields.way(demand)
	if err == nil {
		var s Submission
		if s, err = g.assemble(fields, way, demand, visitor); err == nil {
			return s, nil
		}
	}
	g.observe(ctx, Event{Kind: Verified, Err: err, Way: way}, keep.Challenge{})
	return Submission{}, err
}

// assemble looks at every field that the way needs, so that a client hears of all errors at once.
func (g *Guard) assemble(f fields, way Way, demand Demand, visitor Visitor) (Submission, error) {
	s := Submission{way: way, visitor: visitor, trapped: g.cfg.Trap != "" && f.filled(g.cfg.Trap)}
	errs, names := FieldErrors{}, g.cfg.Compat
	if way != None && f.filled(refreshField) {
		return s, FieldErrors{names.ValueField: {errRequired}}
	}
	text := func(name string, check func(text string)) string {
		text := strings.TrimSpace(f.need(errs, name))
		if len(errs[name]) == 0 {
			check(text)
		}
		return text
	}
	plain := func(name string, limit int) string {
		return text(name, func(text string) { checkText(errs, name, text, limit) })
	}
	altcha := way == Altcha || way == Both && !f.filled(workField) && f.filled(altchaField)
	switch {
	case way == Receipt:
		s.receipt = plain(receiptField, keep.MaxKey)
	case altcha:
		g.readAltcha(&s, errs, plain(altchaField, altchaLimit))
	default:
		s.key = plain(names.KeyField, keep.MaxKey)
	}
	if s.way == Receipt {
		return s, errs.orNil()
	}
	if way == Letters || demand.needsLetters() {
		s.value = text(names.ValueField, func(text string) { g.checkValue(errs, text) })
	}
	if !altcha && (way == Work || way == Both) {
		s.work = true
		s.solution = text(workField, func(text string) { g.checkSolution(errs, text) })
	}
	return s, errs.orNil()
}

// Verify decides about a submission. It returns nil for the right answer, else ErrUnknownKey, ErrWrongAnswer or
// ErrStorage. A right or wrong answer uses the challenge up. An answer is right in every form that people's keyboards
// produce: in upper or lower case, in full width, with digits of another script, and with letters of another script
// that look like those shown. A letter that the alphabet lacks counts as the one for which it is easily mistaken: an S
// as a 5. No two letters of the alphabet count as the same.
func (g *Guard) Verify(ctx context.Context, s Submission) error {
	_, err := g.settle(ctx, s)
	return err
}

// settle decides about a submission, and returns what it brought.
func (g *Guard) settle(ctx context.Context, s Submission) (b brought, err error) {
	var c keep.Challenge
	switch s.way {
	case "":
		return brought{}, ErrMissing
	case None:
	case Receipt:
		b, err = g.useReceipt(ctx, s)
	default:
		c, b, err = g.verify(ctx, s)
	}
	e := Event{Kind: Verified, Err: err, Way: s.way}
	if c.Answer != "" {
		e.Age = g.age(c)
	}
	g.recordVerified(s, c, reasonOf(err))
	g.observe(ctx, e, c)
	return b, err
}

// verify takes the challenge first and judges it afterwards. A challenge that was issued for less than is demanded now,
// or is submitted with less than it was issued for, counts as unknown.
func (g *Guard) verify(ctx context.Context, s Submission) (keep.Challenge, brought, error) {
	b := brought{letters: s.value != "", work: s.work}
	if answer, ok := g.cfg.Compat.InsecureMasterAnswers[s.key]; ok && b.letters {
		return keep.Challenge{}, brought{letters: true}, g.judge(answer, s.value)
	}
	if !keep.KeyForm(s.key) {
		return keep.Challenge{}, b, ErrUnknownKey
	}
	if err := g.openAltcha(ctx, &s); err != nil {
		return keep.Challenge{}, b, err
	}
	c, err := g.keeper.Take(ctx, s.key, g.scope(s.visitor))
	if err != nil {
		return keep.Challenge{}, b, g.keptError(ctx, err)
	}
	b.level = c.Terms.Level
	if !b.meets(demandOf(c.Terms)) || !b.meets(g.demand(s.visitor)) ||
		b.letters && g.tooShort(c) || g.outgrown(c, s.visitor) && !g.workAlone(s) {
		return c, b, ErrUnknownKey
	}
	// Both are checked, whatever the first check says.
	if b.work && !g.cfg.Work.Check(workSeed(c), c.Terms.Level, s.solution) {
		err = ErrWrongAnswer
	}
	if b.letters {
		err = cmp.Or(g.judge(c.Answer, s.value), err)
	}
	return c, b, cmp.Or(g.suspect(s, c), err)
}

// tooShort reports whether c has fewer letters than this guard's challenges have: it is of a guard with other settings
// that shares the storage or the secrets, or of before Config.Length was raised.
func (g *Guard) tooShort(c keep.Challenge) bool { return g.alphabet.Length(c.Answer) < g.cfg.Length }

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
	case isUnconfirmed(err):
		return g.storageFailed(ctx, msgUnsure, err)
	default:
		return g.storageFailed(ctx, msgNotChecked, err)
	}
}

// isUnconfirmed reports whether a storage did a step and could not make sure that it stays done. Its error then has a
// method Unconfirmed.
func isUnconfirmed(err error) bool {
	var unsure interface{ Unconfirmed() bool }
	return errors.As(err, &unsure) && unsure.Unconfirmed()
}

// storageFailed logs the cause.
func (g *Guard) storageFailed(ctx context.Context, detail string, cause error) error {
	g.complain(ctx, "captcha: the storage failed", "error", cause)
	return storageFailed(detail, cause)
}

// complain logs at most once a second, because what fails for one visitor usually fails for all of them.
func (g *Guard) complain(ctx context.Context, message string, args ...any) {
	now := g.cfg.Now().UnixNano()
	if last := g.complained.Load(); (now-last >= int64(time.Second) || now < last) && g.complained.CompareAndSwap(last, now) {
		g.cfg.Logger.ErrorContext(ctx, message, args...)
	}
}
