// Package pressure asks more of a network while guesses from it fail, and less again when they stop. It is a package of
// its own so that an app without it carries none of its code.
//
//	guard := captcha.New(captcha.Config{Pressure: pressure.New()})
//
// # What is watched
//
// The guard reports each challenge that a client takes, and whether it is then answered rightly, answered wrongly or
// met by work. A network's record goes up by one with each wrong answer and down by a half with each right one. People
// keep it down however many they are, because fewer than a third of their answers are wrong; a guesser, who is right
// less often, drives it up. Challenges that are taken and not answered count for little, because most visitors of a
// page never send its form: [Config.Left] of them count as one wrong answer. All counts are halved every
// [Config.HalfLife]. The records lie in memory of a fixed size, 8 MiB at most, in which a flood of new networks pushes
// out its own records first. No storage is used.
//
// # The level
//
// A client is in several networks: an IPv4 address, its /24 and its /16; or an IPv6 /64, its /56, /48 and /32. The
// client's level, 0 to 3, is the highest of theirs. For an address or a /64, level 1 begins at [Config.Failures], level
// 2 at twice that and level 3 at four times that. A wider network may have several times as many failures. It counts no
// more failures of a network inside it than bring that one to level 1, so that one client alone can't raise its
// neighbours' level.
//
// A botnet sends few guesses from each of many networks. So the package also counts the networks from which guesses
// fail, each IPv4 /16 and IPv6 /32 as one at most. If 50 networks fail the alarm is 1, with 100 it is 2 and with 200 it
// is 3. A wrong answer then counts three, six or ten times. With an alarm of 3, an address is at level 1 after its
// first wrong answer, for seven minutes. An alarm by itself raises nobody's level: a network in which no guess fails
// stays at level 0, whatever happens elsewhere.
//
// # What a level asks for
//
// [Config.Steps] says what each level adds to what is demanded anyway: more letters, more work and, at the highest
// level, letters and work together. The level is sealed in the challenge, so that nobody can trade it for a lower one.
package pressure

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/internal/networks"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// Config holds the settings of pressure. The zero value is usable: it is ConfigDefault.
type Config struct {
	// HalfLife is how long it takes to forget half of what happened, 1 second to 24 hours. A network that was at the
	// highest level is back at level 0 after about two and a half half-lives.
	//
	// Optional. Default: 10 * time.Minute
	HalfLife time.Duration

	// Failures is how many wrong answers, less half of the right ones, an address or an IPv6 /64 may have before more is
	// asked of its clients: 2 to 1000.
	//
	// Optional. Default: 6
	Failures int

	// Left is how many challenges that are taken and left unanswered count as one wrong answer: 1 to 100,000, or Ignore.
	// Set it higher if thousands of people behind one address open a page with a form and few send it.
	//
	// Optional. Default: 40
	Left int

	// Steps are what each level adds; there are 1 to 3 levels. Answers grow only as long as a key has room for them, and
	// as the largest picture does. A step with Both locks out people without script while it lasts.
	//
	// Optional. Default: 2 letters and twice the work, 4 and 4 times, 6 and 8 times with letters and work together
	Steps []captcha.Step

	// Fixed holds every client at one level: 1 to 3, or Calm, which is 0.
	//
	// Optional. Default: 0, which means that the level follows what happens
	Fixed int

	// Exempt reports whether a client is to be left alone, such as an office or a monitor: its level is 0, and what it
	// does is not counted. The method Contains of a netip.Prefix is such a function.
	//
	// Optional. Default: nil
	Exempt func(client netip.Addr) bool

	// Now tells the time. A test replaces it.
	//
	// Optional. Default: time.Now
	Now func() time.Time
}

// ConfigDefault is the default Config.
var ConfigDefault = Config{
	HalfLife: 10 * time.Minute,
	Failures: 6,
	Left:     leftDefault,
	Steps:    []captcha.Step{{Letters: 2, Work: 1}, {Letters: 4, Work: 2}, {Letters: 6, Work: 3, Both: true}},
}

const leftDefault = 40

const (
	// Calm, as Config.Fixed, holds every client at level 0.
	Calm = -1
	// Ignore, as Config.Left, doesn't count challenges that are taken and left unanswered.
	Ignore = -1
)

// width is a size of network.
type width struct {
	ipv4, ipv6 int     // leading bits; 0 for no network of this version of IP
	times      float64 // how many failures it may have, in multiples of Config.Failures
}

// widths begin with the narrowest. The multiples grow with the number of customers in such a network: a /56 or a /48
// mostly belongs to one customer, a /24 to up to 254, and a /16 or a /32 to a provider.
var widths = []width{{32, 64, 1}, {0, 56, 2}, {24, 48, 4}, {16, 32, 64}}

const (
	credit = 1.0 // the most that right answers count before wrong ones do
	right  = 0.5 // how much of a wrong answer a right one takes back
	excess = 1.5 // how far above the highest level a record goes, so that it does not last for hours

	// forgotten is how much of a series of wrong answers may have been forgotten by the time of its last.
	forgotten = 0.25

	alarms = 3
)

// alarmAt is how many failing networks raise each alarm, and urgency is how many times a wrong answer then counts.
var (
	alarmAt = [alarms]float64{50, 100, 200}
	urgency = [1 + alarms]float64{1, 3, 6, 10}
)

// Pressure watches networks. It may be used concurrently.
type Pressure struct {
	cfg     Config
	start   time.Time
	records *networks.Table[record]

	mu      sync.Mutex
	failing tally // networks that fail
}

// tally is a number of which half is forgotten every half-life.
type tally struct {
	at    float64 // when it had this value, in half-lives since the start
	count float64
}

// record is what one network did.
type record struct {
	at    float64 // when the rest had these values, in half-lives since the start
	walk  float32 // wrong answers, less half of the right ones
	open  float32 // challenges taken and not answered
	told  float32 // how much of walk the next wider network has counted
	times float32 // of its width
}

// New returns a Pressure. It panics with the error that Build returns.
func New(config ...Config) *Pressure {
	p, err := Build(config...)
	if err != nil {
		panic(fmt.Errorf("pressure: %w", err))
	}
	return p
}

// Build returns a Pressure. Its error is a *setting.Error, or several joined.
func Build(config ...Config) (*Pressure, error) {
	cfg := withDefaults(config)
	if err := cfg.check(); err != nil {
		return nil, err
	}
	return &Pressure{cfg: cfg, start: cfg.Now(), records: networks.New(less)}, nil
}

func withDefaults(config []Config) Config {
	cfg := Config{}
	if len(config) > 0 {
		cfg = config[0]
	}
	if cfg.HalfLife == 0 {
		cfg.HalfLife = ConfigDefault.HalfLife
	}
	if cfg.Failures == 0 {
		cfg.Failures = ConfigDefault.Failures
	}
	if cfg.Left == 0 {
		cfg.Left = ConfigDefault.Left
	}
	if cfg.Steps == nil {
		cfg.Steps = ConfigDefault.Steps
	}
	cfg.Steps = slices.Clone(cfg.Steps)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return cfg
}

func (cfg Config) check() error {
	var errs []error
	refuse := func(wrong bool, field string, value any, accepted string, args ...any) {
		if wrong {
			errs = append(errs, setting.Refuse(field, value, accepted, args...))
		}
	}
	refuse(cfg.HalfLife < time.Second || cfg.HalfLife > 24*time.Hour, "HalfLife", cfg.HalfLife, "1s to 24h")
	refuse(cfg.Failures < 2 || cfg.Failures > 1000, "Failures", cfg.Failures, "2 to 1000 wrong answers")
	refuse((cfg.Left < 1 || cfg.Left > 100_000) && cfg.Left != Ignore, "Left", cfg.Left, "1 to 100000 challenges, or Ignore")
	refuse(len(cfg.Steps) < 1 || len(cfg.Steps) > captcha.MaxPressure, "Steps", cfg.Steps, "1 to %d steps", captcha.MaxPressure)
	refuse(cfg.Fixed < Calm || cfg.Fixed > len(cfg.Steps), "Fixed", cfg.Fixed, "1 to %d, or Calm", len(cfg.Steps))
	before := captcha.Step{}
	for i, step := range cfg.Steps {
		less := step.Letters < before.Letters || step.Work < before.Work || before.Both && !step.Both
		refuse(less, fmt.Sprintf("Steps[%d]", i), step, "no less than the step before it asks for")
		before = step
	}
	return errors.Join(errs...)
}

// Steps returns Config.Steps.
func (p *Pressure) Steps() []captcha.Step { return slices.Clone(p.cfg.Steps) }

// Level returns the level that a client is at now.
func (p *Pressure) Level(client netip.Addr) int {
	switch {
	case p.cfg.Exempt != nil && p.cfg.Exempt(client):
		return 0
	case p.cfg.Fixed != 0:
		return max(p.cfg.Fixed, 0)
	}
	now, level := p.now(), 0
	urgent := urgency[p.alarm(now)]
	for network := range networksOf(client) {
		r := p.records.Look(network)
		level = max(level, p.levelOf(r.aged(now), urgent))
	}
	return level
}

// Record notes what became of a challenge that a client took.
func (p *Pressure) Record(client netip.Addr, outcome captcha.Outcome) {
	if p.cfg.Exempt != nil && p.cfg.Exempt(client) {
		return
	}
	var walk, open float64
	switch outcome {
	case captcha.Taken:
		open = 1
	case captcha.Wrong:
		walk, open = 1, -1
	case captcha.Right:
		walk, open = -right, -1
	case captcha.Computed:
		open = -1
	}
	now := p.now()
	for network, w := range networksOf(client) {
		failures := float64(p.cfg.Failures) * w.times // of level 1
		most := failures
		if w == widths[len(widths)-1] || !client.IsValid() {
			most = 1 // among all networks, each counts as one
		}
		p.records.Use(network, func(r *record) {
			*r = r.aged(now)
			r.times = float32(w.times)
			r.walk = within(float64(r.walk)+walk, -credit, failures*4*excess)
			r.open = within(float64(r.open)+open, 0, math.MaxFloat32)
			told := within(float64(r.walk), -credit, most)
			walk, r.told = float64(told-r.told), told
		})
	}
	if walk != 0 {
		p.mu.Lock()
		p.failing = tally{now, max(p.failing.aged(now)+walk, 0)}
		p.mu.Unlock()
	}
}

// Status is what an operator may want to watch.
type Status struct {
	Alarm    int                          // 0 to 3
	Failing  float64                      // how many networks fail, each IPv4 /16 and IPv6 /32 as one at most; right guesses count against it by half
	Networks [1 + captcha.MaxPressure]int // how many networks of any width have a record, by level
	Fixed    int                          // Config.Fixed
}

// Status returns the state of the Pressure. It looks at every record, which takes some milliseconds.
func (p *Pressure) Status() Status {
	now := p.now()
	s := Status{Alarm: p.alarm(now), Fixed: p.cfg.Fixed}
	p.mu.Lock()
	s.Failing = p.failing.aged(now)
	p.mu.Unlock()
	p.records.All(func(r *record) {
		if r.times > 0 {
			s.Networks[p.levelOf(r.aged(now), urgency[s.Alarm])]++
		}
	})
	return s
}

// now is the time in half-lives since the start.
func (p *Pressure) now() float64 { return float64(p.cfg.Now().Sub(p.start)) / float64(p.cfg.HalfLife) }

// alarm returns the alarm, 0 to 3, which says how many networks fail at once.
func (p *Pressure) alarm(now float64) (alarm int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	failing := p.failing.aged(now)
	for alarm < alarms && failing >= alarmAt[alarm] {
		alarm++
	}
	return alarm
}

// levelOf returns the level of a network by its record. A wrong answer counts times as much.
func (p *Pressure) levelOf(r record, times float64) (level int) {
	if r.times == 0 {
		return 0
	}
	failures := max(float64(r.walk), 0) * times
	if p.cfg.Left != Ignore {
		failures += float64(r.open) / float64(p.cfg.Left)
	}
	failures += forgotten
	least := float64(p.cfg.Failures) * float64(r.times)
	for level < len(p.cfg.Steps) && failures >= least*float64(int(1)<<level) {
		level++
	}
	return level
}

// networksOf returns the networks that a client is in, the narrowest first. All clients whose address is not known are
// in one network.
func networksOf(client netip.Addr) func(yield func(netip.Prefix, width) bool) {
	return func(yield func(netip.Prefix, width) bool) {
		for _, w := range widths {
			network, ok := networks.Of(client, w.ipv4, w.ipv6)
			if ok && !yield(network, w) || !client.IsValid() {
				return
			}
		}
	}
}

// aged returns what is left of a record. A clock that was set back forgets nothing.
func (r record) aged(now float64) record {
	if now <= r.at {
		return r
	}
	left := float32(math.Exp2(r.at - now))
	return record{now, r.walk * left, r.open * left, r.told * left, r.times}
}

func (t tally) aged(now float64) float64 {
	return t.count * math.Exp2(min(t.at-now, 0))
}

// less reports whether a record is worth less than another. They are compared by their logarithms, as if both were of
// one time.
func less(a, b *record) bool { return a.worth() < b.worth() }

// worth is the base-2 logarithm of a record, plus the time at which it had this value. The bits of a float are near
// enough to its logarithm: the exponent, and then the fraction.
func (r *record) worth() float64 {
	return r.at + float64(math.Float32bits(max(r.walk, -r.walk)+r.open/leftDefault))/(1<<23)
}

func within(x, least, most float64) float32 { return float32(min(max(x, least), most)) }
