package audio

// one is the number 1 in the fixed point of rates and gains. Whole numbers keep the promise that the same seed gives
// the same bytes on every processor, where floating point may round differently.
const one = 1 << 16

// A reading is a way through samples: the place to start at, the step from one to the next, and the gain, all in fixed
// point. Between two samples it draws a straight line, whose errors drown in the babble.
type reading struct {
	at, step, gain int
}

// fade is how many samples a reading takes to come and to go.
const fade = 64

// add mixes a reading of length samples, at least two fades, into dst from start on. What lies outside of either slice
// is silence.
func (r reading) add(dst []int32, samples []int16, start, length int) {
	slope := r.gain / fade
	r.ramp(dst, samples, start, 0, fade, 0, slope)
	r.ramp(dst, samples, start, fade, length-fade, slope*fade, 0)
	r.ramp(dst, samples, start, length-fade, length, slope*fade, -slope)
}

// ramp mixes the part of a reading from one sample to before another, while the gain changes by slope each sample.
func (r reading) ramp(dst []int32, samples []int16, start, from, to, gain, slope int) {
	first := max(from, -start, (r.step-1-r.at)/r.step)
	to = min(to, len(dst)-start, ((len(samples)-1)*one-1-r.at)/r.step+1)
	if first >= to {
		return
	}
	gain += (first - from) * slope
	at := r.at + first*r.step
	dst = dst[start+first : start+to]
	for i := range dst {
		near := (*[2]int16)(samples[at>>16:])
		a, b := int32(near[0]), int32(near[1])
		value := a + (b-a)*int32(at&(one-1)>>2)>>14
		dst[i] += value * int32(gain>>6) >> 10
		gain += slope
		at += r.step
	}
}
