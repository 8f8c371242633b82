package audio

import (
	"math"
	"math/bits"
	"math/cmplx"
)

// estoi is the extended short-time objective intelligibility of speech: about 1 if it is as clean as the reference,
// about 0 if nothing of it can be made out. Both are samples at 8 kHz, one beside the other in time.
//
// It is as Jensen and Taal define it: "An Algorithm for Predicting the Intelligibility of Speech Masked by Modulated Noise
// Maskers", IEEE/ACM Transactions on Audio, Speech and Language Processing 24 (2016). At 10 kHz; frames of 256
// samples, half overlapping; 15 bands of a third of an octave from 150 Hz; frames dropped where the reference is more
// than 40 dB below its loudest; segments of 30 frames, whose rows and then columns are brought to mean 0 and length 1.
func estoi(reference, heard []float64) float64 {
	const segment, silent = 30, 40
	x, y := bandsOf(resample(reference)), bandsOf(resample(heard))
	loudest := 0.0
	for _, f := range x {
		loudest = max(loudest, f.energy)
	}
	var a, b [][thirds]float64
	for i, f := range x {
		if f.energy > loudest*math.Pow(10, -silent/10.) {
			a, b = append(a, f.bands), append(b, y[i].bands)
		}
	}
	sum, count := 0.0, 0
	for at := 0; at+segment <= len(a); at++ {
		p, q := normalise(a[at:at+segment]), normalise(b[at:at+segment])
		for i := range p {
			for band := range p[i] {
				sum += p[i][band] * q[i][band] / segment
			}
		}
		count++
	}
	return sum / float64(count)
}

const thirds = 15

type estoiFrame struct {
	energy float64
	bands  [thirds]float64 // the square root of each band's power
}

func bandsOf(sound []float64) (frames []estoiFrame) {
	const rate, window, size = 10_000, 256, 512
	var low, high [thirds]int
	for band := range thirds {
		middle := 150 * math.Pow(2, float64(band)/3)
		low[band] = int(math.Round(middle * math.Pow(2, -1/6.) * size / rate))
		high[band] = int(math.Round(middle * math.Pow(2, 1/6.) * size / rate))
	}
	for at := 0; at+window <= len(sound); at += window / 2 {
		var f estoiFrame
		spectrum := make([]complex128, size)
		for i := range window {
			s := sound[at+i] * (0.5 - 0.5*math.Cos(2*math.Pi*float64(i+1)/(window+1)))
			f.energy += s * s
			spectrum[i] = complex(s, 0)
		}
		fft(spectrum)
		for band := range thirds {
			for _, v := range spectrum[low[band]:high[band]] {
				f.bands[band] += real(v)*real(v) + imag(v)*imag(v)
			}
			f.bands[band] = math.Sqrt(f.bands[band])
		}
		frames = append(frames, f)
	}
	return frames
}

// normalise brings each band to mean 0 and length 1 over time, and then each moment over the bands.
func normalise(frames [][thirds]float64) [][thirds]float64 {
	out := make([][thirds]float64, len(frames))
	for band := range thirds {
		row := make([]float64, len(frames))
		for i := range frames {
			row[i] = frames[i][band]
		}
		unit(row)
		for i := range row {
			out[i][band] = row[i]
		}
	}
	for i := range out {
		unit(out[i][:])
	}
	return out
}

func unit(v []float64) {
	mean, square := 0.0, 0.0
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for i := range v {
		v[i] -= mean
		square += v[i] * v[i]
	}
	for i := range v {
		v[i] /= math.Sqrt(square) + 1e-12
	}
}

// resample brings 8 to 10 kHz by a sinc under a Hann window. Five outputs fall on four inputs, so that there are five
// sets of weights.
func resample(sound []float64) []float64 {
	const reach = 24
	var weights [5][2 * reach]float64
	for phase := range weights {
		for k := range weights[phase] {
			d := float64(phase*4%5)/5 - float64(k-reach+1)
			weights[phase][k] = 0.5 + 0.5*math.Cos(math.Pi*d/(reach+1))
			if d != 0 {
				weights[phase][k] *= math.Sin(math.Pi*d) / (math.Pi * d)
			}
		}
	}
	out := make([]float64, len(sound)*5/4)
	for i := range out {
		first := i*4/5 - reach + 1
		for k, w := range weights[i%5] {
			if j := first + k; j >= 0 && j < len(sound) {
				out[i] += sound[j] * w
			}
		}
	}
	return out
}

// fft is the radix-2 transform in place, of 512 values.
func fft(x []complex128) {
	shift := 64 - bits.TrailingZeros(uint(len(x)))
	for i := range x {
		if j := int(bits.Reverse64(uint64(i)) >> shift); i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	for size := 2; size <= len(x); size *= 2 {
		for k := range size / 2 {
			w := turns[k*512/size]
			for i := k; i < len(x); i += size {
				a, b := x[i], x[i+size/2]*w
				x[i], x[i+size/2] = a+b, a-b
			}
		}
	}
}

var turns = func() (w [256]complex128) {
	for k := range w {
		w[k] = cmplx.Rect(1, -2*math.Pi*float64(k)/512)
	}
	return w
}()
