package captcha

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// Pressure decides how much more than Config.Demand is asked of a client. The package captcha/pressure has one.
type Pressure interface {
	// Steps returns what each level adds, beginning with level 1. There are at most MaxPressure. New calls it once.
	Steps() []Step
	// Level returns the level of a client, for a challenge that is issued now: from 0, which adds nothing, to the last
	// step.
	Level(client netip.Addr) int
	// Record is told what became of a challenge that client took or answered. It is called within the request.
	Record(client netip.Addr, outcome Outcome)
}

// Step is what a level of pressure adds.
type Step struct {
	Letters int  // more letters
	Work    int  // how many times the work is doubled, up to level 7 of it
	Both    bool // letters and work are demanded together, if Config.Work is set
}

// MaxPressure is the highest level of pressure that a challenge holds.
const MaxPressure = 3

// Outcome is what became of a challenge.
type Outcome uint8

// The outcomes. A challenge that was taken and has no other outcome was left unanswered.
const (
	Taken    Outcome = iota
	Right            // its letters were typed
	Wrong            // the answer was wrong
	Computed         // it was met by work alone, which doesn't show whether anybody read the letters
)

// press prepares what each level adds. Answers grow as far as a key has room.
func (s *shared) press() error {
	s.levels = 1
	if s.cfg.Pressure == nil {
		return nil
	}
	room := maxLength
	if !s.cfg.Stored {
		room = keep.MaxAnswer / longestLetter(s.cfg.Alphabet)
	}
	for i, step := range s.cfg.Pressure.Steps() {
		if s.levels > MaxPressure || step.Letters < 0 || step.Work < 0 {
			return setting.Refuse(fmt.Sprintf("Pressure.Steps[%d]", i), step, "letters and work of 0 or more, in at most %d steps", MaxPressure)
		}
		step.Letters = max(0, min(step.Letters, room-s.cfg.MaxLength))
		s.steps[s.levels] = step
		s.levels++
	}
	return nil
}

// MaxLength returns how many letters a submitted answer may have: 8, or as many as the longest answer has.
func (g *Guard) MaxLength() int { return g.valueLimit() }

// valueLimit is the greatest number of characters of a submitted answer.
func (s *shared) valueLimit() int {
	return max(valueLimit, s.cfg.MaxLength+s.steps[max(s.levels-1, 0)].Letters)
}

// atLevel returns what is demanded, at a level of pressure, of a visitor who would have to bring d at level 0.
func (g *Guard) atLevel(d Demand, level uint8) Demand {
	step, kind := g.steps[level], d.kind()
	if kind == Nothing || level == 0 {
		return d
	}
	if step.Both && g.cfg.Work != nil {
		kind = LettersAndWork
	}
	return kind.AtLevel(int(d.level()) + step.Work)
}

// pressureOn returns the level of pressure on a visitor.
func (g *Guard) pressureOn(visitor Visitor) uint8 {
	if g.cfg.Pressure == nil {
		return 0
	}
	return uint8(min(max(g.cfg.Pressure.Level(visitor.Client), 0), g.levels-1))
}

func (g *Guard) record(visitor Visitor, outcome Outcome) {
	if g.cfg.Pressure != nil {
		g.cfg.Pressure.Record(visitor.Client, outcome)
	}
}

// recordVerified tells Config.Pressure what a submission shows about its sender.
func (g *Guard) recordVerified(s Submission, c keep.Challenge, reason Reason) {
	switch {
	case c.Answer == "":
	case reason != OK && reason != UnknownKey:
		g.record(s.visitor, Wrong)
	case reason == OK && s.value != "":
		g.record(s.visitor, Right)
	case reason == OK:
		g.record(s.visitor, Computed)
	}
}

// outgrown reports whether the pressure on a visitor has risen by more than a level since c was issued. One level is
// forgiven, so that a visitor whose network comes under attack while they are typing is not sent back. Whoever hoards
// challenges, or takes them in one network and answers them from another, is not forgiven.
func (g *Guard) outgrown(c keep.Challenge, visitor Visitor) bool {
	return g.cfg.Pressure != nil && g.pressureOn(visitor) > pressureOf(c)+1
}

// asksTheSame reports whether c was issued for what would be demanded of the visitor now at c's level of pressure, and
// is neither outgrown nor too short. A level that this guard does not have comes from another guard with the same
// secrets.
func (g *Guard) asksTheSame(c keep.Challenge, visitor Visitor) bool {
	level := pressureOf(c)
	return int(level) < g.levels && c.Terms == g.terms(visitor, presetOf(c), level) &&
		!g.outgrown(c, visitor) && !g.tooShort(c)
}

// asked returns what a submission's challenge was issued for, which may be more than is demanded of the visitor now. It
// decides which fields are read.
func (g *Guard) asked(ctx context.Context, f fields, visitor Visitor) Demand {
	demand := g.demand(visitor)
	if g.cfg.Pressure == nil || g.cfg.Work == nil || demand.kind() == Nothing || demand.kind() == LettersAndWork {
		return demand
	}
	key := strings.TrimSpace(f[g.cfg.Compat.KeyField].text)
	if altcha, _, ok := g.cfg.Work.ReadAltcha(f[altchaField].text); ok {
		key = altcha
	}
	if !keep.KeyForm(key) {
		return demand
	}
	c, err := g.keeper.Read(ctx, key, g.scope(visitor))
	if issued := demandOf(c.Terms); err == nil && issued.kind() == LettersAndWork {
		return issued
	}
	return demand
}

// The level stands in a key beside the preset of its picture, above the bit that tells the presets apart.
func presetOf(c keep.Challenge) uint8   { return c.Terms.Preset % presets }
func pressureOf(c keep.Challenge) uint8 { return min(c.Terms.Preset/presets, MaxPressure) }

// picturesAt prepares the pictures of a level, which are as much wider as their answers are longer. If even the widest
// picture has no room for that many letters, the level adds fewer.
func (s *shared) picturesAt(level int) (err error) {
	for step := &s.steps[level]; ; step.Letters-- {
		longest := s.cfg.MaxLength + step.Letters
		for preset, cfg := range [presets]picture.Config{s.cfg.Picture, s.cfg.FieldPicture} {
			cfg.Width = widened(cfg.Width, s.cfg.MaxLength, longest)
			if s.renderers[level*presets+preset], err = s.renderers[replyPreset].With(cfg, longest); err != nil {
				break
			}
		}
		if err == nil || step.Letters == 0 {
			return err
		}
	}
}

// widened returns the width that a picture for answers of letters needs for answers of longest. A width of 0 means the
// default, 90.
func widened(width, letters, longest int) int {
	switch width {
	case picture.Fit:
		return picture.Fit
	case 0:
		width = 90
	}
	return min(width*longest/letters, picture.MaxSize)
}

// asks says what is asked for in the words of the field's script.
func (d Demand) asks() string {
	switch d.kind() {
	case LettersOrWork:
		return "either"
	case LettersAndWork:
		return "both"
	default:
		return "letters"
	}
}

// length returns how many letters an answer at a level has, or 0 if that varies.
func (g *Guard) length(level uint8) int {
	if g.cfg.Length != g.cfg.MaxLength {
		return 0
	}
	return g.cfg.Length + g.steps[level].Letters
}

// tell adds to a JSON reply what the challenge asks for, which may differ from what the one before it asked for.
func (g *Guard) tell(reply []byte, c keep.Challenge) []byte {
	if g.cfg.Pressure == nil {
		return reply
	}
	reply = append(reply[:len(reply)-1], `,"captcha_asks":"`+demandOf(c.Terms).asks()+`","captcha_length":`...)
	return append(strconv.AppendInt(reply, int64(g.length(pressureOf(c))), 10), '}')
}
