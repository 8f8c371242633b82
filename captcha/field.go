package captcha

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/answer"
)

//go:embed assets/field.html
var fieldSource string

var fieldTemplate = template.Must(template.New("field").Parse(fieldSource))

// FieldOptions say how a form field is shown. The zero value is for a field that has not been answered yet.
type FieldOptions struct {
	// Error is the error with which Check or Verify refused the last submission. The sentence that Challenge.Message has
	// for it is shown beside the text field.
	//
	// Optional. Default: nil
	Error error

	// Message is a sentence of the app's own, as plain text, that is shown there instead.
	//
	// Optional. Default: ""
	Message string

	// Nonce is the nonce of the page's Content-Security-Policy, if that trusts scripts and styles by nonce: script-src
	// 'nonce-...' 'strict-dynamic'; style-src 'nonce-...'.
	//
	// Optional. Default: ""
	Nonce string

	// InputClass and ButtonClass are added to the class of the text field and of the buttons, so that they look like the
	// app's own.
	//
	// Optional. Default: ""
	InputClass, ButtonClass string
}

// Field returns the HTML of the whole form field: the picture, the text field with its label, the hidden key, the sound
// if Config.Audio is set, a button that gets new characters, the style and the script. It belongs in a form; there may
// be several on a page, each with a challenge of its own:
//
//	<form method="post"> ... {{.Captcha.Field}} <button>Send</button></form>
//
// The picture, the text field and the sound need no JavaScript. Without it, the button for new characters sends the
// form to its usual address. [Guard.Check] and [Guard.Read] then refuse the form because the answer is missing, and
// [Guard.Issue] returns a new challenge with Refreshed set, so that the app can show the form again as it was filled
// in. The Enter key presses the first button of a form. So that Enter does not ask for new characters, an invisible
// button comes first: without script, Enter sends the form without the name and value of the app's own button.
//
// With JavaScript, the field replaces its challenge before it expires, unless the visitor is answering it. One click
// brings another challenge and leaves the rest of the form alone. A form that was sent is not sent again within ten
// seconds; for visitors without script, the package captcha/once answers the second copy like the first. An app that
// does not reload the page after a submission calls refresh() on the element captcha-field. The comment at the head of
// the script, assets/field.js, says which events the element sends and which browsers it needs. The one in the style,
// assets/field.css, says which custom properties change the looks.
//
// If Config.Work is set and the demand accepts work, the browser starts to compute when the visitor starts to use the
// form. When it is done, the letters disappear and the visitor is told that there is nothing to type. The letters stay
// if there is no secure context, if the work fails or takes more than 30 seconds, and for visitors who prefer them.
//
// If nothing is demanded of the visitor, the field is empty.
//
// The field needs Create, Audio, Work and Assets below Config.Path; [Guard.Field] serves pages that Go does not render.
// Under a Content-Security-Policy it needs
//
//	img-src data:; style-src 'self'; script-src 'self'; worker-src 'self'; media-src 'self'; connect-src 'self'
//
// and nothing inline. Exempt Create from the app's CSRF protection: it changes nothing, and so needs no token. The page
// is for one visitor alone: send it with Cache-Control: no-store.
func (c *Challenge) Field(options ...FieldOptions) template.HTML {
	if c.guard == nil || c.demand.kind() == Nothing {
		return ""
	}
	var o FieldOptions
	if len(options) > 0 {
		o = options[0]
	}
	if o.Message == "" {
		o.Message = c.Message(o.Error)
	}
	if c.Refreshed {
		o.Message = "" // the visitor asked for it, and is told that it is there
	}
	var b strings.Builder
	if err := fieldTemplate.Execute(&b, c.fieldData(o)); err != nil {
		panic(err) // only for a template that does not fit its data
	}
	return template.HTML(b.String())
}

// sendField answers POST with a new challenge's field.
func (g *Guard) sendField(ctx context.Context, r *fasthttp.RequestCtx, visitor Visitor) error {
	if string(r.Method()) != http.MethodPost {
		return notAllowed(r)
	}
	if language := g.index.Find(string(r.QueryArgs().Peek("language"))); language != "" {
		visitor.Language = language
	}
	c, err := g.IssueTo(ctx, visitor)
	if err != nil {
		return err
	}
	r.Response.Header.Set("Cache-Control", "no-store")
	r.Response.Header.SetContentType("text/html; charset=utf-8")
	r.Response.SetBodyString(string(c.Field()))
	return nil
}

// fieldData is what the template shows.
type fieldData struct {
	*Challenge
	Texts
	Direction                       string // of the texts
	Error                           string
	Nonce, InputClass, ButtonClass  string
	Count                           string // of the characters, in words; "" if it varies
	AnyCount                        string // the same with {n} for their number, if that may change
	ID, ValueField                  string
	KeyField, ImageField            string
	InputMode, Capitalize           string
	Typed                           string
	MaxLength                       int   // characters
	Left, Lifetime                  int64 // milliseconds
	ExpiresAt                       int64 // milliseconds of Unix time
	Create, SoundURL, Script, Style string
	WorkURL, Worker                 string // where the challenge's work and the worker's script are; "" if work is of no use
	Asks                            string // whether letters, either or both are demanded, if work may be
	Solved                          string // what the browser computed for a form that has come back
	Trap                            string // the name of what people leave empty; "" for none
}

func (c *Challenge) fieldData(o FieldOptions) fieldData {
	g := c.guard
	d := fieldData{
		Challenge:   c,
		Texts:       g.texts[c.Language],
		Direction:   direction(c.Language),
		Error:       o.Message,
		Nonce:       o.Nonce,
		InputClass:  o.InputClass,
		ButtonClass: o.ButtonClass,
		ID:          c.InputID(),
		ValueField:  g.cfg.Compat.ValueField,
		KeyField:    g.cfg.Compat.KeyField,
		ImageField:  g.cfg.Compat.imageFields()[0],
		Typed:       c.typed,
		InputMode:   "text",
		Capitalize:  "none",
		MaxLength:   answer.MaxTyped,
		Left:        max(0, c.Expires.Sub(g.cfg.Now()).Milliseconds()),
		Lifetime:    g.cfg.Expiration.Milliseconds(),
		ExpiresAt:   c.Expires.UnixMilli(),
		Create:      g.createURL(),
		Trap:        g.cfg.Trap,
		Script:      g.assetURL(script),
		Style:       g.assetURL(style),
	}
	if c.length > 1 {
		d.Count = strings.ReplaceAll(d.Texts.Count, "{n}", strconv.Itoa(c.length))
	}
	if g.cfg.Pressure != nil && c.length > 0 {
		d.AnyCount = d.Texts.Count
	}
	if strings.Trim(g.cfg.Alphabet, "0123456789") == "" {
		d.InputMode = "numeric"
	}
	if strings.ToUpper(g.cfg.Alphabet) == g.cfg.Alphabet {
		d.Capitalize = "characters"
	}
	if g.cfg.Audio != nil {
		d.SoundURL = g.soundURL(c.Key)
		d.Label, d.Picture = d.LabelSound, d.PictureSound
	}
	if g.cfg.Work != nil && (c.demand.takesWork() || g.cfg.Pressure != nil) {
		d.WorkURL, d.Worker, d.Solved = g.workURL(c.Key), g.workerURL(), c.solved
		d.Asks = c.demand.asks()
	}
	return d
}

// InputID returns the id of the field's text input, for a link to it from a list of a form's errors.
func (c *Challenge) InputID() string {
	hash := sha256.Sum256([]byte(c.Key))
	return "captcha-" + base64.RawURLEncoding.EncodeToString(hash[:6])
}

// Message returns the sentence for a visitor whose submission was refused with err, in the challenge's language. See
// [Guard.Message].
func (c *Challenge) Message(err error) string {
	if c.guard == nil {
		return ""
	}
	return c.guard.Message(c.Language, err)
}

// Message returns the sentence, in language, for a visitor whose submission was refused with err. For the errors of
// this package it says what to do, and for any other that the check is not working. It is empty for nil, and for
// FieldErrors that are all about an app's own fields.
func (g *Guard) Message(language string, err error) string {
	texts := g.texts[g.orFirst(language)]
	var fields FieldErrors
	if errors.As(err, &fields) && len(fields) > 0 {
		if fields = g.own(fields); len(fields) == 0 {
			return ""
		}
		err = fields
	}
	var other interface{ NotOfCaptcha() }
	if errors.As(err, &other) {
		return ""
	}
	switch reasonOf(err) {
	case OK:
		return ""
	case Missing:
		return texts.Missing
	case UnknownKey:
		if errors.Is(err, errReceipt) {
			return texts.Sent
		}
		return texts.Used
	case WrongAnswer, Malformed:
		return texts.Wrong
	default:
		return texts.Unavailable
	}
}

// own returns the complaints about the captcha's own fields.
func (g *Guard) own(errs FieldErrors) FieldErrors {
	own := FieldErrors{}
	for _, name := range append(g.fieldNames(), "non_field_errors") {
		if messages, ok := errs[name]; ok {
			own[name] = messages
		}
	}
	return own
}

// path is where a browser finds the guard's routes.
func (g *Guard) path() string {
	if mounted := g.mounted.Load(); mounted != nil {
		return g.cfg.Prefix + strings.TrimSuffix((*mounted)(), "/") + g.cfg.Path
	}
	return g.cfg.Prefix + g.cfg.Path
}

// createURL is where the field gets another challenge like its own.
func (g *Guard) createURL() string {
	return g.path() + "?preset=" + presetNames[fieldPreset] + g.purposeQuery("&")
}

func (g *Guard) soundURL(key string) string {
	return g.path() + key + "/audio.wav" + g.purposeQuery("?")
}

func (g *Guard) workURL(key string) string { return g.path() + key + "/work" + g.purposeQuery("?") }

func (g *Guard) purposeQuery(before string) string {
	if g.purpose == "" {
		return ""
	}
	return before + "purpose=" + g.purpose
}
