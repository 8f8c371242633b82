package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// attempts tells what it takes to make a site ask everybody for more. Nobody else visits the site, which is the
// cheapest case: no right answer takes anything back.
func attempts(o options, out io.Writer) error {
	fmt.Fprintf(out, "\nWrong answers given on purpose, 16 a second, to a site without other visitors\n")
	block := netip.MustParsePrefix("2001:db8:66::/48")
	long := time.Duration(o.minutes) * time.Minute
	provider := netip.MustParsePrefix("2001:db8::/32")
	for _, a := range []attempt{
		{"one IPv6 /48, 2^16 /64s", long, func(w *world, _ int) netip.Addr { return w.within(block) }},
		{"one IPv6 /32, 2^16 /48s", long, func(w *world, _ int) netip.Addr { return w.within(provider) }},
		{"210 addresses of 210 IPv4 /16s", 30 * time.Second, func(_ *world, n int) netip.Addr { return inSixteen(n%210, 0, 1) }},
	} {
		if err := a.make(o, out); err != nil {
			return err
		}
	}
	return raise(o, out)
}

// attempt is somebody who answers wrongly from some networks.
type attempt struct {
	name string
	long time.Duration
	from func(w *world, n int) netip.Addr
}

func (a attempt) make(o options, out io.Writer) error {
	w, err := newWorld(o, captcha.LettersOnly, true)
	if err != nil {
		return err
	}
	defer w.site.stop()
	wrong := int(a.long.Seconds() * 16)
	for n := range wrong {
		if err := w.fail(a.from(w, n).String(), time.Second/16); err != nil {
			return err
		}
	}
	status, err := w.status()
	if err != nil {
		return err
	}
	elsewhere, err := w.take("198.51.100.7")
	if err != nil {
		return err
	}
	if err := w.fail("198.51.100.7", time.Second); err != nil {
		return err
	}
	failed, err := w.take("198.51.100.7")
	fmt.Fprintf(out, "  %s, %d wrong answers: %.1f networks count as failing, alarm %d; elsewhere a newcomer is at level %d, and after one wrong answer at %d\n",
		a.name, wrong, status.Failing, status.Alarm, elsewhere.level, failed.level)
	return err
}

// raise counts what it takes to make the site ask every newcomer of one IPv4 /16 for more.
func raise(o options, out io.Writer) error {
	w, err := newWorld(o, captcha.LettersOnly, true)
	if err != nil {
		return err
	}
	defer w.site.stop()
	for n := 0; ; n++ {
		// From 64 addresses in 16 /24s. The newcomers are in other /24s of the /16.
		if err := w.fail(inSixteen(0, n%16, n/16%4).String(), time.Second/16); err != nil {
			return err
		}
		newcomer, err := w.take(inSixteen(0, 16+n%200, 1).String())
		if err != nil {
			return err
		}
		if newcomer.level > 0 {
			fmt.Fprintf(out, "  every newcomer of one IPv4 /16 is at level %d after %d wrong answers from 64 addresses in 16 of its /24s\n",
				newcomer.level, n+1)
			return nil
		}
	}
}

// fail answers a new challenge wrongly.
func (w *world) fail(address string, later time.Duration) error {
	p, err := w.take(address)
	if err == nil {
		_, err = w.answer(address, p, false)
	}
	w.site.clock.now.Add(int64(later))
	return err
}

// inSixteen is an address in one of many IPv4 /16s, by its /16, its /24 and its host.
func inSixteen(network, twentyFour, host int) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint16(b[:], uint16(16<<8+network))
	b[2], b[3] = byte(twentyFour), byte(host)
	return netip.AddrFrom4(b)
}
