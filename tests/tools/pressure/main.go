// Pressure simulates guessers and people on a site at the same time, first without captcha/pressure and then with it.
// It prints how much of what each group sent was accepted, and how much more the people had to do:
//
//	go run ./tests/tools/pressure
//	go run ./tests/tools/pressure -minutes 30 -luck 0.4
//
// The site is a process of its own with the real guard, and gets real HTTP requests. Each request sets the site's
// clock, so ten minutes of its time take half a minute. The visitors are simulated: they know the right answer, and
// give it as often as people or programs of their kind do. They do no work, but wait for as long as it would take by
// the figures of tests/tools/price. There are no limits by network. Instead, the guesser in one /48 tries no more often
// than the demo's limits would let it.
package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"text/tabwriter"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

type options struct {
	minutes  int
	luck     float64
	cores    float64
	bots     int
	rate     float64 // tries a second of the botnet
	single   float64 // of the guesser in one /48
	visitors float64 // people a minute
	choosy   bool    // guessers answer what they read for sure, and leave the rest
	seed     uint64
}

func main() {
	var o options
	flag.IntVar(&o.minutes, "minutes", 10, "minutes for which the site is attacked")
	flag.Float64Var(&o.luck, "luck", 0.2, "share of four-letter answers that a guesser reads correctly")
	flag.Float64Var(&o.cores, "cores", 4, "cores that the guesser in one /48 has for work")
	flag.IntVar(&o.bots, "bots", 2000, "number of addresses in the botnet")
	flag.Float64Var(&o.rate, "rate", 10, "tries a second by the whole botnet")
	flag.Float64Var(&o.single, "single", 10, "tries a second by the guesser in one /48; the demo would allow 16")
	flag.Float64Var(&o.visitors, "visitors", 60, "people a minute on quiet networks; each attacked network has a sixth as many")
	flag.BoolVar(&o.choosy, "choosy", false, "guessers answer only the challenges that they are sure of, and leave the others")
	flag.Uint64Var(&o.seed, "seed", 1, "seed for everything that is random")
	serving, pressed := flag.Bool("serve", false, "serve the site; the program uses this to start itself"), flag.Bool("pressed", false, "serve the site with pressure")
	demand := flag.Int("demand", int(captcha.LettersOnly), "what the served site demands, as a captcha.Demand")
	flag.Parse()

	var err error
	if *serving {
		err = serve(os.Stdout, captcha.Demand(*demand), *pressed)
	} else {
		err = run(o, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pressure:", err)
		os.Exit(1)
	}
}

func run(o options, out io.Writer) error {
	for _, pressed := range []bool{false, true} {
		found, err := attack(o, pressed)
		if err == nil {
			err = found.print(out)
		}
		if err != nil {
			return err
		}
	}
	return attempts(o, out)
}

// found is what became of an attack.
type found struct {
	title    string
	guessers []*guesser
	crowd    []*people
}

// attack lets people and both guessers at a site.
func attack(o options, pressed bool) (found, error) {
	w, err := newWorld(o, captcha.LettersOnly, pressed)
	if err != nil {
		return found{}, err
	}
	defer w.site.stop()
	block := netip.MustParsePrefix("2001:db8:66::/48")
	var infected []netip.Addr
	for range o.bots {
		infected = append(infected, w.anywhere())
	}
	single := &guesser{name: "guesser in one /48", every: perSecond(o.single), cores: o.cores, luck: o.luck, choosy: o.choosy,
		address: func() netip.Addr { return w.within(block) }}
	botnet := &guesser{name: fmt.Sprintf("botnet of %d addresses", o.bots), every: perSecond(o.rate), luck: o.luck, choosy: o.choosy,
		address: w.of(infected)}
	crowd := []*people{
		{name: "quiet networks", every: perMinute(o.visitors), address: w.anywhere},
		{name: "the guesser's /48", every: perMinute(o.visitors / 6), address: func() netip.Addr { return w.within(block) }},
		{name: "the bots' /24s", every: perMinute(o.visitors / 6), address: func() netip.Addr {
			return w.within(netip.PrefixFrom(w.of(infected)(), 24))
		}},
		{name: "the bots' addresses", every: perMinute(o.visitors / 6), address: w.of(infected)},
	}
	for _, p := range crowd {
		w.come(p)
	}
	w.guess(single)
	w.guess(botnet)
	if err := w.run(time.Duration(o.minutes) * time.Minute); err != nil {
		return found{}, err
	}
	status, err := w.status()
	title := fmt.Sprintf("without pressure, %d minutes", o.minutes)
	if pressed {
		title = fmt.Sprintf("with pressure, %d minutes; at the end %+v", o.minutes, status)
	}
	return found{title, []*guesser{single, botnet}, crowd}, err
}

func (f found) print(out io.Writer) error {
	fmt.Fprintf(out, "\n%s\n", f.title)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  guesser\tleft unanswered\ttried\taccepted\ttries at level 0, 1, 2, 3")
	for _, g := range f.guessers {
		fmt.Fprintf(table, "  %s\t%d\t%d\t%d\t%v\n", g.name, g.left, g.tries, g.accepted, g.levels)
	}
	fmt.Fprintln(table, "  people on\tcame\tsent\taccepted\tgave up\tfirst asked at level 0, 1, 2, 3\ttries each\tletters typed each\tsent back\twaited for work")
	for _, p := range f.crowd {
		n := float64(max(p.accepted, 1))
		fmt.Fprintf(table, "  %s\t%d\t%d\t%d\t%d\t%v\t%.2f\t%.1f\t%d\t%.1f s, %.0f at most\n",
			p.name, p.came, p.sent, p.accepted, p.gaveUp, p.first, float64(p.tries)/n, float64(p.letters)/n, p.sentBack, p.waited.Seconds()/n, p.longest.Seconds())
	}
	return table.Flush()
}

func perSecond(rate float64) time.Duration { return time.Duration(float64(time.Second) / rate) }
func perMinute(rate float64) time.Duration { return time.Duration(float64(time.Minute) / rate) }
