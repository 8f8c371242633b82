package captcha

import (
	"context"
	"encoding/base64"
	"html/template"
	"net/netip"
	"time"
	"unicode/utf8"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
	"github.com/fibercaptcha/fibercaptcha/captcha/internal/polite"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

// Challenge is what a visitor is shown. It does not hold the answer.
type Challenge struct {
	Key      string    // names the challenge in a submission
	Image    []byte    // a PNG
	Width    int       // of the picture, in CSS pixels
	Height   int       // of the picture, in CSS pixels
	Expires  time.Time // when it can no longer be answered
	Language string    // of its sound and its field's texts

	// Refreshed says that a visitor without script pressed the field's button for new characters, which sends the form.
	// Show the form again as it was filled in, without errors.
	Refreshed bool

	guard  *Guard
	demand Demand
	typed  string // what the visitor typed so far
	solved string // what the visitor's browser has computed
	length int    // of the answer; 0 if it varies
}

// DataURI returns the picture for an img element's src.
func (c *Challenge) DataURI() template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(c.Image))
}

// Visitor is what a guard knows of whoever asks for a challenge or answers one.
type Visitor struct {
	// Language is the language of the sound and of the field's texts, as [Guard.Language] returns it for a request. Empty
	// means the guard's first language.
	Language string

	// Binding is what Config.Binding returns for a request. To a visitor with another binding, the challenge is unknown.
	Binding string

	// Demand is what Config.Demand returns for a request. Zero means the guard's default.
	Demand Demand

	// Client is what Config.Client returns for a request. To Pressure, all clients whose address is not known, the zero
	// Addr, are one client.
	Client netip.Addr
}

// IssueTo issues a challenge to a visitor, for a caller that has no request. See [Guard.Issue].
func (g *Guard) IssueTo(ctx context.Context, visitor Visitor) (*Challenge, error) {
	key, c, err := g.issue(ctx, visitor, fieldPreset)
	if err != nil {
		return nil, err
	}
	return g.show(key, c), nil
}

// show draws what key stands for.
func (g *Guard) show(key string, c keep.Challenge) *Challenge {
	renderer := g.renderer(c)
	width, height := renderer.Size(c.Answer)
	return &Challenge{
		Key:      key,
		Image:    renderer.Append(nil, c.Answer, pictureSeed(c)),
		Width:    width,
		Height:   height,
		Expires:  c.Expires,
		Language: g.language(c.Language),
		guard:    g,
		demand:   demandOf(c.Terms),
		length:   g.length(pressureOf(c)),
	}
}

// Seeds for the renderings are independent of each other.
func pictureSeed(c keep.Challenge) [32]byte { return c.Subseed('p') }
func soundSeed(c keep.Challenge) [32]byte   { return c.Subseed('s') }

// The presets of pictures, as keys have them.
const (
	replyPreset = iota // Config.Picture, for the JSON API
	fieldPreset        // Config.FieldPicture, for the form field
	presets
)

// presetNames are the names by which a request asks Create for a preset.
var presetNames = [presets]string{"", "field"}

func (g *Guard) renderer(c keep.Challenge) *picture.Renderer {
	return g.renderers[presetOf(c)+presets*min(pressureOf(c), uint8(g.levels-1))]
}

// issue makes a challenge and does not draw it.
func (g *Guard) issue(ctx context.Context, visitor Visitor, preset uint8) (string, keep.Challenge, error) {
	return g.issueAt(ctx, visitor, preset, g.pressureOn(visitor))
}

// issueAt is issue at a level of pressure.
func (g *Guard) issueAt(ctx context.Context, visitor Visitor, preset, level uint8) (string, keep.Challenge, error) {
	if err := g.checkDemand(ctx, visitor); err != nil {
		return "", keep.Challenge{}, err
	}
	key, c, err := g.keeper.Issue(ctx, keep.Challenge{
		Answer:   g.draw(g.steps[level].Letters),
		Language: g.code(visitor.Language),
		Terms:    g.terms(visitor, preset, level),
		Expires:  g.cfg.Now().Add(g.cfg.Expiration),
	}, g.scope(visitor))
	if err != nil {
		err = g.storageFailed(ctx, msgNotIssued, err)
	} else {
		g.record(visitor, Taken)
	}
	g.observe(ctx, Event{Kind: Issued, Err: err}, c)
	return key, c, err
}

// terms returns the terms on which a challenge is issued.
func (g *Guard) terms(visitor Visitor, preset, level uint8) keep.Terms {
	return g.atLevel(g.demand(visitor), level).terms(preset + level*presets)
}

// maxDraws bounds the search for an answer that spells no insult. If one answer in four spelled one, a hundred times as
// many as in the default alphabet, the search would still fail only once in 2^64 times.
const maxDraws = 32

// draw draws an answer with that many letters more than usual, at random from all that spell no insult.
func (g *Guard) draw(more int) (answer string) {
	for range maxDraws {
		if answer = g.alphabet.Draw(g.cfg.Length+more, g.cfg.MaxLength+more); polite.Allowed(answer) {
			break
		}
	}
	return answer
}

// peek returns what key stands for to this visitor and uses nothing up.
func (g *Guard) peek(ctx context.Context, key string, visitor Visitor) (keep.Challenge, error) {
	if !keep.KeyForm(key) {
		return keep.Challenge{}, ErrUnknownKey
	}
	c, err := g.keeper.Peek(ctx, key, g.scope(visitor))
	return c, g.keptError(ctx, err)
}

func (g *Guard) scope(visitor Visitor) keep.Scope {
	return keep.Scope{Kind: keep.Puzzle, Purpose: g.purpose, Binding: visitor.Binding}
}

// observe tells Config.Observe of e, which is about c unless c is zero.
func (g *Guard) observe(ctx context.Context, e Event, c keep.Challenge) {
	if g.cfg.Observe == nil {
		return
	}
	e.Reason, e.Purpose = eventReason(e.Err), g.purpose
	if c.Answer != "" {
		e.Length, e.Level = utf8.RuneCountInString(c.Answer), int(pressureOf(c))
		e.Style = g.renderer(c).Style(pictureSeed(c)).String()
	}
	g.cfg.Observe(ctx, e)
}
