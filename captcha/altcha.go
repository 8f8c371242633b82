package captcha

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
)

// altchaField is the name of the field that ALTCHA's widget submits, and altchaLimit is the most characters that it may
// have.
const (
	altchaField = "altcha"
	altchaLimit = 4096
)

// altchaReceipt is what stands in the widget's field once its letters were checked: base64 of this as JSON.
type altchaReceipt struct {
	Receipt string `json:"captcha_receipt"`
}

func (a altchaReceipt) String() string {
	text, err := json.Marshal(a)
	if err != nil {
		panic(err) // never for a text
	}
	return base64.StdEncoding.EncodeToString(text)
}

// readAltchaReceipt returns the receipt in the widget's field, or "" if it has none.
func readAltchaReceipt(payload string) string {
	var a altchaReceipt
	text, err := base64.StdEncoding.DecodeString(payload)
	if err != nil || json.Unmarshal(text, &a) != nil {
		return ""
	}
	return a.Receipt
}

// sendAltcha answers GET with a challenge for ALTCHA's widget. If letters are demanded, the challenge also has a
// picture and a sound of them, and the address at which the widget exchanges them for a receipt.
func (g *Guard) sendAltcha(ctx context.Context, r *fasthttp.RequestCtx, visitor Visitor) error {
	if g.cfg.Work == nil {
		return notFound()
	}
	if g.demand(visitor).needsLetters() && g.cfg.Receipts == 0 {
		return g.noReceipts(ctx)
	}
	level := g.pressureOn(visitor)
	for g.cfg.Receipts == 0 && g.atLevel(g.demand(visitor), level).needsLetters() {
		level-- // to the highest that asks for work alone
	}
	key, c, err := g.issueAt(ctx, visitor, fieldPreset, level)
	if err != nil {
		return err
	}
	letters := demandOf(c.Terms).needsLetters()
	var beside map[string]any
	if letters {
		beside = map[string]any{
			"codeChallenge": g.altchaCode(key, c),
			"configuration": map[string]any{"verifyUrl": g.path() + "altcha/verify" + g.purposeQuery("?")},
		}
	}
	text, err := g.cfg.Work.Altcha(ctx, workSeed(c), c.Terms.Level, key, c.Expires, beside)
	if err != nil {
		return busy(err)
	}
	sendJSON(r, text)
	return nil
}

func (g *Guard) altchaCode(key string, c keep.Challenge) map[string]any {
	shown := g.show(key, c)
	code := map[string]any{"image": shown.DataURI(), "length": len([]rune(c.Answer))}
	if g.cfg.Audio != nil {
		code["audio"] = g.soundURL(key)
	}
	return code
}

// verifyAltcha answers POST with a receipt for the letters and the work that ALTCHA's widget sends. The widget has
// names of its own for them and for the reply. A refusal names the fields as a form does.
func (g *Guard) verifyAltcha(ctx context.Context, r *fasthttp.RequestCtx, visitor Visitor) error {
	if g.cfg.Work == nil || g.cfg.Receipts == 0 {
		return notFound()
	}
	if string(r.Method()) != http.MethodPost {
		return notAllowed(r)
	}
	sent, err := readFields(r, g.cfg.MaxBody, "code", "payload")
	own := fields{}
	for name, sentAs := range map[string]string{g.cfg.Compat.ValueField: "code", altchaField: "payload"} {
		if got, ok := sent[sentAs]; ok {
			own[name] = got
		}
	}
	submission, err := g.read(ctx, own, err, visitor)
	if err != nil {
		return err
	}
	receipt, err := g.exchanged(ctx, submission)
	switch {
	case errors.Is(err, ErrUnknownKey), errors.Is(err, ErrWrongAnswer):
		return reply(r, http.StatusOK, map[string]any{"verified": false})
	case err != nil:
		return err
	}
	return reply(r, http.StatusOK, map[string]any{"verified": true, "payload": altchaReceipt{receipt}.String()})
}

// readAltcha reads what the widget's field holds: work, or the receipt that it was exchanged for.
func (g *Guard) readAltcha(s *Submission, errs FieldErrors, payload string) {
	if len(errs[altchaField]) > 0 {
		return
	}
	if receipt := readAltchaReceipt(payload); receipt != "" && g.cfg.Receipts > 0 {
		s.way, s.receipt = Receipt, receipt
		return
	}
	key, open, ok := g.cfg.Work.ReadAltcha(payload)
	if !ok {
		errs.add(altchaField, errNotText)
		return
	}
	s.key, s.work, s.altcha = key, true, open
}

// workAlone reports whether a submission comes from the widget of a guard that gives no receipts. Such a submission can
// bring no letters, so its challenge was issued at the highest level of pressure that asks for none.
func (g *Guard) workAlone(s Submission) bool { return s.altcha != nil && g.cfg.Receipts == 0 }

// openAltcha finds the solution in what the widget submitted. If anything that was signed has been altered, the key
// counts as unknown, as an altered key does, and nothing is used up.
func (g *Guard) openAltcha(ctx context.Context, s *Submission) error {
	if s.altcha == nil {
		return nil
	}
	c, err := g.peek(ctx, s.key, s.visitor)
	if err != nil {
		return err
	}
	var ok bool
	if s.solution, ok = s.altcha(workSeed(c), c.Terms.Level); !ok {
		return ErrUnknownKey
	}
	return nil
}
