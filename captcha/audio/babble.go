package audio

// levels are those of the babble by default, in per cent of the speaker's: as much as leaves one language about as
// intelligible as another by ESTOI, and the speaker at most 1.6 dB softer than the babble.
var levels = map[string]int{
	"en": 142, "de": 132, "fr": 144, "es": 153, "pt": 154, "ru": 141, "it": 155, "nl": 137, "pl": 137,
}

// voices is how many voices speak in the background in each band. Together they are as loud as one voice of
// voicesLouder per cent.
const (
	voices       = 3
	voicesLouder = 173

	murmurShort, murmurLong = 20, 40 // ms that a grain of babble lasts
	murmurShift             = 24     // samples by which a grain is read early or late, 3 ms
)

// babble mixes in the background: voices that speak fragments of the same recordings, forwards and backwards, so that
// nothing but level and continuity tells the speaker from them. level is the level of all voices together as a share of
// the speaker's, in fixed point.
//
// Each voice is drawn independently in each band, and the voices of a band have no recording in common until all have
// been used. If a recording were heard twice, even reversed, filtered or at another level, an attacker could find it by
// comparing the sound with itself, and subtract it.
func (m *mixer) babble(level int) {
	for b := range bands {
		m.unused = m.unused[:0]
		for range voices {
			for at := -m.pause(0, 500); at < len(m.out); {
				band := m.unpack(&m.clips[m.another()][b])
				at += m.fragment(&band, at, level*100/voicesLouder) - fade
			}
		}
	}
}

// another returns the number of a clip. Each clip comes once before any comes again.
func (m *mixer) another() int {
	if len(m.unused) == 0 {
		for n := range m.clips {
			m.unused = append(m.unused, n)
		}
	}
	i, last := m.IntN(len(m.unused)), len(m.unused)-1
	n := m.unused[i]
	m.unused[i] = m.unused[last]
	m.unused = m.unused[:last]
	return n
}

// fragment mixes in a piece of a band from start on, and returns how many samples it took. It is played in grains, each
// at a slightly different rate and from a slightly different place. The grains are too short to be found with the help
// of the recording. A whole fragment could be found and subtracted by somebody who has the recordings and tries them at
// all rates.
func (m *mixer) fragment(b *band, start, gain int) int {
	step := m.between(one*80/100, one*125/100)
	most := (len(b.samples) - 2) * one / step
	length := max(2*fade, min(m.pause(150, 500), most))
	first := m.IntN(max(0, most-length)*step/one + 1)
	backwards := m.IntN(2) == 0
	for played := 0; played < length; {
		grain := max(fade, min(m.pause(murmurShort, murmurLong), length-played))
		r := reading{at: first*one + (played-fade/2)*step, step: m.vary(step, grainRate), gain: gain}
		if backwards {
			r.at = first*one + (length-played+fade/2)*step
			r.step = -r.step
		}
		r.at += m.between(-murmurShift, murmurShift) * one
		r.add(m.out, b, start+played-fade/2, grain+fade)
		played += grain
	}
	return length
}
