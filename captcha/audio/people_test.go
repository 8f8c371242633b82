package audio

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// parts are those of a challenge.
type parts struct {
	recorded []float64 // the recordings as they are, at the pace and time at which the challenge says them
	speaker  []float64 // what the challenge makes of them
	heard    []float64 // with babble
}

func takeApart(v *Voice, text, language string, seed [32]byte) (c parts) {
	fresh := func() *mixer {
		return &mixer{speech: v.spoken[language].open(), Rand: rand.New(rand.NewChaCha8(seed))}
	}
	m := fresh()
	lines, length := m.script([]rune(text))
	m.out = silence(m.out, length)
	for _, l := range lines {
		for b := range l.clip {
			r := reading{step: l.rate, gain: one}
			band := m.unpack(&l.clip[b])
			r.add(m.out, &band, l.start, l.length()*one/l.rate)
		}
	}
	c.recorded = floats(m.out)
	m = fresh()
	m.mix([]rune(text), 0)
	c.speaker = floats(m.out)
	m = fresh()
	m.mix([]rune(text), v.spoken[language].babble)
	c.heard = floats(m.out)
	return c
}

func floats(samples []int32) []float64 {
	out := make([]float64, len(samples))
	for i, s := range samples {
		out[i] = float64(s)
	}
	return out
}

// lead returns by how many dB the speaker is louder than the babble, while speaking.
func (c parts) lead() float64 {
	const frame = 200
	var speech, babble, loudest float64
	var energies []float64
	for at := 0; at+frame <= len(c.speaker); at += frame {
		e := 0.0
		for i := at; i < at+frame; i++ {
			e += c.speaker[i] * c.speaker[i]
		}
		energies = append(energies, e)
		loudest = max(loudest, e)
	}
	spoken := 0
	for _, e := range energies {
		if e > loudest/1e4 {
			speech += e
			spoken++
		}
	}
	for i := range c.heard {
		d := c.heard[i] - c.speaker[i]
		babble += d * d
	}
	return 10 * math.Log10(speech/float64(spoken*frame)/(babble/float64(len(c.heard))))
}

// A challenge is no harder to understand than when people last heard one, by both measures that need no people: how
// much louder than the babble the speaker is, and how intelligible the recordings are in what is heard. The bounds are
// what the same challenges had while the babble was one realisation, mirrored and shifted onto itself.
func TestPeopleHearAsMuch(t *testing.T) {
	const alphabet, count = "235ABCDEHJKLMNPRTUW", 64
	for _, row := range []struct {
		language    string
		lead, estoi float64
	}{
		{"en", -1.66, 0.1726},
		{"ru", -1.03, 0.1744},
		// The others must be no harder than English was.
		{"it", -1.66, 0.1726},
		{"nl", -1.66, 0.1726},
		{"pl", -1.66, 0.1726},
		{"de", -1.66, 0.1726},
		{"fr", -1.66, 0.1726},
		{"es", -1.66, 0.1726},
		{"pt", -1.66, 0.1726},
	} {
		t.Run(row.language, func(t *testing.T) {
			t.Parallel()
			var lead, whole float64
			for i := range uint64(count) {
				var seed [32]byte
				binary.LittleEndian.PutUint64(seed[:], i)
				rng := rand.New(rand.NewChaCha8(seed))
				text := ""
				for range 4 {
					text += string(alphabet[rng.IntN(len(alphabet))])
				}
				c := takeApart(Shared, text, row.language, seed)
				lead += c.lead() / count
				whole += estoi(c.recorded, c.heard) / count
			}
			t.Logf("%s: speaker to babble %.2f dB, ESTOI %.4f", row.language, lead, whole)
			if lead < row.lead || whole < row.estoi {
				t.Errorf("%s: speaker to babble %.2f dB and ESTOI %.4f, less than %.2f and %.4f", row.language, lead, whole, row.lead, row.estoi)
			}
		})
	}
}

// The measure is 1 for the recording itself at any level, near 0 for something else, and falls as noise rises.
func TestIntelligibility(t *testing.T) {
	c := takeApart(Shared, "B7KX", "en", [32]byte{})
	other := takeApart(Shared, "W2AM", "en", [32]byte{1})
	louder := slices.Clone(c.recorded)
	for i := range louder {
		louder[i] *= 3
	}
	if d := estoi(c.recorded, louder); d < 0.999 || d > 1.001 {
		t.Errorf("a recording beside itself has %.3f, not 1", d)
	}
	noise := rand.New(rand.NewPCG(1, 2))
	before := 1.0
	for _, level := range []float64{0.1, 0.3, 1, 3, 30} {
		noisy := slices.Clone(c.recorded)
		for i := range noisy {
			noisy[i] += noise.NormFloat64() * level * 4000
		}
		d := estoi(c.recorded, noisy)
		if d >= before {
			t.Errorf("with noise of %.1f times the recording it is %.3f, no less than %.3f", level, d, before)
		}
		before = d
	}
	if before > 0.05 {
		t.Errorf("in noise of 30 times the recording it is still %.3f", before)
	}
	if d := estoi(c.recorded, other.recorded); d > 0.15 {
		t.Errorf("beside something else it is %.3f", d)
	}
}
