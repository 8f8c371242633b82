package captcha

import "time"

// Kind is what an Event is about.
type Kind string

// The kinds of events. A browser asks for a sound in one request or in several, and for work only if it is about to do
// it.
const (
	Issued   Kind = "issued"
	Spoken   Kind = "spoken"
	Worked   Kind = "worked"
	Verified Kind = "verified"
)

// Way is how a challenge was met.
type Way string

// The ways. Letters that were heard are typed like letters that were seen, so both are one way here.
const (
	Letters Way = "letters"
	Work    Way = "work"
	Altcha  Way = "altcha" // work, done by ALTCHA's widget
	Both    Way = "both"   // letters and work, which were demanded together
	Receipt Way = "receipt"
	None    Way = "none" // nothing was demanded
)

// Event is one thing that a guard did.
type Event struct {
	Kind    Kind
	Reason  Reason        // OK, or why it was refused or failed
	Err     error         // nil, or the error behind Reason
	Way     Way           // what was submitted, for a Verified event
	Purpose string        // of the guard
	Style   string        // of the picture, for an Issued challenge and for a Verified one whose key was valid
	Length  int           // of the answer, in letters, for the same events
	Level   int           // of pressure when it was issued, for the same events; 0 is none
	Age     time.Duration // of a Verified challenge whose key was valid: the time from issue to answer
}
