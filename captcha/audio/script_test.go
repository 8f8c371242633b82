package audio

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A letter's time says nothing of the letter: with one seed, whatever is said is said at the same times, within its room.
func TestTimesSayNothing(t *testing.T) {
	for _, language := range Shared.Languages() {
		for seed := range byte(20) {
			var want []int
			for _, text := range []string{"1111", "WWWW", "U2W7", "B7KX"} {
				m := &mixer{speech: Shared.spoken[language].open(), Rand: rand.New(rand.NewChaCha8([32]byte{seed}))}
				lines, length := m.script([]rune(text))
				var starts []int
				for _, sign := range text {
					first, rest := lines[0], lines[1]
					last := rest
					if lines = lines[2:]; sign > '9' {
						last, lines = lines[0], lines[1:]
					}
					starts = append(starts, first.start)
					if d := rest.start - first.start; d < inSamples(restEarly) || d > inSamples(restLate) {
						t.Errorf("%s: %c's second part comes %d samples after the first", language, sign, d)
					}
					if end := last.start + last.length()*one/last.rate; end > first.start+inSamples(letterRoom+60) || end > length {
						t.Errorf("%s: %c takes %d samples", language, sign, end-first.start)
					}
				}
				if want == nil {
					want = starts
				}
				if !slices.Equal(starts, want) {
					t.Errorf("%s: %s begins its letters at %d, others at %d", language, text, starts, want)
				}
			}
		}
	}
}
