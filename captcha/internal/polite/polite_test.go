package polite_test

import (
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/polite"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

func TestAllowed(t *testing.T) {
	for answer, want := range map[string]bool{
		"":                      true,
		"R5KW":                  true,
		"HELLO":                 true,
		"ПРИВЕТ":                true,
		rot("PENC"):             false, // a whole answer
		rot("penc"):             false, // in small letters
		"2" + rot("NFF") + "K":  false, // inside of one
		"455K":                  true,  // a number
		"A55K":                  false, // with digits for letters
		"ЗДСТЗ":                 true,
		rot("ZREQR"):            false, // French
		rot("CHGN"):             false, // Spanish and Portuguese
		rot("AHGGR") + "2":      false, // German
		rot("FHXN"):             false, // Russian, in Latin letters
		"М" + rot("БГЪР"):       false, // and in its own
		strings.Repeat("R", 64): true,
	} {
		if got := polite.Allowed(answer); got != want {
			t.Errorf("Allowed(%q) is %v", answer, got)
		}
	}
}

// rot turns letters by half of their alphabet, so that the words need not stand here either.
func rot(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return 'A' + (r-'A'+13)%26
		case 'a' <= r && r <= 'z':
			return 'a' + (r-'a'+13)%26
		case 'А' <= r && r <= 'Я':
			return 'А' + (r-'А'+16)%32
		}
		return r
	}, s)
}

// What it costs in odds, as the package's comment gives it: of every answer of four letters that there is, how many are refused.
func TestCost(t *testing.T) {
	letters := strings.Split(picture.Alphabet, "")
	all, refused := 0, 0
	for _, a := range letters {
		for _, b := range letters {
			for _, c := range letters {
				for _, d := range letters {
					all++
					if !polite.Allowed(a + b + c + d) {
						refused++
					}
				}
			}
		}
	}
	t.Logf("%d of %d refused, %.2f %%", refused, all, 100*float64(refused)/float64(all))
	if refused == 0 || refused*200 > all {
		t.Errorf("%d of %d answers are refused, want some, and less than 1 in 200", refused, all)
	}
}

// An answer is drawn with every challenge.
func TestNoAllocations(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { polite.Allowed("R5KWABCDEHJKLMNPRTUW235R5KWABC") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAllowed(b *testing.B) {
	for b.Loop() {
		polite.Allowed("R5KW")
	}
}
