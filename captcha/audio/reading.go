package audio

// one is the number 1 in the fixed-point numbers of rates and gains. With integers the same seed gives the same bytes
// on every processor; floating point may be rounded differently.
const one = 1 << 16

// A reading is a way through a band: the place to start at, the step from one sample to the next, which is negative on
// the way back, and the gain, all in fixed point. Between two samples it interpolates linearly; the error drowns in the
// babble.
type reading struct {
	at, step, gain int
}

// fade is how many samples a reading takes to fade in, and to fade out.
const fade = 64

// add mixes a reading of length samples, at least two fades, into dst from start on. Beyond the ends of dst and of b is
// silence.
func (r reading) add(dst []int32, b *band, start, length int) {
	slope := r.gain / fade
	r.ramp(dst, b, start, 0, fade, 0, slope)
	r.ramp(dst, b, start, fade, length-fade, slope*fade, 0)
	r.ramp(dst, b, start, length-fade, length, slope*fade, -slope)
}

// ramp mixes the part of a reading from one sample to before another, while the gain changes by slope each sample.
func (r reading) ramp(dst []int32, b *band, start, from, to, gain, slope int) {
	first := max(from, -start)
	to = min(to, len(dst)-start)
	if last := (len(b.samples) - 1) * one; r.step > 0 {
		first = max(first, (r.step-1-r.at)/r.step)
		to = min(to, (last-1-r.at)/r.step+1)
	} else {
		first = max(first, (r.at-last)/-r.step+1)
		to = min(to, r.at/-r.step+1)
	}
	if first >= to {
		return
	}
	gain += (first - from) * slope
	at, step := uint64(r.at+first*r.step), uint64(r.step)
	play(dst[start+first:start+to], b.samples, at, step, int64(gain*b.scale), int64(slope*b.scale))
}

// play is where most of the time goes. If it were inlined, too few registers would be free. Bytes are loaded in fewer
// instructions than signed samples, and once the later one is known to exist, so is the earlier.
//
//go:noinline
func play(dst []int32, samples []byte, at, step uint64, gain, slope int64) {
	for i := range dst {
		near := at >> 16
		after := int64(samples[near+1])
		before := int64(samples[near])
		value := before<<16 + (after-before)*int64(at&(one-1)) - silent<<16
		at += step
		dst[i] += int32(value * gain >> 32)
		gain += slope
	}
}
