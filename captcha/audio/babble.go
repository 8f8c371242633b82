package audio

// voices is how many speak in the background in each band, and together one of them that much louder, in per cent.
const (
	voices       = 3
	voicesLouder = 173
)

// babble mixes in the background: voices that speak fragments of the same recordings, forwards and backwards, so that
// nothing but level and continuity tells the speaker from them. level is that of all of them together as a share of
// the speaker's, fixed point.
//
// Each voice is drawn by itself in each band, and each of its fragments is heard once. A fragment that came twice, even
// turned round, filtered or at another level, could be found by laying the sound upon itself and subtracted.
func (m *mixer) babble(level int) {
	for b := range bands {
		for range voices {
			for at := -m.pause(0, 500); at < len(m.out); {
				band := &m.clips[m.IntN(len(m.clips))][b]
				at += m.fragment(band, at, level*100/voicesLouder) - fade
			}
		}
	}
}

// fragment mixes in a piece of a band from start on, and returns how many samples it took.
func (m *mixer) fragment(b *band, start, gain int) int {
	step := m.between(one*80/100, one*125/100)
	most := (len(b.samples) - 2) * one / step
	length := max(2*fade, min(m.pause(150, 500), most))
	first := m.IntN(max(0, most-length)*step/one + 1)
	r := reading{at: first * one, step: step, gain: gain}
	if m.IntN(2) == 0 {
		r.at += length * step
		r.step = -step
	}
	r.add(m.out, b, start, length)
	return length
}
