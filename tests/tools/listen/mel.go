package main

import "math"

// A frame is one moment of sound as an ear has it: the loudness in halves of a decibel of each of the bands, low to high.
type frame [bands]uint8

const (
	bands  = 20
	window = 256 // samples; 32 ms
	hop    = 160 // samples from one frame to the next
)

// melBands maps each bin of the spectrum to weights on bands that are equally wide to the ear, from 100 to 3,900 Hz.
var melBands = func() (weights [bands][window / 2]float32) {
	mel := func(hz float64) float64 { return 1127 * math.Log(1+hz/700) }
	low, high := mel(100), mel(3900)
	for bin := range window / 2 {
		at := (mel(float64(bin)*8000/window) - low) / (high - low) * (bands + 1)
		for band := range bands {
			weights[band][bin] = float32(max(0, 1-math.Abs(at-float64(band+1))))
		}
	}
	return weights
}()

// listen turns 8 kHz sound into frames.
func listen(sound []float32) []frame {
	var frames []frame
	for at := 0; at+window <= len(sound); at += hop {
		var spectrum [window]complex128
		for i := range window {
			spectrum[i] = complex(float64(sound[at+i])*(0.5-0.5*math.Cos(2*math.Pi*float64(i)/window)), 0)
		}
		fft(spectrum[:])
		var power [window / 2]float32
		for i := range power {
			power[i] = float32(real(spectrum[i])*real(spectrum[i]) + imag(spectrum[i])*imag(spectrum[i]))
		}
		var f frame
		for band := range f {
			energy := float32(0)
			for bin, w := range melBands[band] {
				energy += w * power[bin]
			}
			f[band] = uint8(min(20*math.Log10(float64(energy)+1), 255))
		}
		frames = append(frames, f)
	}
	return frames
}
