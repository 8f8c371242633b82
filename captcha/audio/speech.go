package audio

import "github.com/fibercaptcha/fibercaptcha/captcha/audio/recordings"

// A speech is all there is to say in one language, decoded.
type speech struct {
	voices []voice
	clips  []clip // of all voices
}

type voice struct {
	letters map[rune]letter
	links   []clip
}

// A letter is what is said for a sign. A digit has no word.
type letter struct {
	name, word clip
}

func newSpeech(recorded []recordings.Clip) *speech {
	s := new(speech)
	for _, r := range recorded {
		for len(s.voices) <= r.Voice {
			s.voices = append(s.voices, voice{letters: make(map[rune]letter)})
		}
		c := newClip(r.Append(make([]int16, 0, r.Samples)))
		s.clips = append(s.clips, c)
		v := &s.voices[r.Voice]
		l := v.letters[r.Sign]
		switch r.Kind {
		case recordings.Link:
			v.links = append(v.links, c)
			continue
		case recordings.Name:
			l.name = c
		case recordings.Word:
			l.word = c
		}
		v.letters[r.Sign] = l
	}
	return s
}

// bands is how many parts of the spectrum are played apart from each other.
const bands = 3

// A clip is a recording split into bands, which add up to it: below 850 Hz, where the loudest formant of most vowels
// is, from there to 1,900 Hz, and above.
type clip struct {
	band  [bands][]int16
	power [bands]int64 // mean square
}

// The lowpass filters, in 1/4096: the middle and one side of a symmetrical sinc under a Hamming window.
var (
	below850  = [...]int32{866, 799, 610, 362, 127, -40, -115, -113, -68, -17, 17, 27, 20, 9, 1, -4}
	below1900 = [...]int32{1944, 1286, 98, -387, -86, 189, 69, -97, -49, 47, 31, -20, -17, 7, 8, -3}
)

func newClip(pcm []int16) clip {
	low, middle := lowpass(pcm, below850[:]), lowpass(pcm, below1900[:])
	high := make([]int16, len(pcm))
	for i := range pcm {
		high[i] = pcm[i] - middle[i]
		middle[i] -= low[i]
	}
	c := clip{band: [bands][]int16{low, middle, high}}
	for b, samples := range c.band {
		for _, s := range samples {
			c.power[b] += int64(s) * int64(s)
		}
		c.power[b] /= int64(len(pcm))
	}
	return c
}

func lowpass(pcm []int16, weights []int32) []int16 {
	out := make([]int16, len(pcm))
	for i := range out {
		sum := int32(pcm[i]) * weights[0]
		for k, w := range weights[1:] {
			if before := i - k - 1; before >= 0 {
				sum += int32(pcm[before]) * w
			}
			if after := i + k + 1; after < len(pcm) {
				sum += int32(pcm[after]) * w
			}
		}
		out[i] = int16(sum >> 12)
	}
	return out
}

func (c clip) length() int {
	return len(c.band[0])
}
