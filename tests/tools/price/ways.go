//go:build linux

package main

import (
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/fibercaptcha/fibercaptcha/handlers/settings"
)

// way is one way past the captcha. What is not measured here is from the programs beside this one, by the commands in
// their README: run those again after a change of pictures or sounds, and say here what they found.
type way struct {
	name  string
	right float64 // of its attempts, 0 to 1
	cpu   float64 // seconds of one core an attempt
	price float64 // USD an attempt, beside the core's
	sound bool    // each attempt asks for one
}

// ways are the known ones. Card and native are seconds a solution of the work.
func ways(o options, native, card float64) []way {
	return []way{
		{name: "work, by the " + o.card, right: 1, price: card / 3600 * o.cardPrice},
		{name: "work, by native code on one core", right: 1, cpu: native},
		// tests/tools/strength/learn.py, 1,000 pictures. What the training costs, once, is in the README.
		{name: "letters, by a network trained on 1,000 pictures", right: 0.846, cpu: 0.0021},
		// tests/tools/sheet, 989 of 1,000 at 90 x 40.
		{name: "letters, by a vision-language model without training", right: 0.989, price: o.modelPrice},
		// tests/tools/listen: -attack align -first 500000, and -attack waves -first 800000 -n 58.
		{name: "sound, by aligning the recordings", right: 6.0 / 200, cpu: 0.3, sound: true},
		{name: "sound, by comparing waves as well", right: 3.0 / 58, cpu: 5, sound: true},
	}
}

// accepted is how many submissions the price is of.
const accepted = 1000

// addresses returns how many addresses it takes to have that many messages accepted in an hour, and at once, under the
// demo's default limits. A rate lets its count through at once, and as many again in each of its periods. What is kept
// is counted by the day.
func (w way) addresses(s settings.Settings) (hour, once float64) {
	perHour, burst := math.Inf(1), math.Inf(1)
	limits := []limit.Rate{s.LimitIssue, s.LimitSubmit}
	if w.sound {
		limits = append(limits, s.LimitAudio)
	}
	for _, r := range limits {
		count := float64(r.Count)
		perHour, burst = min(perHour, count*(1+1/r.Per.Hours())), min(burst, count)
	}
	kept := float64(s.LimitKept.Count)
	return math.Ceil(accepted / min(kept, perHour*w.right)), math.Ceil(accepted / min(kept, burst*w.right))
}

// figure writes a number of two digits that count.
func figure(x float64) string {
	if x == 0 {
		return "0"
	}
	size := 1 - int(math.Floor(math.Log10(x)))
	if x = math.Round(x*math.Pow10(size)) / math.Pow10(size); size < 0 {
		size = 0
	}
	return strconv.FormatFloat(x, 'f', size, 64)
}

// priceWays prints a table of what each way costs.
func priceWays(out io.Writer, o options, native, card float64) error {
	defaults, err := settings.Parse(nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n| how a bot gets %d forms accepted, at %g USD an hour for a core and %g USD a picture for the model | right answers "+
		"| CPU seconds | USD | IP addresses to send them in an hour | all at once |\n|---|---|---|---|---|---|\n", accepted, o.core, o.modelPrice)
	for _, w := range ways(o, native, card) {
		cpu, dollars := w.cpu*accepted/w.right, w.price*accepted/w.right
		hour, once := w.addresses(defaults)
		fmt.Fprintf(out, "| %s | %.3g %% | %s | %s | %.0f | %.0f |\n", w.name, 100*w.right, figure(cpu),
			figure(dollars+cpu/3600*o.core), hour, once)
	}
	return nil
}
