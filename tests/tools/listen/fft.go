package main

import (
	"math"
	"math/bits"
	"math/cmplx"
)

// fft is the plain radix-2 transform in place. The length is a power of two.
func fft(x []complex128) {
	shift := 64 - bits.TrailingZeros(uint(len(x)))
	for i := range x {
		if j := int(bits.Reverse64(uint64(i)) >> shift); i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	for size := 2; size <= len(x); size *= 2 {
		half := size / 2
		turn := cmplx.Rect(1, -2*math.Pi/float64(size))
		w := complex(1, 0)
		for k := range half {
			if k%64 == 0 { // often enough that rounding does not add up
				w = cmplx.Rect(1, -2*math.Pi*float64(k)/float64(size))
			}
			for i := k; i < len(x); i += size {
				a, b := x[i], x[i+half]*w
				x[i], x[i+half] = a+b, a-b
			}
			w *= turn
		}
	}
}

// inverse undoes fft.
func inverse(x []complex128) {
	for i := range x {
		x[i] = cmplx.Conj(x[i])
	}
	fft(x)
	scale := complex(1/float64(len(x)), 0)
	for i := range x {
		x[i] = cmplx.Conj(x[i]) * scale
	}
}
