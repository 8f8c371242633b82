package captcha

import "time"

// Kind is what an Event is about.
type Kind string

// The kinds of events. A browser asks for a sound in one request or in several.
const (
	Issued   Kind = "issued"
	Spoken   Kind = "spoken"
	Verified Kind = "verified"
)

// Way is how a challenge was met.
type Way string

// The ways. Whoever heard the letters types them like who saw them: the two are one way here.
const (
	Letters Way = "letters"
	Work    Way = "work"
	Receipt Way = "receipt"
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
	Age     time.Duration // of a Verified challenge whose key was valid: the time from issue to answer
}
