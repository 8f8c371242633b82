package answer

import (
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The table and the arithmetic agree with Unicode's data on every character that they are made for.
func TestCharactersAreTakenApartAsUnicodeSays(t *testing.T) {
	composed := 0
	for r := rune(0); r <= 0xffff; r++ {
		if r >= 0xd800 && r < 0xe000 || unicode.In(r, unicode.Ideographic, unicode.M) {
			continue
		}
		got := []rune{r}
		for {
			first, mark, ok := split(got[0])
			if !ok {
				break
			}
			got[0] = first
			if mark != 0 {
				got = append([]rune{first, mark}, got[1:]...)
			}
		}
		if want := norm.NFD.String(string(r)); string(got) != want {
			t.Errorf("%U is %U, want %U", r, got, []rune(want))
		}
		if got[0] != r {
			composed++
		}
		if n := len(got) - 1; n > maxMarks {
			t.Errorf("%U has %d marks", r, n)
		}
	}
	if composed < 12_000 { // 11,172 of them are Hangul syllables
		t.Errorf("only %d characters are composed", composed)
	}
}

// What digit takes for granted.
func TestDigitsAreInRowsOfTen(t *testing.T) {
	row := func(from, to, step uint32) {
		if step != 1 || (to-from+1)%10 != 0 {
			t.Errorf("%U to %U is no whole number of rows", from, to)
		}
	}
	for _, r := range unicode.Nd.R16 {
		row(uint32(r.Lo), uint32(r.Hi), uint32(r.Stride))
	}
	for _, r := range unicode.Nd.R32 {
		row(r.Lo, r.Hi, r.Stride)
	}
	for _, r := range []struct{ digit, want rune }{{'٥', 5}, {'۵', 5}, {'५', 5}, {'๙', 9}, {'０', 0}, {'𝟡', 9}, {'𝟶', 0}} {
		if got := digit(r.digit); got != r.want {
			t.Errorf("%c is %d, want %d", r.digit, got, r.want)
		}
	}
}
