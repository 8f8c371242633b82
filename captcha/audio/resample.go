package audio

// one is the number 1 in the fixed point of rates and gains. Whole numbers keep the promise that the same seed gives
// the same bytes on every processor, where floating point may round differently.
const one = 1 << 16

// phases is how many positions between two samples are told apart, and kernel the weight of the four samples around
// each, in 1/4096: the cubic of Catmull and Rom, which keeps consonants that a straight line would dull.
const phases = 64

var kernel = catmullRom()

func catmullRom() (k [phases][4]int32) {
	const p = phases
	for t := range int32(phases) {
		// The textbook's polynomials times 2p³, then brought from 2p³ to 4096.
		weights := [4]int32{
			-t*t*t + 2*p*t*t - p*p*t,
			3*t*t*t - 5*p*t*t + 2*p*p*p,
			-3*t*t*t + 4*p*t*t + p*p*t,
			t*t*t - p*t*t,
		}
		for i, w := range weights {
			k[t][i] = w / (2 * p * p * p / 4096)
		}
	}
	return k
}

// A reading is a way through a clip: at and step in samples of the clip, fixed point; a negative step reads backwards.
type reading struct {
	at, step int
	drift    int // what each step adds to step, in 1/256: the pitch glides
	gain     int // fixed point
}

// fade is how many samples a reading takes to come and go.
const fade = 64

// add mixes length samples of the clip into dst, or as many as both hold.
func (r reading) add(dst []int32, clip []int16, length int) {
	at, step := r.at, r.step<<8
	length = min(length, len(dst))
	for i := range length {
		sample := at >> 16
		if sample < 1 || sample+2 >= len(clip) {
			return
		}
		near := (*[4]int16)(clip[sample-1:])
		w := &kernel[at>>10&(phases-1)]
		value := (int32(near[0])*w[0] + int32(near[1])*w[1] + int32(near[2])*w[2] + int32(near[3])*w[3]) >> 12
		edge := min(i, length-1-i, fade)
		dst[i] += int32(int(value) * r.gain * edge >> 22)
		at += step >> 8
		step += r.drift
	}
}
