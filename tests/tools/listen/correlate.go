package main

import "math"

// correlate is the matched filter: the correlation of the template with the sound at each place, both without their
// means and to the same scale, which undoes level and the tilt of a filter. It is Pearson's over all bands and frames.
func correlate(sound []frame, t *template) []hit {
	hits := make([]hit, len(sound))
	for i := range hits {
		hits[i].score = never
	}
	said := centre(t.frames)
	for start := 0; start+len(said) <= len(sound); start++ {
		heard := centre(sound[start : start+len(said)])
		var both, one, other float64
		for i := range said {
			for b := range bands {
				x, y := said[i][b], heard[i][b]
				both, one, other = both+x*y, one+x*x, other+y*y
			}
		}
		score := both / math.Sqrt(one*other+1) * math.Sqrt(float64(len(said)))
		hits[start+len(said)-1] = hit{float32(score), start}
	}
	return hits
}

// centre takes each band's mean away.
func centre(frames []frame) [][bands]float64 {
	var mean [bands]float64
	for i := range frames {
		for b := range mean {
			mean[b] += float64(frames[i][b]) / float64(len(frames))
		}
	}
	out := make([][bands]float64, len(frames))
	for i := range frames {
		for b := range mean {
			out[i][b] = float64(frames[i][b]) - mean[b]
		}
	}
	return out
}
