package captcha

import (
	"context"
	"errors"
	"net/http"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
)

// Demand is what a request must bring to be let through. Config.Demand chooses it. The demand for which a challenge was
// issued is sealed in the challenge, so that a visitor can't choose less. A submission has to meet that demand, and
// also the one that Config.Demand returns for the request that brings it.
//
// The zero value means the guard's default: LettersOrWork if Config.Work is set, else LettersOnly.
type Demand uint8

const (
	// LettersOrWork lets a browser compute so that its visitor need not type. Visitors without script type the letters.
	LettersOrWork Demand = 1 + iota

	// LettersAndWork requires both, for the same challenge and in the same submission. A visitor without script can't
	// bring both. If Config.Work is not set, nobody can: the request then fails with 500, and the log says why.
	LettersAndWork

	// Nothing lets the request pass as it is. Return it for a visitor who has just met a challenge, for example, or for a
	// colleague.
	Nothing

	// LettersOnly requires the letters and accepts no work in their place.
	LettersOnly
)

// maxLevel is the highest level of work that a challenge's terms hold.
const maxLevel = 7

// kind is the demand without its level, which is in the bits above.
const (
	kindBits = 3
	kindMask = 1<<kindBits - 1
)

// AtLevel returns the same demand with more work: each level doubles it, and 7 is the highest. A browser that searches
// for a fifth of a second at level 0 does so for half a minute at level 7.
func (d Demand) AtLevel(level int) Demand {
	return d.kind() | Demand(min(max(level, 0), maxLevel))<<kindBits
}

// kind is none of the constants if the level is none either: a number from elsewhere must not pass for Nothing.
func (d Demand) kind() Demand {
	if d.level() > maxLevel {
		return kindMask
	}
	return d & kindMask
}

func (d Demand) level() uint8 { return uint8(d >> kindBits) }

// terms returns the demand as it is written in a key. The codes are those of the constants, except that LettersOnly is
// 0: the keys that were made before there was work have 0 there.
func (d Demand) terms(preset uint8) keep.Terms {
	return keep.Terms{Demand: uint8(d.kind()) & 3, Preset: preset, Level: d.level()}
}

// demandOf returns the demand for which a key was issued.
func demandOf(t keep.Terms) Demand {
	kind := LettersOnly
	if t.Demand != 0 {
		kind = Demand(t.Demand)
	}
	return kind.AtLevel(int(t.Level))
}

// needsLetters reports whether letters are required, and takesWork whether work counts.
func (d Demand) needsLetters() bool { return d.kind() == LettersOnly || d.kind() == LettersAndWork }
func (d Demand) takesWork() bool    { return d.kind() == LettersOrWork || d.kind() == LettersAndWork }

// brought is what a submission brings to meet a demand.
type brought struct {
	letters, work bool
	level         uint8 // of the work
}

// meets reports whether it is enough.
func (b brought) meets(d Demand) bool {
	worked := b.work && b.level >= d.level()
	switch d.kind() {
	case LettersOrWork:
		return b.letters || worked
	case LettersAndWork:
		return b.letters && worked
	case LettersOnly:
		return b.letters
	default:
		return d.kind() == Nothing
	}
}

// worth returns the demand that a receipt records for what was brought.
func (b brought) worth() Demand {
	switch {
	case b.letters && b.work:
		return LettersAndWork.AtLevel(int(b.level))
	case b.letters:
		return LettersOnly
	case b.work:
		return LettersOrWork.AtLevel(int(b.level))
	default:
		return Nothing
	}
}

// broughtFor returns the least that a submission which met d has brought.
func broughtFor(d Demand) brought {
	return brought{letters: d.needsLetters(), work: d.takesWork(), level: d.level()}
}

// errNoWork and errNoDemand report a programmer's mistake: a demand that no request can meet.
var (
	errNoWork   = errors.New("captcha: Config.Demand asks for LettersAndWork, but Config.Work is not set, so nobody can meet it")
	errNoDemand = errors.New("captcha: Config.Demand returned something other than LettersOrWork, LettersOnly, LettersAndWork and Nothing")
)

// checkDemand refuses a demand that nobody can meet, and logs it at the request that shows it.
func (g *Guard) checkDemand(ctx context.Context, visitor Visitor) error {
	var cause error
	switch kind := g.demand(visitor).kind(); {
	case kind == LettersAndWork && g.cfg.Work == nil:
		cause = errNoWork
	case kind > LettersOnly:
		cause = errNoDemand
	default:
		return nil
	}
	g.complain(ctx, cause.Error())
	return &Error{Failed, http.StatusInternalServerError, "This can't be asked for here.", cause}
}

// demand returns what is demanded of a visitor.
func (g *Guard) demand(visitor Visitor) Demand {
	switch {
	case visitor.Demand.kind() != 0:
		return visitor.Demand
	case g.cfg.Work != nil:
		return LettersOrWork.AtLevel(int(visitor.Demand.level()))
	default:
		return LettersOnly
	}
}
