package audio

// babble mixes in the background: the same voices speaking fragments of the same clips, forwards and backwards, so
// that nothing but level and continuity tells the speaker from it. level is a share of the speaker's, fixed point.
//
// One fragment after another is played in each band. The result is used four times over, from two places in both
// directions, which makes a crowd of a few.
func (m *mixer) babble(level int) {
	m.bed = silence(m.bed, len(m.out))
	bed := m.bed
	for b := range bands {
		for at := 0; at < len(bed); {
			samples := m.clips[m.IntN(len(m.clips))].band[b]
			length := m.pause(150, 500)
			r := reading{step: m.between(one*80/100, one*125/100), gain: level / 2}
			length = max(2*fade, min(length, len(samples)*one/r.step))
			r.add(bed, samples, at, length)
			at += length - fade
		}
	}
	n := len(bed)
	shift := m.between(n/4, n*3/4)
	for i := range m.out {
		j := i + shift
		if j >= n {
			j -= n
		}
		m.out[i] += bed[i] + bed[n-1-i] + bed[j] + bed[n-1-j]
	}
}
