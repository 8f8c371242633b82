package limit

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// alone counts each address or /64 for itself.
var alone = []Prefix{{IPv4: 32, IPv6: 64}}

// A flood from more than twice the addresses that the table holds, one request each, must neither free an address that is at its
// limit nor shut out one that comes new.
func TestLimiterInAFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Rate{Count: 60, Per: time.Minute}, alone)
		abuser := netip.MustParseAddr("192.0.2.66")
		for range 60 {
			l.take(abuser)
		}
		for i := range uint64(600_000) {
			if wait := l.take(numbered(i)); wait > 0 {
				t.Fatalf("new address %d has to wait %s", i, wait)
			}
		}
		if l.take(abuser) == 0 {
			t.Error("an address at its limit was let through")
		}
		time.Sleep(time.Second)
		if wait := l.take(abuser); wait > 0 {
			t.Errorf("a share of the period later it has to wait %s", wait)
		}
	})
}

// 100,000 addresses fit: each is limited for itself, whatever the others do.
func TestLimiterHoldsAHundredThousand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const addresses, limit = 100_000, 3
		l := newLimiter(Rate{Count: limit, Per: time.Minute}, alone)
		passed := 0
		for range 5 {
			for i := range uint64(addresses) {
				if l.take(numbered(i)) == 0 {
					passed++
				}
			}
		}
		// How many addresses share a set is Poisson distributed, with a mean of 24.4 here. A set that gets 65 of its 64 lets 4
		// requests more through, and 2 for each further one. That some do has a chance of 3e-8; that it comes to more than
		// 12 requests, one of 5e-10.
		if excess := passed - addresses*limit; excess < 0 || excess > 12 {
			t.Errorf("%d passed, want %d and at most 12 more", passed, addresses*limit)
		}
	})
}

func TestLimiterAddsNothingForTheRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, addr := newLimiter(Rate{Count: 1, Per: time.Minute}, alone), netip.MustParseAddr("192.0.2.1")
		l.take(addr)
		for range 100 {
			if wait := l.take(addr); wait != time.Minute {
				t.Fatalf("has to wait %s, want a minute", wait)
			}
		}
	})
}

func BenchmarkLimiter(b *testing.B) {
	l := newLimiter(Rate{Count: 60, Per: time.Minute}, alone)
	for i := 0; b.Loop(); i++ {
		l.take(numbered(uint64(i % 100_000)))
	}
}

// numbered is the nth of many IPv6 networks.
func numbered(n uint64) netip.Addr {
	var bytes [16]byte
	binary.BigEndian.PutUint64(bytes[:], 0x2001_0db8<<32+n)
	return netip.AddrFrom16(bytes)
}
