package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
)

// The site is this program started again, which in a test is the test binary.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "-serve") {
		main()
		return
	}
	os.Exit(m.Run())
}

var small = options{minutes: 2, luck: 0.2, cores: 4, bots: 100, rate: 10, single: 10, visitors: 60, seed: 3}

// Pressure takes most of what they get from guessers, asks nobody on a quiet network for more, and lets people through
// wherever they are.
func TestAttack(t *testing.T) {
	without, err := attack(small, false)
	if err != nil {
		t.Fatal(err)
	}
	with, err := attack(small, true)
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range with.guessers {
		if before := without.guessers[i]; before.accepted < 100 || g.accepted*2 > before.accepted {
			t.Errorf("%s: %d accepted, before %d", g.name, g.accepted, before.accepted)
		}
	}
	for i, p := range with.crowd {
		if i == 0 && p.first[0] != p.came {
			t.Errorf("%s: first asked at %v", p.name, p.first)
		}
		if p.gaveUp > 0 || p.accepted*2 < p.sent {
			t.Errorf("%s: %d sent, %d accepted, %d gave up", p.name, p.sent, p.accepted, p.gaveUp)
		}
	}
	var out bytes.Buffer
	if err := with.print(&out); err != nil || strings.Count(out.String(), "\n") != 10 {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// No network raises the level elsewhere, whatever it does.
func TestAttempts(t *testing.T) {
	var out bytes.Buffer
	short := small
	short.minutes = 1
	if err := attempts(short, &out); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "elsewhere a newcomer is at level 0"); n != 3 {
		t.Errorf("%s", out.String())
	}
}
