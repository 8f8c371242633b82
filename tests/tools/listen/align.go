package main

// A distance is how badly a template's frame explains what was heard, by the difference in each band. Added sound can
// only make a band louder. So a band louder than the template's may be babble and counts little; a softer one speaks
// against the template. All figures are in dB.
type distance struct {
	threshold  float64 // a frame whose distance is below it speaks for the template; wrong ones are mostly above
	skip       float64 // what it costs to leave out a frame of either side
	offset     float64 // by which the sound is louder than the template anyway
	louder     float64 // what each dB counts that a band is louder
	louderMost float64 // and the most that a band counts for it
	softerMost float64 // the most that a band counts for being softer, each dB of which counts fully
}

// distances are those among which an attack chooses. The first does best on most challenges.
var distances = []distance{
	{threshold: 6, skip: 1, offset: 3, louder: 0.3, louderMost: 4, softerMost: 20},
	{threshold: 5, skip: 1, offset: 1, louder: 0.5, louderMost: 4, softerMost: 20},
	{threshold: 5, skip: 1, offset: 1, louder: 0.3, louderMost: 4, softerMost: 20},
	{threshold: 4, skip: 1, offset: 1, louder: 0.3, louderMost: 4, softerMost: 20},
	{threshold: 5, skip: 1, offset: 1, louder: 0.3, louderMost: 4, softerMost: 10},
	{threshold: 4, skip: 1, offset: 1, louder: 0.2, louderMost: 3, softerMost: 8},
	{threshold: 6, skip: 1, offset: -1, louder: 0.3, louderMost: 3, softerMost: 20},
}

// An aligner finds templates by a distance.
type aligner struct {
	threshold, skip float32
	cost            [512]float32 // of a band, by its difference in halves of a dB, from the middle on
}

func newAligner(d distance) *aligner {
	a := &aligner{threshold: float32(d.threshold), skip: float32(d.skip)}
	for i := range a.cost {
		difference := float64(i-len(a.cost)/2)/2 - d.offset
		if difference > 0 {
			a.cost[i] = float32(min(difference*d.louder, d.louderMost) / bands)
		} else {
			a.cost[i] = float32(min(-difference, d.softerMost) / bands)
		}
	}
	return a
}

// find finds a template anywhere in the sound by dynamic programming that lets time run at half to twice the pace.
// For each end it gives the best score, which is the sum over the template's frames of threshold less their distance.
func (a *aligner) find(sound []frame, t *template) []hit {
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
			if i >= 1 && j >= 2 && one[j-2].score-a.skip > best.score {
				best = hit{one[j-2].score - a.skip, one[j-2].start}
			}
			if i >= 2 && j >= 1 && two[j-1].score-a.skip > best.score {
				best = hit{two[j-1].score - a.skip, two[j-1].start}
			}
			best.score += a.threshold - a.distance(&sound[j], &t.frames[i])
			now[j] = best
		}
		two, one, now = one, now, two
	}
	return one
}

func (a *aligner) distance(heard, said *frame) (sum float32) {
	for b := range heard {
		sum += a.cost[uint(int(heard[b])-int(said[b])+len(a.cost)/2)%uint(len(a.cost))]
	}
	return sum
}
