package audio

import "github.com/fibercaptcha/fibercaptcha/captcha/audio/recordings"

// bands is how many parts of the spectrum are played separately.
const bands = 3

// A clip is a recording split into bands, which add up to the recording: below 850 Hz, where most vowels have their
// loudest formant; from there to 1,900 Hz; and above.
type clip [bands]packed

func (c *clip) length() int {
	return c[0].length
}

// A band is ready to be played, in 8 bits a sample. Each has a scale of its own, so that a soft one is not lost in the
// rounding.
type band struct {
	samples []byte
	scale   int // the step from one value of samples to the next, in units of a 16-bit sample
}

// silent is the sample that stands for 0.
const silent = 128

func newBand(pcm []int16) band {
	peak := 0
	for _, s := range pcm {
		peak = max(peak, int(s), -int(s))
	}
	b := band{samples: make([]byte, len(pcm)), scale: peak/127 + 1}
	for i, s := range pcm {
		b.samples[i] = byte((int(s) + silent*b.scale + b.scale/2) / b.scale)
	}
	return b
}

// meanSquare returns the power of 16-bit samples.
func meanSquare(pcm []int16) int64 {
	energy := int64(0)
	for _, s := range pcm {
		energy += int64(s) * int64(s)
	}
	return energy / int64(len(pcm))
}

// reach is how far to either side a lowpass filter looks.
const reach = 15

// The lowpass filters, in 1/4096: the middle and one side of a symmetrical sinc under a Hamming window.
var (
	below850  = [1 + reach]int32{866, 799, 610, 362, 127, -40, -115, -113, -68, -17, 17, 27, 20, 9, 1, -4}
	below1900 = [1 + reach]int32{1944, 1286, 98, -387, -86, 189, 69, -97, -49, 47, 31, -20, -17, 7, 8, -3}
)

// A splitter makes clips. It keeps its memory from one to the next.
type splitter struct {
	pcm, low, middle []int16
	blocks           []byte // of all clips
}

// newSplitter returns a splitter with memory for the blocks of the recordings.
func newSplitter(recorded []recordings.Clip) *splitter {
	size := 0
	for _, r := range recorded {
		size += bands * sizeOf(r.Samples)
	}
	return &splitter{blocks: make([]byte, 0, size)}
}

func (s *splitter) split(r recordings.Clip) clip {
	var silence [reach]int16
	s.pcm = append(s.pcm[:0], silence[:]...)
	s.pcm = append(r.Append(s.pcm), silence[:]...)
	s.low = lowpass(s.low[:0], s.pcm, &below850)
	s.middle = lowpass(s.middle[:0], s.pcm, &below1900)
	high := s.pcm[reach : len(s.pcm)-reach]
	for i := range high {
		high[i] -= s.middle[i]
		s.middle[i] -= s.low[i]
	}
	var c clip
	for b, pcm := range [bands][]int16{s.low, s.middle, high} {
		s.blocks, c[b] = pack(s.blocks, pcm)
	}
	return c
}

// lowpass filters pcm, except for the reach on both sides, and appends the result to dst.
func lowpass(dst, pcm []int16, weights *[1 + reach]int32) []int16 {
	for ; len(pcm) > 2*reach; pcm = pcm[1:] {
		around := (*[2*reach + 1]int16)(pcm)
		sum := int32(around[reach]) * weights[0]
		for k := 1; k <= reach; k++ {
			sum += (int32(around[reach-k]) + int32(around[reach+k])) * weights[k]
		}
		dst = append(dst, int16(sum>>12))
	}
	return dst
}
