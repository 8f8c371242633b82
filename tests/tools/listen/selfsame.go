package main

import (
	"math"
	"math/cmplx"
)

// An echo is a map of a sound onto itself. Its image has, at place i, the sample at i+at or, if mirrored, the one at
// at-i. Both count on from the sound's other end.
type echo struct {
	mirrored bool
	at       int
	likeness float64 // correlation of the sound with its image, from -1 to 1
}

// apply returns the sound's image.
func (e echo) apply(sound []float32) []float32 {
	image := make([]float32, len(sound))
	for i := range image {
		if e.mirrored {
			image[i] = sound[(e.at-i+len(sound))%len(sound)]
		} else {
			image[i] = sound[(i+e.at)%len(sound)]
		}
	}
	return image
}

// leastShift is how far a sound must be shifted, in samples, before being like itself says more than that voices have
// a pitch: a fifth of a second.
const leastShift = rate / 5

const rate = 8000

// echoes returns the most alike of all shifts, and the most alike of all mirror images.
func echoes(sound []float32) (shift, mirror echo) {
	n := len(sound)
	size := 1
	for size < 2*n {
		size *= 2
	}
	x := make([]complex128, size)
	for i := 1; i < n; i++ { // the difference evens out the spectrum, whose low end says little about places
		x[i] = complex(float64(sound[i]-0.9*sound[i-1]), 0)
	}
	energy := 0.0
	for _, v := range x[:n] {
		energy += real(v) * real(v)
	}
	fft(x)
	shifts, mirrors := make([]complex128, size), make([]complex128, size)
	for i, v := range x {
		shifts[i] = v * cmplx.Conj(v)
		mirrors[i] = v * v
	}
	inverse(shifts)
	inverse(mirrors)
	mirror.mirrored = true
	for at := range n {
		if l := real(shifts[at]+shifts[size-n+at]) / energy; at >= leastShift && at <= n-leastShift && math.Abs(l) > math.Abs(shift.likeness) {
			shift.at, shift.likeness = at, l
		}
		if l := real(mirrors[at]+mirrors[at+n]) / energy; math.Abs(l) > math.Abs(mirror.likeness) {
			mirror.at, mirror.likeness = at, l
		}
	}
	return shift, mirror
}

func loudest(shift, mirror echo) echo {
	if math.Abs(shift.likeness) > math.Abs(mirror.likeness) {
		return shift
	}
	return mirror
}

// taps is the length, in samples to either side, of the filter that an image may have gone through.
const taps = 8

// subtract finds the filter that brings an image nearest to the sound, by least squares, and returns what is left of the
// sound without share times the filtered image.
func subtract(sound, image []float32, share float32) []float32 {
	const width = 2*taps + 1
	var a [width][width + 1]float64
	at := func(i int) float64 { return float64(image[(i+len(image))%len(image)]) }
	var auto [2*taps + 1]float64
	for lag := range auto {
		for i := range image {
			auto[lag] += at(i) * at(i+lag)
		}
	}
	for r := range width {
		for c := range width {
			a[r][c] = auto[max(r-c, c-r)]
		}
		a[r][r] += auto[0] * 1e-3
		for i := range sound {
			a[r][width] += float64(sound[i]) * at(i+r-taps)
		}
	}
	for p := range width { // Gauss; the matrix is positive definite
		for r := range width {
			if r == p {
				continue
			}
			f := a[r][p] / a[p][p]
			for c := p; c <= width; c++ {
				a[r][c] -= f * a[p][c]
			}
		}
	}
	var filter [width]float32
	for r := range width {
		filter[r] = float32(a[r][width] / a[r][r])
	}
	left := make([]float32, len(sound))
	for i := range left {
		left[i] = sound[i]
		for r, f := range filter {
			left[i] -= share * f * float32(at(i+r-taps))
		}
	}
	return left
}

// cleanings are what can be done to a sound before it is heard.
var cleanings = map[string]func([]float32) []float32{
	"none": func(sound []float32) []float32 { return sound },
	"subtract": func(sound []float32) []float32 {
		m := loudest(echoes(sound))
		return level(subtract(sound, m.apply(sound), 1))
	},
	"ratio": func(sound []float32) []float32 {
		m := loudest(echoes(sound))
		return level(keepLouder(sound, m.apply(sound), 2))
	},
}
