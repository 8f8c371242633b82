package pressure_test

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/pressure"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// clock is moved by hand.
type clock struct{ now time.Time }

func (c *clock) time() time.Time { return c.now }

func started(cfg pressure.Config) (*pressure.Pressure, *clock) {
	c := &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	cfg.Now = c.time
	return pressure.New(cfg), c
}

func addr(text string) netip.Addr {
	parsed, _ := netip.ParseAddr(text) // the zero Addr for none
	return parsed
}

func record(p *pressure.Pressure, times int, outcome captcha.Outcome, clients ...string) {
	for range times {
		for _, client := range clients {
			p.Record(addr(client), outcome)
		}
	}
}

// What some clients did, and the level of one after that.
func TestLevel(t *testing.T) {
	const home, neighbour, elsewhere = "192.0.2.1", "192.0.2.2", "198.51.100.1"
	var move func(time.Duration)
	for name, row := range map[string]struct {
		before func(p *pressure.Pressure)
		client string
		want   int
	}{
		"nobody did anything": {func(*pressure.Pressure) {}, home, 0},
		"five wrong answers":  {func(p *pressure.Pressure) { record(p, 5, captcha.Wrong, home) }, home, 0},
		"six, a second each": {func(p *pressure.Pressure) {
			for range 6 {
				record(p, 1, captcha.Wrong, home)
				move(time.Second)
			}
		}, home, 1},
		"six":                    {func(p *pressure.Pressure) { record(p, 6, captcha.Wrong, home) }, home, 1},
		"twelve":                 {func(p *pressure.Pressure) { record(p, 12, captcha.Wrong, home) }, home, 2},
		"24":                     {func(p *pressure.Pressure) { record(p, 24, captcha.Wrong, home) }, home, 3},
		"1,000":                  {func(p *pressure.Pressure) { record(p, 1000, captcha.Wrong, home) }, home, 3},
		"six, IPv4 within IPv6":  {func(p *pressure.Pressure) { record(p, 6, captcha.Wrong, "::ffff:"+home) }, home, 1},
		"of others":              {func(p *pressure.Pressure) { record(p, 1000, captcha.Wrong, home) }, elsewhere, 0},
		"of one in the same /24": {func(p *pressure.Pressure) { record(p, 1000, captcha.Wrong, home) }, neighbour, 0},
		"of four in the same /24": {func(p *pressure.Pressure) {
			record(p, 6, captcha.Wrong, "192.0.2.7", "192.0.2.8", "192.0.2.9", "192.0.2.10")
		}, neighbour, 1},
		"of an IPv6 /64":     {func(p *pressure.Pressure) { record(p, 6, captcha.Wrong, "2001:db8::7") }, "2001:db8::8", 1},
		"beside an IPv6 /64": {func(p *pressure.Pressure) { record(p, 1000, captcha.Wrong, "2001:db8::7") }, "2001:db8:0:1::1", 0},
		"of a /48 that wanders": {func(p *pressure.Pressure) {
			for i := range 24 {
				p.Record(numbered(uint64(0x2001_0db8_0001_0000)+uint64(i)<<8), captcha.Wrong)
			}
		}, "2001:db8:1:ff00::", 1},
		"of a /32 that wanders": {func(p *pressure.Pressure) {
			for i := range uint64(384) {
				p.Record(numbered(0x2001_0db8_0000_0000+i<<16), captcha.Wrong)
			}
		}, "2001:db8:ffff::", 1},
		"of ten addresses with two each, as people's are": {func(p *pressure.Pressure) {
			for i := range uint64(10) {
				p.Record(numbered(0x2001_0db8_0001_0000+i<<8), captcha.Wrong)
				p.Record(numbered(0x2001_0db8_0001_0000+i<<8), captcha.Right)
			}
		}, "2001:db8:1::", 0},
		"a third right": {func(p *pressure.Pressure) {
			for range 400 {
				record(p, 2, captcha.Wrong, home)
				record(p, 1, captcha.Right, home)
			}
		}, home, 3},
		"a third wrong": {func(p *pressure.Pressure) {
			for range 400 {
				record(p, 1, captcha.Wrong, home)
				record(p, 2, captcha.Right, home)
			}
		}, home, 0},
		"right answers kept in store": {func(p *pressure.Pressure) {
			record(p, 1000, captcha.Right, home)
			record(p, 7, captcha.Wrong, home)
		}, home, 1},
		"work takes nothing back": {func(p *pressure.Pressure) {
			record(p, 6, captcha.Wrong, home)
			record(p, 1000, captcha.Computed, home)
		}, home, 1},
		"229 taken and left":   {func(p *pressure.Pressure) { record(p, 229, captcha.Taken, home) }, home, 0},
		"230 taken and left":   {func(p *pressure.Pressure) { record(p, 230, captcha.Taken, home) }, home, 1},
		"960 taken and left":   {func(p *pressure.Pressure) { record(p, 960, captcha.Taken, home) }, home, 3},
		"1,000 taken, and met": {func(p *pressure.Pressure) { record(p, 1000, captcha.Taken, home); record(p, 1000, captcha.Right, home) }, home, 0},
		"nobody knows who":     {func(p *pressure.Pressure) { record(p, 6, captcha.Wrong, "") }, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			p, clock := started(pressure.Config{})
			move = func(d time.Duration) { clock.now = clock.now.Add(d) }
			row.before(p)
			if got := p.Level(addr(row.client)); got != row.want {
				t.Errorf("level %d, want %d", got, row.want)
			}
		})
	}
}

// numbered is an address in the IPv6 /64 with these 64 bits.
func numbered(network uint64) netip.Addr {
	var bytes [16]byte
	binary.BigEndian.PutUint64(bytes[:], network)
	return netip.AddrFrom16(bytes)
}

// After its last wrong answer, a network calms down by itself within two and a half half-lives, whatever was before.
func TestCalmsDown(t *testing.T) {
	p, clock := started(pressure.Config{HalfLife: time.Minute})
	home := addr("192.0.2.1")
	record(p, 10_000, captcha.Wrong, "192.0.2.1")
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 3}, {35 * time.Second, 3}, {37 * time.Second, 2}, {95 * time.Second, 2}, {98 * time.Second, 1}, {155 * time.Second, 1}, {159 * time.Second, 0}} {
		at, start := *clock, clock.now
		clock.now = start.Add(step.after)
		if got := p.Level(home); got != step.want {
			t.Errorf("after %s level %d, want %d", step.after, got, step.want)
		}
		*clock = at
	}
	clock.now = clock.now.Add(-time.Hour)
	if got := p.Level(home); got != 3 {
		t.Errorf("by a clock that was set back level %d", got)
	}
}

// People alone bring a network's level down again after a guesser has left: their answers to the longest challenges are
// right three times out of four.
func TestPeopleBringItDown(t *testing.T) {
	p, _ := started(pressure.Config{})
	record(p, 1000, captcha.Wrong, "192.0.2.1")
	answers := 0
	for ; p.Level(addr("192.0.2.1")) > 0 && answers < 1000; answers++ {
		outcome := captcha.Right
		if answers%4 == 0 {
			outcome = captcha.Wrong
		}
		record(p, 1, outcome, "192.0.2.1")
	}
	if answers > 300 {
		t.Errorf("%d answers", answers)
	}
}

// Many networks that fail make a wrong answer count more, and nobody's level rises who gave none. One network can't
// do it.
func TestAlarm(t *testing.T) {
	p, clock := started(pressure.Config{})
	quiet, slip := addr("2001:db8::1"), addr("2001:db8:1::1")
	for i := range 250 {
		p.Record(netip.AddrFrom4([4]byte{16, byte(i), 0, 1}), captcha.Wrong)
		want := 0
		for _, least := range []int{50, 100, 200} {
			if i+1 >= least {
				want++
			}
		}
		if got := p.Status().Alarm; got != want {
			t.Fatalf("alarm %d with %d networks, want %d", got, i+1, want)
		}
	}
	p.Record(slip, captcha.Wrong)
	if a, b := p.Level(quiet), p.Level(slip); a != 0 || b != 1 {
		t.Errorf("a quiet network is at level %d, one with a slip at %d", a, b)
	}
	p.Record(slip, captcha.Right)
	if got := p.Level(slip); got != 0 {
		t.Errorf("after the right answer it is at level %d", got)
	}
	clock.now = clock.now.Add(25 * time.Minute)
	if got := p.Status().Alarm; got != 0 {
		t.Errorf("25 minutes later the alarm is %d", got)
	}
}

func TestOneNetworkMakesNoAlarm(t *testing.T) {
	for name, from := range map[string]func(i int) netip.Addr{
		"an IPv6 /32": func(i int) netip.Addr { return numbered(0x2001_0db8_0000_0000 + uint64(i)*0x1_0001) },
		"an IPv4 /16": func(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, byte(i / 256), byte(i)}) },
		"unknown":     func(int) netip.Addr { return netip.Addr{} },
	} {
		p, clock := started(pressure.Config{})
		for i := range 100_000 {
			p.Record(from(i), captcha.Wrong)
			if i%7 == 0 { // which moves what was told of it up and down
				p.Record(from(i), captcha.Right)
			}
			clock.now = clock.now.Add(50 * time.Millisecond)
		}
		if s := p.Status(); s.Alarm != 0 || s.Failing > 2 {
			t.Errorf("%s counts as %.1f networks that fail, alarm %d", name, s.Failing, s.Alarm)
		}
	}
}

func TestExemptAndFixed(t *testing.T) {
	office := netip.MustParsePrefix("192.0.2.0/24")
	p, _ := started(pressure.Config{Exempt: office.Contains})
	record(p, 100, captcha.Wrong, "192.0.2.1", "198.51.100.1")
	if a, b := p.Level(addr("192.0.2.1")), p.Level(addr("198.51.100.1")); a != 0 || b != 3 {
		t.Errorf("the office is at level %d, others at %d", a, b)
	}
	p, _ = started(pressure.Config{Exempt: office.Contains})
	record(p, 100, captcha.Wrong, "192.0.2.1")
	if s := p.Status(); s.Failing > 0 {
		t.Errorf("the office counts: %+v", s)
	}
	for fixed, want := range map[int]int{1: 1, 3: 3, pressure.Calm: 0} {
		p, _ := started(pressure.Config{Fixed: fixed, Exempt: office.Contains})
		record(p, 100, captcha.Wrong, "198.51.100.1")
		if a, b, c := p.Level(addr("192.0.2.1")), p.Level(addr("198.51.100.1")), p.Level(addr("203.0.113.1")); a != 0 || b != want || c != want {
			t.Errorf("fixed at %d: levels %d, %d, %d", fixed, a, b, c)
		}
	}
	p, _ = started(pressure.Config{Left: pressure.Ignore})
	record(p, 100_000, captcha.Taken, "192.0.2.1")
	if got := p.Level(addr("192.0.2.1")); got != 0 {
		t.Errorf("what is left counts although it is ignored: level %d", got)
	}
}

// A million networks cost no more memory than the table has, and push out neither the record of one that fails nor
// that of the alarm.
func TestAMillionNetworks(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p, _ := started(pressure.Config{})
	record(p, 100, captcha.Wrong, "192.0.2.1")
	for i := range uint64(1_000_000) {
		client := numbered(0x2001_0db8_0000_0000 + i*0x9e37_79b9)
		p.Record(client, captcha.Taken)
		if i%10 == 0 {
			p.Record(client, captcha.Wrong)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 9<<20 {
		t.Errorf("%d bytes", used)
	} else {
		t.Logf("%.1f MiB", float64(used)/(1<<20))
	}
	if got := p.Level(addr("192.0.2.1")); got != 3 {
		t.Errorf("a network that fails is at level %d after the flood", got)
	}
	runtime.KeepAlive(p)
}

func TestConcurrentUse(t *testing.T) {
	p := pressure.New(pressure.Config{HalfLife: time.Second})
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for i := range 5000 {
				client := numbered(0x2001_0db8_0000_0000 + uint64(i%97)<<uint(8*n%32))
				p.Record(client, captcha.Outcome(i%4))
				if level := p.Level(client); level < 0 || level > captcha.MaxPressure {
					t.Errorf("level %d", level)
				}
				if i%1000 == 0 {
					p.Status()
				}
			}
		})
	}
	all.Wait()
}

func TestSettings(t *testing.T) {
	for field, cfg := range map[string]pressure.Config{
		"HalfLife": {HalfLife: time.Millisecond},
		"Failures": {Failures: 1},
		"Left":     {Left: -2},
		"Steps":    {Steps: make([]captcha.Step, 4)},
		"Steps[1]": {Steps: []captcha.Step{{Letters: 2}, {Letters: 1}}},
		"Fixed":    {Fixed: 4},
	} {
		_, err := pressure.Build(cfg)
		var refused *setting.Error
		if !errors.As(err, &refused) || refused.Field != field || !strings.Contains(err.Error(), "accepted: ") {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := pressure.Build(pressure.Config{Steps: []captcha.Step{}}); err == nil {
		t.Error("no steps are accepted")
	}
}

func BenchmarkIssue(b *testing.B) {
	p := pressure.New()
	for i := 0; b.Loop(); i++ {
		client := numbered(0x2001_0db8_0000_0000 + uint64(i%100_000)<<8)
		p.Record(client, captcha.Taken)
		p.Level(client)
	}
}
