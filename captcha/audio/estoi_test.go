package audio

import (
	"math"
	"math/bits"
	"math/cmplx"
	"slices"
	"testing"
)

// estoi is the extended short-time objective intelligibility of speech: about 1 if it is as clean as the reference,
// about 0 if nothing of it can be made out. Both are samples at 8 kHz, one beside the other in time.
//
// It is as Jensen and Taal define it: "An Algorithm for Predicting the Intelligibility of Speech Masked by Modulated Noise
// Maskers", IEEE/ACM Transactions on Audio, Speech and Language Processing 24 (2016). At 10 kHz; frames of 256
// samples, half overlapping; 15 bands of a third of an octave from 150 Hz; frames dropped where the reference is more
// than 40 dB below its loudest; segments of 30 frames, whose rows and then columns are brought to mean 0 and length 1.
func estoi(reference, heard []float64) float64 {
	const silent = 40
	x, y := resample(reference), resample(heard)
	var energies []float64
	for at := 0; at+window <= len(x); at += window / 2 {
		energies = append(energies, energy(x[at:at+window]))
	}
	audible := slices.Max(energies) * math.Pow(10, -silent/10.)
	var a, b []bandLevels
	for i, e := range energies {
		if e > audible {
			at := i * window / 2
			p, q := levelsOf(x[at:at+window], y[at:at+window])
			a, b = append(a, p), append(b, q)
		}
	}
	sum, count := 0.0, 0
	var p, q [segment]bandLevels
	for at := 0; at+segment <= len(a); at++ {
		copy(p[:], a[at:])
		copy(q[:], b[at:])
		normalise(&p)
		normalise(&q)
		for i := range p {
			for band := range p[i] {
				sum += p[i][band] * q[i][band]
			}
		}
		count++
	}
	return sum / segment / float64(count)
}

const (
	window  = 256 // samples of a frame
	size    = 512 // values of its spectrum
	thirds  = 15  // bands
	segment = 30  // frames
)

// bandLevels are the square roots of the powers that a frame has in each band.
type bandLevels [thirds]float64

// hann weighs the samples of a frame.
var hann = func() (weights [window]float64) {
	for i := range weights {
		weights[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i+1)/(window+1))
	}
	return weights
}()

// edges are where each band begins and ends in a spectrum.
var edges = func() (edges [thirds][2]int) {
	const rate = 10_000
	for band := range edges {
		middle := 150 * math.Pow(2, float64(band)/3)
		for i, side := range []float64{-1, 1} {
			edges[band][i] = int(math.Round(middle * math.Pow(2, side/6) * size / rate))
		}
	}
	return edges
}()

func energy(frame []float64) (sum float64) {
	for i, w := range &hann {
		s := frame[i] * w
		sum += s * s
	}
	return sum
}

// levelsOf returns the levels of a frame of one sound and of one of another, which go through one transform as its real
// and its imaginary part.
func levelsOf(x, y []float64) (p, q bandLevels) {
	var spectrum [size]complex128
	for i, w := range &hann {
		spectrum[reversed[i]] = complex(x[i]*w, y[i]*w)
	}
	fft(&spectrum)
	for band, edge := range &edges {
		for k := edge[0]; k < edge[1]; k++ {
			v, mirrored := spectrum[k], cmplx.Conj(spectrum[size-k])
			a, b := v+mirrored, v-mirrored // twice what each has alone
			p[band] += real(a)*real(a) + imag(a)*imag(a)
			q[band] += real(b)*real(b) + imag(b)*imag(b)
		}
		p[band], q[band] = math.Sqrt(p[band])/2, math.Sqrt(q[band])/2
	}
	return p, q
}

// normalise brings each band to mean 0 and length 1 over time, and then each moment over the bands.
func normalise(frames *[segment]bandLevels) {
	var means, scales bandLevels
	for i := range frames {
		for band, v := range &frames[i] {
			means[band] += v / segment
		}
	}
	for i := range frames {
		for band := range frames[i] {
			frames[i][band] -= means[band]
			scales[band] += frames[i][band] * frames[i][band]
		}
	}
	for band := range scales {
		scales[band] = unit(scales[band])
	}
	for i := range frames {
		mean, square := 0.0, 0.0
		for band := range frames[i] {
			frames[i][band] *= scales[band]
			mean += frames[i][band] / thirds
		}
		for band := range frames[i] {
			frames[i][band] -= mean
			square += frames[i][band] * frames[i][band]
		}
		scale := unit(square)
		for band := range frames[i] {
			frames[i][band] *= scale
		}
	}
}

// unit is what brings values, whose squares have that sum, to length 1.
func unit(squares float64) float64 {
	return 1 / (math.Sqrt(squares) + 1e-12)
}

// sincReach is how many samples to either side resample looks at.
const sincReach = 24

// sinc is the sinc under a Hann window that resample weighs samples by. Five of its outputs fall on four inputs, so that
// there are five sets of weights.
var sinc = func() (weights [5][2 * sincReach]float64) {
	for phase := range weights {
		for k := range weights[phase] {
			d := float64(phase*4%5)/5 - float64(k-sincReach+1)
			weights[phase][k] = 0.5 + 0.5*math.Cos(math.Pi*d/(sincReach+1))
			if d != 0 {
				weights[phase][k] *= math.Sin(math.Pi*d) / (math.Pi * d)
			}
		}
	}
	return weights
}()

// resample brings 8 to 10 kHz.
func resample(sound []float64) []float64 {
	padded := make([]float64, sincReach-1+len(sound)+sincReach)
	copy(padded[sincReach-1:], sound)
	out := make([]float64, len(sound)*5/4)
	for i := range out {
		around, weights := (*[2 * sincReach]float64)(padded[i*4/5:]), &sinc[i%5]
		var sums [4]float64 // which a processor adds up side by side
		for k := 0; k < len(around); k += 4 {
			sums[0] += around[k] * weights[k]
			sums[1] += around[k+1] * weights[k+1]
			sums[2] += around[k+2] * weights[k+2]
			sums[3] += around[k+3] * weights[k+3]
		}
		out[i] = sums[0] + sums[1] + sums[2] + sums[3]
	}
	return out
}

// fft is the radix-2 transform in place, of values in the order of reversed.
func fft(x *[size]complex128) {
	for half := 1; half < size; half *= 2 {
		w := turns[half:][:half]
		for at := 0; at < size; at += 2 * half {
			low, high := x[at:][:half], x[at+half:][:half]
			for k, turn := range w {
				a, b := low[k], high[k]*turn
				low[k], high[k] = a+b, a-b
			}
		}
	}
}

// reversed is where fft wants each value.
var reversed = func() (places [size]int) {
	for i := range places {
		places[i] = int(bits.Reverse16(uint16(i)) >> (16 - bits.TrailingZeros(size)))
	}
	return places
}()

// turns are the roots of unity by which fft multiplies, for each length of a half one after the other.
var turns = func() (w [size]complex128) {
	for half := 1; half < size; half *= 2 {
		for k := range half {
			w[half+k] = cmplx.Rect(1, -math.Pi*float64(k)/float64(half))
		}
	}
	return w
}()

// The levels of two frames are those that the definition of the transform gives each.
func TestLevelsByDefinition(t *testing.T) {
	c := takeApart(Shared, "B7KX", "en", [32]byte{})
	x, y := resample(c.recorded)[15000:], resample(c.heard)[15000:]
	p, q := levelsOf(x[:window], y[:window])
	for _, sound := range []struct {
		frame  []float64
		levels bandLevels
	}{{x, p}, {y, q}} {
		for band, edge := range edges {
			power := 0.0
			for k := edge[0]; k < edge[1]; k++ {
				var v complex128
				for i, w := range hann {
					v += cmplx.Rect(sound.frame[i]*w, -2*math.Pi*float64(k*i%size)/size)
				}
				power += real(v)*real(v) + imag(v)*imag(v)
			}
			if want, got := math.Sqrt(power), sound.levels[band]; want == 0 || math.Abs(got-want) > 1e-9*want {
				t.Errorf("band %d has level %g, want %g", band, got, want)
			}
		}
	}
}
