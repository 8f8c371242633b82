// Package pressure asks more of a network while guesses from it fail, and less again when they stop. It is a package of
// its own so that an app without it carries none of it.
//
//	guard := captcha.New(captcha.Config{Pressure: pressure.New()})
//
// # What is watched
//
// The guard reports what became of each challenge, and which client took it: taken, answered rightly or wrongly, or met
// by work. A network's record goes up by one with each wrong answer and down by a half with each right one, so that
// people, of whose answers fewer than a third are wrong, keep it down however many they are, and a guesser who is right
// less often drives it up. What is taken and not answered counts for little, as most visitors of a page never send its
// form: one in [Config.Left]. All of it is halved every [Config.HalfLife]. The records lie in memory of a fixed size, 8
// MiB at most, in which a flood of new networks pushes out its own records first. No storage is used.
//
// # The level
//
// A client is in several networks: an IPv4 address, its /24 and /16; an IPv6 /64, its /56, /48 and /32. The level, 0 to
// 3, is the highest of theirs. For an address or a /64 level 1 begins at [Config.Failures], level 2 at twice and level
// 3 at four times that. A wider network may have several times as much. Of each network inside it, it counts no more
// failures than bring that one to level 1, so that one client alone can't raise its neighbours' level.
//
// A botnet sends few guesses from each of many networks. So the package also counts the networks that fail, each IPv4
// /16 and IPv6 /32 as one at most. From 50, 100 and 200 of them on there is an alarm of 1, 2 or 3, and a wrong answer
// counts three, six or ten times: with an alarm of 3 an address is at level 1 after its first, for seven minutes. An
// alarm raises nobody's level by itself. A network in which no guess fails stays at level 0 whatever happens elsewhere.
//
// # What a level asks for
//
// [Config.Steps] says what each level adds to what is demanded anyway: letters, work that takes twice as long, and at
// the highest level letters and work together. Sealed in the challenge, it can't be traded for less.
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
	// highest level is calm again after some two and a half of them.
	//
	// Optional. Default: 10 * time.Minute
	HalfLife time.Duration

	// Failures is how many wrong answers, less half of the right ones, an address or an IPv6 /64 may have before more is
	// asked of it: 2 to 1000.
	//
	// Optional. Default: 6
	Failures int

	// Left is how many challenges that are taken and not answered count as one wrong answer: 1 to 100,000, or Ignore.
	// Set it higher where thousands behind one address read a page with a form and few send it.
	//
	// Optional. Default: 40
	Left int

	// Steps are what each level adds, of which there are 1 to 3. The longest answer ends where a key has no more room,
	// or the picture is as large as it may be. While a step with Both lasts, it locks out people without script.
	//
	// Optional. Default: 2 letters and twice the work, 4 and 4 times, 6 and 8 times with letters and work together
	Steps []captcha.Step

	// Fixed holds every client at one level: 1 to 3, or Calm, which is 0.
	//
	// Optional. Default: 0, and the level follows what happens
	Fixed int

	// Exempt leaves a client alone, such as an office or a monitor: its level is 0, and what it does is not counted. The
	// Contains of a netip.Prefix is such a function.
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
	// Ignore, as Config.Left, counts nothing that is taken and not answered.
	Ignore = -1
)

// width is a size of network.
type width struct {
	ipv4, ipv6 int     // leading bits; 0 for none of this kind
	times      float64 // what it may have, in multiples of Config.Failures
}

// widths begin with the narrowest. The multiples grow with how many customers such a network has: a /56 and a /48 are
// mostly one's, a /24 is of up to 254, and a /16 or a /32 a provider's.
var widths = []width{{32, 64, 1}, {0, 56, 2}, {24, 48, 4}, {16, 32, 64}}

const (
	credit = 1.0 // the most that right answers count before wrong ones do
	right  = 0.5 // what a right answer takes back of a wrong one
	excess = 1.5 // how far above the highest level a record goes, so that it does not last for hours

	// forgotten is what a row of wrong answers may have lost of its first ones before it is over.
	forgotten = 0.25

	alarms = 3
)

// alarmAt is how many networks fail for each alarm, and urgency how often a wrong answer counts then.
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

// tally is a number that is forgotten by halves.
type tally struct {
	at    float64 // when it was so much, in half-lives since the start
	count float64
}

// record is what one network did.
type record struct {
	at    float64 // when the rest was so, in half-lives since the start
	walk  float32 // wrong answers, less half of the right ones
	open  float32 // challenges taken and not answered
	told  float32 // what the next wider network has heard of walk
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

// Build returns a Pressure, or one *setting.Error or several that are joined.
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

// Level returns the level at which a client is now.
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

// Record tells what became of a challenge that a client took.
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
			most = 1 // in all, each counts as one
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

// Status is what an operator wants to see.
type Status struct {
	Alarm    int                          // 0 to 3
	Failing  float64                      // networks, each IPv4 /16 and IPv6 /32 as one at most, less half of those in which guesses are right
	Networks [1 + captcha.MaxPressure]int // of any width, that have a record, by level
	Fixed    int                          // Config.Fixed
}

// Status returns how things are. It looks at every record, which takes some milliseconds.
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

// alarm says how many networks fail at once, as a level.
func (p *Pressure) alarm(now float64) (alarm int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	failing := p.failing.aged(now)
	for alarm < alarms && failing >= alarmAt[alarm] {
		alarm++
	}
	return alarm
}

// levelOf returns the level of a network by its record. A wrong answer counts so many times.
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

// networksOf returns the networks that a client is in, the narrowest first. Clients that are not known are in one.
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

// less reports whether a record is worth less than another: both are compared as of one time, by their logarithms.
func less(a, b *record) bool { return a.worth() < b.worth() }

// worth is the base-2 logarithm of a record, plus when it was so. A float's bits are its logarithm, near enough:
// exponent, then what is above that.
func (r *record) worth() float64 {
	return r.at + float64(math.Float32bits(max(r.walk, -r.walk)+r.open/leftDefault))/(1<<23)
}

func within(x, least, most float64) float32 { return float32(min(max(x, least), most)) }
