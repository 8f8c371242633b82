package main

import (
	"math"
	"slices"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
)

// mostAlike is the likeness above which a sound is like an image of itself for more reasons than chance. Sounds without a
// copy in them stay below half of it.
const mostAlike = 0.12

// Nothing in a sound comes twice: no shift and no mirror image of it is like it.
func TestNoEchoInASound(t *testing.T) {
	for _, language := range []string{"en", "ru"} {
		c := challenges{audio.New(), language, "BKWX27"}
		for number := range uint64(6) {
			_, sound, err := c.speak(number)
			if err != nil {
				t.Fatal(err)
			}
			shift, mirror := echoes(sound)
			if l := max(math.Abs(shift.likeness), math.Abs(mirror.likeness)); l > mostAlike {
				t.Errorf("%s, challenge %d: alike by %.2f when shifted by %d, by %.2f when mirrored about %d", language, number,
					shift.likeness, shift.at, mirror.likeness, mirror.at)
			}
		}
	}
}

// The search finds babble that was used again, shifted, mirrored, filtered and softer. The cleaning then leaves less of
// it.
func TestEchoIsFoundAndSubtracted(t *testing.T) {
	quiet := challenges{audio.New(audio.Config{Babble: -1}), "en", "BKWX27"}
	for name, again := range map[string]func([]float32) []float32{
		"shifted":  echo{at: 30000}.apply,
		"mirrored": echo{mirrored: true, at: 9000}.apply,
		"filtered": func(bed []float32) []float32 {
			image := echo{mirrored: true, at: 40000}.apply(bed)
			out := make([]float32, len(image))
			for i := range out {
				out[i] = 0.7*image[i] - 0.3*image[max(i-3, 0)]
			}
			return out
		},
	} {
		speaker, bed := sounds(t, quiet)
		babble := add(bed, again(bed))
		mixed := add(speaker, babble)
		shift, mirror := echoes(mixed)
		if l := max(math.Abs(shift.likeness), math.Abs(mirror.likeness)); l < mostAlike {
			t.Errorf("%s: likeness of only %.2f", name, l)
		}
		for cleaning, clean := range cleanings {
			before, after := clarity(mixed, speaker), clarity(clean(mixed), speaker)
			// A shifted copy of a copy is a third copy, so subtracting helps little there.
			if cleaning != "none" && name != "shifted" && after < before+1 {
				t.Errorf("%s: %s makes the speaker clearer by %.1f dB only", name, cleaning, after-before)
			}
		}
	}
}

// sounds returns a speaker, and something as long that could be babble.
func sounds(t *testing.T, quiet challenges) (speaker, bed []float32) {
	t.Helper()
	_, speaker, err := quiet.speak(1)
	if err != nil {
		t.Fatal(err)
	}
	bed = make([]float32, len(speaker))
	for number := range uint64(3) {
		_, other, err := quiet.speak(10 + number)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(other)
		bed = add(bed, echo{at: 7000 * int(number+1)}.apply(other[:len(bed)]))
	}
	return speaker, level(bed)
}

func add(a, b []float32) []float32 {
	sum := slices.Clone(a)
	for i := range sum {
		sum[i] += b[i]
	}
	return sum
}

// clarity is how much of a sound is the speaker, in dB above the rest.
func clarity(sound, speaker []float32) float64 {
	var both, one, all float64
	for i := range sound {
		both += float64(sound[i] * speaker[i])
		one += float64(speaker[i] * speaker[i])
		all += float64(sound[i] * sound[i])
	}
	share := both * both / one
	return 10 * math.Log10(share/(all-share))
}
