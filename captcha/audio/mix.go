package audio

import "math/rand/v2"

// A mixer makes one challenge after another. Everything it chooses comes from its generator, in an order that depends
// on nothing else, so that a seed stands for one sound. Samples are 16 bits wide, in integers with room above.
type mixer struct {
	*speech
	*rand.Rand
	room  int     // for how many letters a sound is long enough, if that is more than it has
	out   []int32 // whose memory is kept from challenge to challenge
	alone []int32 // likewise, of the line that is being said
	lines []line  // likewise

	samples []byte // of the band that is being played

	unused []int // clips that a band's babble has not used yet
}

// mix leaves the challenge in m.out.
func (m *mixer) mix(signs []rune, babble int) {
	lines, length := m.script(signs)
	m.out = silence(m.out, length)
	for _, l := range lines {
		m.say(l)
	}
	if babble > 0 {
		m.babble(babble)
	}
}

// silence returns length zeros, in the memory of old if that is enough.
func silence(old []int32, length int) []int32 {
	if cap(old) < length {
		return make([]int32, length)
	}
	clear(old[:length])
	return old[:length]
}

// unpack makes a band ready to be played. The band before it can then no longer be played.
func (m *mixer) unpack(p *packed) band {
	b := p.unpack(m.samples)
	m.samples = b.samples
	return b
}

// between returns a number from low to high, both included.
func (m *mixer) between(low, high int) int {
	return low + m.IntN(high-low+1)
}

// vary returns value, or up to percent more or less.
func (m *mixer) vary(value, percent int) int {
	return value + value/100*m.between(-percent*16, percent*16)/16
}

// pause returns a number of samples that last from low to high milliseconds.
func (m *mixer) pause(low, high int) int {
	return m.between(low*rate/1000, high*rate/1000)
}
