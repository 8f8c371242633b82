package main

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"
)

// searchSeconds is the mean time that the work of level 0 takes native code on one core. phoneSeconds is the median for
// a phone, which is six times slower than this machine. tests/tools/price measures both.
const (
	searchSeconds = 0.17
	phoneSeconds  = 1.1
)

// people are visitors of one kind, who come at random times.
type people struct {
	name    string
	every   time.Duration // between two of them, in the mean
	address func() netip.Addr

	came, sent, accepted, gaveUp int
	first                        [4]int // what they were first asked at, by level

	// Of those who were accepted.
	tries, letters, sentBack int           // answers typed, letters in them, right answers that came too late
	waited, longest          time.Duration // for work that was not done when the letters were typed
}

const (
	leaveShare = 0.7  // of visitors read the page and send nothing
	perLetter  = 0.97 // of letters that a person reads rightly: 0.89 of four
	patience   = 6    // tries after which a person gives up
)

func (w *world) come(p *people) {
	w.after(w.exponential(p.every), func() error {
		w.come(p)
		p.came++
		address := p.address().String()
		first, err := w.take(address)
		p.first[first.level]++
		if err != nil || w.random.Float64() < leaveShare {
			return err
		}
		p.sent++
		v := &visit{address: address, people: p}
		w.fillIn(v, first, time.Duration(10+w.random.IntN(15))*time.Second)
		return nil
	})
}

// visit is one person with a form.
type visit struct {
	address        string
	people         *people
	tries, letters int
	back           int
	waited         time.Duration
}

// fillIn has a person fill in a form, or only its captcha, and send it.
func (w *world) fillIn(v *visit, p puzzle, before time.Duration) {
	typing := before + time.Duration(len(p.answer))*1500*time.Millisecond
	if p.Asks == "both" {
		search := time.Duration(phoneSeconds * math.Exp2(float64(p.level)) * w.random.Float64() * 2 * float64(time.Second))
		v.waited += max(0, search-typing)
		typing = max(typing, search)
	}
	w.after(typing, func() error {
		right := w.random.Float64() < math.Pow(perLetter, float64(len(p.answer)))
		accepted, err := w.answer(v.address, p, right)
		if err != nil {
			return err
		}
		v.tries++
		v.letters += len(p.answer)
		if accepted {
			w.met(v)
			return nil
		}
		if right {
			v.back++
		}
		if v.tries == patience {
			v.people.gaveUp++
			return nil
		}
		next, err := w.take(v.address)
		if err == nil {
			w.fillIn(v, next, 2*time.Second)
		}
		return err
	})
}

func (w *world) met(v *visit) {
	p := v.people
	p.accepted++
	p.tries += v.tries
	p.letters += v.letters
	p.sentBack += v.back
	p.waited += v.waited
	p.longest = max(p.longest, v.waited)
}

// guesser is a program that tries at a rate, as far as its cores allow, and reads four letters correctly with the
// probability luck.
type guesser struct {
	name    string
	every   time.Duration
	cores   float64 // that compute work; 0 is any number of them
	luck    float64
	address func() netip.Addr
	choosy  bool // answers only what it reads for sure, and leaves the others

	tries, left, accepted int
	free                  time.Duration // when a core is free
	levels                [4]int
}

func (w *world) guess(g *guesser) {
	w.after(w.exponential(g.every), func() error {
		if w.now() < g.free { // all cores compute
			w.guess(g)
			return nil
		}
		w.guess(g)
		address := g.address().String()
		p, err := w.take(address)
		if err != nil {
			return err
		}
		right := w.random.Float64() < math.Pow(g.luck, float64(len(p.answer))/4)
		if g.choosy && !right {
			g.left++
			return nil
		}
		if p.Asks == "both" && g.cores > 0 {
			g.free = w.now() + time.Duration(searchSeconds*math.Exp2(float64(p.level))/g.cores*float64(time.Second))
		}
		w.after(time.Second, func() error {
			g.tries++
			g.levels[p.level]++
			accepted, err := w.answer(address, p, right)
			if accepted {
				g.accepted++
			}
			return err
		})
		return nil
	})
}

func (w *world) exponential(mean time.Duration) time.Duration {
	return time.Duration(w.random.ExpFloat64() * float64(mean))
}

// anywhere returns an address of the IPv4 networks that visitors have.
func (w *world) anywhere() netip.Addr {
	for {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], w.random.Uint32())
		if b[0] > 0 && b[0] < 224 && b[0] != 10 && b[0] != 127 {
			return netip.AddrFrom4(b)
		}
	}
}

// within returns an address of a network.
func (w *world) within(network netip.Prefix) netip.Addr {
	bytes := network.Addr().AsSlice()
	for i := range bytes {
		fixed := min(max(network.Bits()-8*i, 0), 8)
		bytes[i] = bytes[i]&^(0xff>>fixed) | byte(w.random.Uint32())&(0xff>>fixed)
	}
	addr, _ := netip.AddrFromSlice(bytes)
	return addr
}

// one of some addresses.
func (w *world) of(addresses []netip.Addr) func() netip.Addr {
	return func() netip.Addr { return addresses[w.random.IntN(len(addresses))] }
}
