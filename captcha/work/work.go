// Package work lets a browser meet a challenge by computing, with nothing to see, hear or type. It is a package of its
// own so that an app without it carries none of its code.
//
//	guard := captcha.New(captcha.Config{Work: work.New()})
//
// # What is computed
//
// The server picks a counter below [Config].Range, derives a key of 32 bytes from it and publishes the first half. The
// browser derives keys from 0, 1, 2 and so on until the first half is the same, and submits the second half. That is
// ALTCHA's protocol, version 2, with a counter that the server chose: [Work.Altcha] serves its widget, and the script
// in assets serves captcha's own form field. Everything follows from the challenge's secret seed and its level, so that
// nothing is stored when a challenge is issued.
//
// The search has an end. Half of all visitors are done after half of the range, and the slowest waits twice as long. A
// search for a key that merely begins with zeros has no end: one visitor in twenty waits three times the mean.
//
// # The derivation
//
// Keys are derived by PBKDF2 with HMAC-SHA-256 and [Config].Cost iterations. It is one of the few key derivations that
// browsers have in native code; others would need WebAssembly, which a strict Content-Security-Policy refuses. The
// number of iterations is a compromise. In a browser each try waits for two promises, some 50 microseconds that native
// code does not spend: most of a try with 100 iterations, a quarter of it with 1,000, a twentieth with 5,000. But the
// server derives one key for every challenge whose work is asked for, so its cost grows with the iterations. At 1,000
// iterations a key takes it 0.17 milliseconds on the machine below, and 0.64 if Go may use neither the processor's
// instructions for SHA-256 nor its vectors.
//
// Tries a second on one core of an AMD EPYC, in the best of several seconds:
//
//	iterations           100     500   1,000   2,000   5,000
//	Chromium 156      22,900  10,200   5,500   3,400   1,500
//	Firefox 153       13,800   7,300   4,400   2,500     970
//	WebKitGTK         26,300   9,600   5,500   2,800   1,090
//	Go 1.26           49,600  11,100   5,700   2,800   1,160
//
// A plain hash would cost the server nothing, but native code computes it three times as fast as JavaScript does, and a
// graphics card thousands of times as fast. Scrypt and Argon2 would slow the graphics card down, but no browser has
// them without WebAssembly. With SHA-512 a try costs the server three times as much, and a card is as far ahead as with
// SHA-256.
//
// # What it costs
//
// The server derives one key when a browser asks for the work, not when the challenge is issued: most challenges are
// answered in another way or not at all. Checking costs the server a keyed hash, some microseconds. The median browser
// searches for 0.2 seconds on this machine and for 1.1 seconds on a phone that is six times slower. No search takes
// more than twice as long. Firefox takes a quarter longer.
//
// # What it withstands
//
// Nobody can find the counter faster than by searching, nobody can submit a key that was not found, and the work for
// one challenge is good for no other. But a program can do the work as well as a browser can, and a graphics card more
// than a thousand times as fast: work is a price, not proof of a person. The program in tests/tools/price prints the
// price.
package work

import (
	"errors"
	"runtime"

	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// Config says how much a browser has to compute. Replicas may have different settings during a deployment, because
// checking a challenge does not depend on them.
type Config struct {
	// Cost is the number of iterations of a try, 500 to 20,000. The package's comment gives the reasons for the
	// default.
	//
	// Optional. Default: 1000
	Cost int

	// Range is the number of counters at level 0, one of which is right: 1 to 1,000,000. A visitor's browser tries half of
	// them on average, and all of them at most. Each level doubles it.
	//
	// Optional. Default: 2000
	Range int

	// Parallel is how many keys may be derived at the same time: 1 to 1024. It keeps a flood of requests for work off the
	// server's other cores. A request waits at most a second for its turn.
	//
	// Optional. Default: half of the processors, at least 1
	Parallel int
}

// ConfigDefault has the defaults, except that of Parallel, which depends on the machine.
var ConfigDefault = Config{
	Cost:  1000,
	Range: 2000,
}

// MaxLevel is the highest level of work: 128 times the work of level 0.
const MaxLevel = 7

// ErrBusy says that a key could not be derived in time, because too many others were waiting to be derived.
var ErrBusy = errors.New("work: too many keys are being derived at the moment")

// Work makes challenges that a browser meets by computing, and checks what it computed. It may be used concurrently.
type Work struct {
	cost, counters int
	turns          chan struct{} // its capacity is the number of keys that may be derived at a time
}

// New returns a Work. It panics with the text of the error that Build returns.
func New(config ...Config) *Work {
	w, err := Build(config...)
	if err != nil {
		panic("work: " + err.Error())
	}
	return w
}

// Build returns a Work, or an error that holds a [setting.Error] for each setting that is refused.
func Build(config ...Config) (*Work, error) {
	cfg := ConfigDefault
	if len(config) > 0 {
		cfg = config[0]
	}
	if cfg.Cost == 0 {
		cfg.Cost = ConfigDefault.Cost
	}
	if cfg.Range == 0 {
		cfg.Range = ConfigDefault.Range
	}
	if cfg.Parallel == 0 {
		cfg.Parallel = max(1, runtime.GOMAXPROCS(0)/2)
	}
	err := errors.Join(
		within("Cost", cfg.Cost, 500, 20_000),
		within("Range", cfg.Range, 1, 1_000_000),
		within("Parallel", cfg.Parallel, 1, 1024))
	if err != nil {
		return nil, err
	}
	return &Work{cfg.Cost, cfg.Range, make(chan struct{}, cfg.Parallel)}, nil
}

func within(field string, value, least, most int) error {
	if value < least || value > most {
		return setting.Refuse(field, value, "%d to %d", least, most)
	}
	return nil
}
