//go:build linux

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

// A browser that is slowed down solves what it is given, to the last.
func TestVisit(t *testing.T) {
	const name = "chromium"
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("REQUIRE_BROWSER") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	for _, factor := range []int{1, 2} {
		r, err := measureBrowser(t.Context(), work.New(work.Config{Cost: 500, Range: 20}), name, factor, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.seconds) != 3 || r.tries < 3 || r.tries > 60 || r.search <= 0 {
			t.Errorf("three challenges of 20 counters: %+v", r)
		}
		if want := weighed * (2 - factor); len(r.memory) != want {
			t.Errorf("memory of %d visits, want %d", len(r.memory), want)
		}
	}
}

func TestReport(t *testing.T) {
	var out strings.Builder
	o := options{slow: "1", rounds: 1, config: work.Config{Cost: 1000, Range: 2000}, core: 3600, card: "card", cardRate: 1000 * 1000.5, cardPrice: 3600}
	o.browsers = "no-such-browser"
	if err := run(t.Context(), o, &out); err == nil || !strings.Contains(err.Error(), o.browsers) {
		t.Errorf("without the browser: %v", err)
	}
	// The card makes one accepted work a second, at a dollar a second.
	for _, want := range []string{"1000.5 tries on average, 2000 at most", "card, computed from 1e+06 iterations a second: 1 solutions a second",
		"1,000 solutions: 1000.00 seconds of the card, 1000.000000 USD", "by the card | 100 % | 0 | 1000 | 50 | 50 |",
		// A CPU second is a dollar here. Of the 60 sounds that an address may hear at once, 1.8 are right. Of its 3,660
		// in an hour, more are right than the 20 messages that it may leave.
		"aligning the recordings | 3 % | 10000 | 10000 | 50 | 556 |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, out.String())
		}
	}
	o.slow = "0"
	if err := run(t.Context(), o, &out); err == nil {
		t.Error("a browser that stands still is accepted")
	}
}
