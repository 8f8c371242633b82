//go:build linux

// Price measures what it costs to get past the captcha, and how long visitors wait for work:
//
//	go run ./tests/tools/price
//	go run ./tests/tools/price -browsers chromium,firefox-esr,/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser
//
// Native code is Go's, on one core. It is measured in CPU seconds for each try, in the fastest of several rounds. The
// browsers are real ones without a screen, on a page with the form field that apps have. A visit begins when an input
// of the form gets the focus, and ends when the field is checked. It includes the request for the work, the start of
// the worker and the search.
//
// To slow a browser down, the program stops and continues all of its processes 50 times a second. Chromium's own
// throttle does not do that: set to six, it slowed a search only 1.5 to 2.6 times, because Chromium's cryptography runs
// on threads that the throttle leaves alone. Seconds are those on a visitor's clock. A busy machine makes them longer,
// so the report says how busy it was. CPU seconds are what all processes of the browser spent from touch to checked,
// scaled to the mean number of tries. Memory is the most that they used beyond what the page uses at rest. It is the
// median of seven visits that measure nothing else.
//
// Then the program prints what 1,000 accepted submissions cost, for each known way past the captcha. The other programs
// in tests/tools found how often reading and hearing succeed. Flags set the prices and the speed of the graphics card.
// The number of addresses follows from the demo's default limits.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/measure"
)

type options struct {
	browsers, slow string
	solves, rounds int
	config         work.Config
	core           float64 // USD an hour

	card      string
	cardRate  float64 // iterations a second
	cardPrice float64 // USD an hour

	modelPrice float64 // USD a picture
}

func main() {
	var o options
	flag.StringVar(&o.browsers, "browsers", "chromium", "programs of the browsers to measure, with commas between: Chromium, Firefox, or WebKitGTK's MiniBrowser; empty for none")
	flag.StringVar(&o.slow, "slow", "1,4,6", "factors by which to slow each browser down, with commas between")
	flag.IntVar(&o.solves, "solves", 20, "visits with each browser at each speed")
	flag.IntVar(&o.rounds, "rounds", 10, "rounds of native code, of half a second each")
	flag.IntVar(&o.config.Cost, "cost", work.ConfigDefault.Cost, "PBKDF2 iterations in a try")
	flag.IntVar(&o.config.Range, "range", work.ConfigDefault.Range, "number of counters in a challenge")
	flag.Float64Var(&o.core, "core-price", 0.04, "price of one core in USD an hour, about what clouds ask")
	// Hashcat 6.2.6, mode 10900 (PBKDF2-HMAC-SHA256, 999 iterations): 8,865.7 thousand keys a second on one RTX
	// 4090, as measured by Sam Croley, gist.github.com/Chick3nman/32e662a5bb63bc4f51b847bb422222fd.
	flag.StringVar(&o.card, "card", "RTX 4090", "name of the graphics card")
	flag.Float64Var(&o.cardRate, "card-rate", 8_865_700*999, "iterations of PBKDF2-HMAC-SHA-256 a second on the graphics card")
	flag.Float64Var(&o.cardPrice, "card-price", 0.5, "price of the graphics card in USD an hour")
	// For a model at 3 USD a million tokens read and 15 a million written. A picture of 200 x 200 pixels takes 54, by
	// Anthropic's documentation of Claude's vision. A question takes 30, and the answer 10.
	flag.Float64Var(&o.modelPrice, "model-price", 0.0004, "price in USD of having a vision-language model read one picture")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "price:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) error {
	w, err := work.Build(o.config)
	if err != nil {
		return err
	}
	var factors []int
	for text := range strings.SplitSeq(o.slow, ",") {
		factor, err := strconv.Atoi(text)
		if err != nil || factor < 1 || factor > 20 {
			return fmt.Errorf("-slow has %q; accepted: 1 to 20", text)
		}
		factors = append(factors, factor)
	}
	tries := float64(o.config.Range+1) / 2
	fmt.Fprintf(out, "%d iterations in a try; %.1f tries on average, %d at most\n\n", o.config.Cost, tries, o.config.Range)

	native, err := nativeTry(o)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "native code, one core: %.0f tries a CPU second, %.3f CPU seconds for a solution\n", 1/native, native*tries)
	fmt.Fprintf(out, "  1,000 solutions: %.0f CPU seconds, %.4f USD at %g USD for an hour of a core\n",
		1000*native*tries, 1000*native*tries/3600*o.core, o.core)
	card := float64(o.config.Cost) * tries / o.cardRate
	fmt.Fprintf(out, "%s, computed from %.3g iterations a second: %.0f solutions a second\n", o.card, o.cardRate, 1/card)
	fmt.Fprintf(out, "  1,000 solutions: %.2f seconds of the card, %.6f USD at %g USD for an hour of it\n", 1000*card, 1000*card/3600*o.cardPrice, o.cardPrice)
	if err := priceWays(out, o, native*tries, card); err != nil {
		return err
	}
	if o.browsers == "" {
		return nil
	}
	fmt.Fprintf(out, "\nFrom a visitor's first touch of a form to \"checked\". Load of this machine before: %s\n\n", load())
	fmt.Fprintf(out, "| browser | times slower | median | worst of %d | whole range | CPU for a solution | memory |\n", o.solves)
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|")
	for name := range strings.SplitSeq(o.browsers, ",") {
		for _, factor := range factors {
			r, err := measureBrowser(ctx, w, name, factor, o.solves)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			memory := ""
			if len(r.memory) > 0 {
				memory = fmt.Sprintf("%.1f MiB", float64(measure.Median(r.memory))/(1<<20))
			}
			fmt.Fprintf(out, "| %s | %d | %.2f s | %.2f s | %.2f s | %.2f s | %s |\n", filepath.Base(name), factor, measure.Median(r.seconds),
				slices.Max(r.seconds), float64(o.config.Range)/r.rate(), r.cpu.Seconds()/float64(r.tries)*tries, memory)
		}
	}
	fmt.Fprintf(out, "\nLoad after: %s\n", load())
	return nil
}

// load is how many processes wanted a processor in the last minute, in the mean.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	minute, _, _ := strings.Cut(string(text), " ")
	return fmt.Sprintf("%s on %d processors", minute, runtime.NumCPU())
}

// nativeTry returns the CPU seconds of one try.
func nativeTry(o options) (float64, error) {
	least := 0.0
	c := work.Challenge{
		Algorithm: "PBKDF2/SHA-256", Cost: o.config.Cost, KeyLength: 32, KeyPrefix: strings.Repeat("0", 32),
		Nonce: strings.Repeat("0", 32), Salt: strings.Repeat("0", 32), Range: max(1, 1_000_000/o.config.Cost),
	}
	for range o.rounds {
		tries, before := 0, ownCPU()
		for start := time.Now(); time.Since(start) < time.Second/2; tries += c.Range {
			if _, _, err := c.Search(context.Background()); err == nil {
				return 0, errors.New("a challenge that can't be solved was solved")
			}
		}
		if spent := (ownCPU() - before).Seconds() / float64(tries); least == 0 || spent < least {
			least = spent
		}
	}
	return least, nil
}

// ownCPU is the CPU time that this process has spent.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // only if its first argument is unknown
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
