package main

import "math"

// keepLouder is separation by the ratio of two copies. Where in time and frequency a sound and its image are alike, both
// are of what was mixed in twice; where the sound is the louder one, the speaker is in it, and in the image where that
// is. What remains is their difference, which holds nothing of what is the same in both, in the cells of the first kind.
func keepLouder(sound, image []float32, sharpness float64) []float32 {
	const window, hop = 512, 128
	out := make([]float32, len(sound))
	for at := -window + hop; at < len(sound); at += hop {
		a, b := cells(sound, at, window), cells(image, at, window)
		for i := range a {
			one, other := power(a[i]), power(b[i])
			a[i] = (a[i] - b[i]) * complex(math.Pow((one+1)/(one+other+2), sharpness), 0)
		}
		inverse(a)
		for i := max(0, -at); i < min(window, len(sound)-at); i++ {
			out[at+i] += float32(real(a[i]) * hann(i, window))
		}
	}
	return out
}

// cells is the spectrum of a window of sound.
func cells(sound []float32, at, window int) []complex128 {
	x := make([]complex128, window)
	for i := max(0, -at); i < min(window, len(sound)-at); i++ {
		x[i] = complex(float64(sound[at+i])*hann(i, window), 0)
	}
	fft(x)
	return x
}

func hann(i, window int) float64 {
	return 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(window))
}

func power(x complex128) float64 {
	return real(x)*real(x) + imag(x)*imag(x)
}
