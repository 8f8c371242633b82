package audio

import (
	"math"
	"math/rand/v2"
	"testing"
)

func newMixer(seed byte) *mixer {
	return &mixer{speech: Shared.spoken["en"].open(), Rand: rand.New(rand.NewChaCha8([32]byte{seed}))}
}

// No recording comes twice in a band's babble before all have been used, and a sound of the usual length needs less
// than all.
func TestBabbleUsesEachRecordingOnce(t *testing.T) {
	m := newMixer(1)
	seen := make(map[int]bool)
	for range m.clips {
		seen[m.another()] = true
	}
	if len(seen) != len(m.clips) {
		t.Errorf("%d of %d recordings are used", len(seen), len(m.clips))
	}
	for range 20 {
		m.mix([]rune("B7KX"), one)
		if used := len(m.clips) - len(m.unused); used < 50 || used > len(m.clips)*3/4 {
			t.Errorf("the last band used %d of %d recordings", used, len(m.clips))
		}
	}
}

// A fragment is like no stretch of the recording that it comes from, at whatever rate and in whichever direction that
// is played. Otherwise, whoever has the recordings could find the fragment and subtract it.
func TestBabbleIsUnlikeItsRecordings(t *testing.T) {
	const thin = 4 // the lowest band has nothing that would be lost by taking every fourth sample
	m := newMixer(2)
	sum, count := 0.0, 0
	for i := range m.clips {
		if count == 10 {
			break
		}
		band := m.unpack(&m.clips[(i*53)%len(m.clips)][0])
		b := &band
		m.out = silence(m.out, rate)
		length := m.fragment(b, fade, one)
		if length < rate/4 {
			continue
		}
		fragment := thinned(m.out[fade:fade+length], thin)
		most := 0.0
		for step := 0.78; step < 1.28; step *= 1.003 {
			played := make([]int32, int(float64(len(b.samples))/step))
			reading{step: int(step * one), gain: one}.add(played, b, 0, len(played))
			stretch := thinned(played, thin)
			most = max(most, alike(fragment, stretch), alike(backwards(fragment), stretch))
		}
		sum += most
		count++
	}
	t.Logf("the most alike stretch correlates by %.2f in the mean", sum/float64(count))
	if sum/float64(count) > 0.7 {
		t.Error("a matched filter finds that")
	}
}

func thinned(samples []int32, by int) []float64 {
	var out []float64
	for i := 0; i < len(samples); i += by {
		out = append(out, float64(samples[i]))
	}
	return out
}

func backwards(samples []float64) []float64 {
	out := make([]float64, len(samples))
	for i, s := range samples {
		out[len(out)-1-i] = s
	}
	return out
}

// alike is the greatest correlation of a part with a stretch of the whole that is as long.
func alike(part, whole []float64) (most float64) {
	for at := 0; at+len(part) <= len(whole); at++ {
		var both, one, other float64
		for i, p := range part {
			w := whole[at+i]
			both, one, other = both+p*w, one+p*p, other+w*w
		}
		most = max(most, math.Abs(both)/math.Sqrt(one*other+1))
	}
	return most
}
