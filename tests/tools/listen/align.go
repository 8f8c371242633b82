package main

// align finds a template anywhere in the sound by dynamic programming that lets time run at half to twice the pace.
// For each end it gives the best score, which is the sum over the template's frames of threshold less their distance.
func align(sound []frame, t *template) []hit {
	const (
		threshold = 5 // dB; on average, the frames of wrong templates are farther
		skip      = 1 // what it costs to leave out a frame of either side
	)
	two, one, now := make([]hit, len(sound)), make([]hit, len(sound)), make([]hit, len(sound))
	for i := range t.frames {
		for j := range sound {
			best := hit{never, 0}
			if i == 0 {
				best = hit{0, j}
			}
			if i >= 1 && j >= 1 {
				best = one[j-1]
			}
			if i >= 1 && j >= 2 && one[j-2].score-skip > best.score {
				best = hit{one[j-2].score - skip, one[j-2].start}
			}
			if i >= 2 && j >= 1 && two[j-1].score-skip > best.score {
				best = hit{two[j-1].score - skip, two[j-1].start}
			}
			best.score += threshold - distance(&sound[j], &t.frames[i])
			now[j] = best
		}
		two, one, now = one, now, two
	}
	return one
}

// distance is how badly a template's frame explains what was heard, in dB. Sound that was added can only make a band
// louder: one louder than the template's may be babble and counts little, one softer speaks against the template. The
// figures are those that did best on challenges other than the ones that are reported.
func distance(heard, said *frame) float32 {
	const offset, louder, louderMost, softerMost = 1, 0.5, 4, 20
	sum := float32(0)
	for b := range heard {
		if d := heard[b] - said[b] - offset; d > 0 {
			sum += min(d*louder, louderMost)
		} else {
			sum += min(-d, softerMost)
		}
	}
	return sum / bands
}
