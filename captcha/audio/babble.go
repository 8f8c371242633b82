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
			band := &m.clips[m.IntN(len(m.clips))][b]
			length := m.pause(150, 500)
			r := reading{step: m.between(one*80/100, one*125/100), gain: level / 2}
			length = max(2*fade, min(length, len(band.samples)*one/r.step))
			r.add(bed, band, at, length)
			at += length - fade
		}
	}
	for i, j := 0, len(bed)-1; i <= j; i, j = i+1, j-1 {
		both := bed[i] + bed[j]
		bed[i], bed[j] = both, both
	}
	// From here on the bed holds both directions.
	there := m.between(len(bed)/4, len(bed)*3/4)
	add(m.out, bed, bed[there:])
	here := len(bed) - there
	add(m.out[here:], bed[here:], bed)
}

// add mixes both a and b into dst, as far as all of them go.
func add(dst, a, b []int32) {
	length := min(len(dst), len(a), len(b))
	dst, a, b = dst[:length], a[:length], b[:length]
	for i := range dst {
		dst[i] += a[i] + b[i]
	}
}
