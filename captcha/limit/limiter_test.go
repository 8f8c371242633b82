package limit

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// One network's use leaves another's allowance alone, unless both lie in a wider one that has used its own up.
func TestLimiterCountsEachNetwork(t *testing.T) {
	prefixes := []Prefix{{IPv4: 32, IPv6: 64}, {IPv6: 56, Times: 2}, {IPv4: 24, IPv6: 48, Times: 3}}
	for _, row := range []struct {
		name  string
		used  []string // by requests that are let through, of one an hour
		next  string
		taken bool
	}{
		{"the same address", []string{"192.0.2.1"}, "192.0.2.1", true},
		{"another of the /24", []string{"192.0.2.1"}, "192.0.2.2", false},
		{"the fourth of a /24", []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, "192.0.2.4", true},
		{"beside a /24 that is used up", []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, "192.0.3.4", false},
		{"IPv4 within IPv6", []string{"192.0.2.1"}, "::ffff:192.0.2.1", true},
		{"the same /64", []string{"2001:db8::1"}, "2001:db8::2", true},
		{"the same with a zone", []string{"fe80::1%eth0"}, "fe80::1", true},
		{"the second of a /56", []string{"2001:db8::1"}, "2001:db8:0:1::1", false},
		{"the third of a /56", []string{"2001:db8::1", "2001:db8:0:1::1"}, "2001:db8:0:2::1", true},
		{"another /56", []string{"2001:db8::1", "2001:db8:0:1::1"}, "2001:db8:0:100::1", false},
		{"the fourth of a /48", []string{"2001:db8::1", "2001:db8:0:1::1", "2001:db8:0:100::1"}, "2001:db8:0:200::1", true},
		{"another /48", []string{"2001:db8::1", "2001:db8:0:1::1", "2001:db8:0:100::1"}, "2001:db8:1::1", false},
		{"no address", []string{""}, "", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := newLimiter(Rate{Count: 1, Per: time.Hour}, prefixes)
			for _, address := range row.used {
				if wait := l.take(parse(address)); wait > 0 {
					t.Fatalf("%s has to wait %s", address, wait)
				}
			}
			if taken := l.take(parse(row.next)) > 0; taken != row.taken {
				t.Errorf("%s is refused: %t, want %t", row.next, taken, row.taken)
			}
		})
	}
}

// A request that the wider network has no room for costs the narrower one nothing. Otherwise that one's next request
// would have to wait.
func TestLimiterTakesBackWhatItRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Rate{Count: 1, Per: time.Hour}, []Prefix{{IPv6: 64}, {IPv6: 48, Times: 2}})
		l.take(parse("2001:db8:0:1::1"))
		l.take(parse("2001:db8:0:2::1"))
		for range 100 {
			if wait := l.take(parse("2001:db8:0:3::1")); wait != 30*time.Minute {
				t.Fatalf("has to wait %s, want half an hour", wait)
			}
		}
		time.Sleep(30 * time.Minute)
		if wait := l.take(parse("2001:db8:0:3::1")); wait > 0 {
			t.Errorf("half an hour later it has to wait %s", wait)
		}
	})
}

func parse(address string) netip.Addr {
	addr, _ := netip.ParseAddr(address)
	return addr
}

func TestCount(t *testing.T) {
	one, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	synctest.Test(t, func(t *testing.T) {
		limiter, err := NewLimiter(Rate{Count: 2, Per: time.Minute}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []time.Duration{0, 0, 30 * time.Second} {
			if wait := limiter.Count(one); wait != want {
				t.Errorf("number %d waits %v, want %v", i+1, wait, want)
			}
		}
		if wait := limiter.Count(other); wait != 0 {
			t.Errorf("another address waits %v", wait)
		}
		time.Sleep(30 * time.Second)
		if wait := limiter.Count(one); wait != 0 {
			t.Errorf("after the time that it said there are %v left", wait)
		}
	})
}

func TestCountWithoutALimit(t *testing.T) {
	limiter, err := NewLimiter(Rate{Count: Unlimited}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if limiter.Count(netip.Addr{}) != 0 {
			t.Fatal("refused")
		}
	}
}
