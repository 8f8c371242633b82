package captcha

import "time"

// Kind is what an Event is about.
type Kind string

// The kinds of events. A browser asks for a sound in one request or in several, and for work only where it does it.
const (
	Issued   Kind = "issued"
	Spoken   Kind = "spoken"
	Worked   Kind = "worked"
	Verified Kind = "verified"
)

// Way is how a challenge was met.
type Way string

// The ways. Whoever heard the letters types them like who saw them: the two are one way here.
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
	Way     Way           // of a Verified: what was submitted
	Purpose string        // of the guard
	Style   string        // that an Issued challenge is drawn in, or that a Verified one was, where its key was valid
	Length  int           // its number of letters, likewise
	Level   int           // of pressure, at which it was issued, likewise; 0 is none
	Age     time.Duration // of a Verified challenge whose key was valid: the time from issue to answer
}
