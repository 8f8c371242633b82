package picture

import (
	"math"
	"math/rand/v2"
)

// A tone says how dark letters and ground are: 0 is the background colour, 255 the foreground.
type tone struct{ ink, ground uint8 }

// Stripes of two tones cross a picture at a random slope. Without a period there is only the first tone.
type stripes struct {
	tones  [2]tone
	period float32 // from one stripe to the next of the same tone, in capital heights
	wave   float32 // how far the stripes swing to a side, in periods
}

// A shade says what level any coverage has in any phase of the stripes. It is made once for each style, so that a pixel
// costs two lookups.
type shade struct {
	levels [mixtures << sumBits]uint8 // by mixture and by sum of coverage. Both halves of the byte have the level
	phases [1 << phaseBits]uint32     // where in levels the mixture of a phase begins
	bare   [1 << phaseBits]uint8      // the level of a phase where there is no ink
}

const (
	mixtures  = 16 // of the stripes' tones, from the first alone to the second alone
	phaseBits = 8
	sumBits   = 8 // of a sum of coverage, the topmost: 16 steps from none to full, as many as there are levels
	sumShift  = 32 - sumBits
	sumHalf   = 1 << sumShift / 2 // added to sums, so that they are rounded
)

// newShade computes the levels for letters of about this size. The ground already has the base's ink. From there,
// positive coverage adds ink, as far as it can, and negative coverage takes it away.
func newShade(t *stripes, base uint8, capital float32) *shade {
	s := &shade{}
	var inks [1 << sumBits]int
	for i := range inks {
		inks[i] = min(max(int(base)+int(int8(i))<<(sumShift-inkBits), 0), full)
	}
	a, b := t.tones[0], t.tones[1]
	for m := range mixtures {
		blend := func(a, b uint8) int { return int(a) + m*(int(b)-int(a))/(mixtures-1) }
		ground, ink := blend(a.ground, b.ground), blend(a.ink, b.ink)
		for i, amount := range inks {
			tone := ground*full + (ink-ground)*amount
			level := uint8((tone*(levels-1) + full*full/2) / (full * full))
			s.levels[m<<sumBits|i] = level<<4 | level
		}
	}
	for i := range s.phases {
		s.phases[i] = t.mixture(i, capital) << sumBits
		s.bare[i] = s.levels[s.phases[i]]
	}
	return s
}

// full is the most ink, and the foreground's tone.
const full = 255

// mixture returns the mixture of a phase. The edges of stripes are softened over one device pixel.
func (t *stripes) mixture(phase int, capital float32) uint32 {
	if t.period == 0 {
		return 0
	}
	const size, stripe = 1 << phaseBits, 1 << phaseBits / 2
	in := phase % stripe
	edge := float32(min(in, stripe-in)) * t.period * capital / size // in device pixels
	other := max(0.5-edge, 0)
	if phase >= stripe {
		other = 1 - other
	}
	return uint32(other*(mixtures-1) + 0.5)
}

// opposite returns the shade with light and dark swapped, to the last bit, so that the same codes compress both.
func (s *shade) opposite() *shade {
	o := *s
	for i := range o.levels {
		o.levels[i] = ^o.levels[i]
	}
	for i := range o.bare {
		o.bare[i] = ^o.bare[i]
	}
	return &o
}

// packPlain adds up a row's changes of coverage and packs two pixels into a byte. It is for pictures without stripes.
func (s *shade) packPlain(out []uint8, delta []int32) {
	sum := uint32(sumHalf)
	delta = delta[:2*len(out)]
	for x := 1; x < len(delta); x += 2 {
		sum += uint32(delta[x-1])
		left := s.levels[sum>>sumShift]
		sum += uint32(delta[x])
		right := s.levels[sum>>sumShift]
		out[x/2] = left&0xf0 | right&0x0f
	}
}

// pack adds up a row's changes of coverage and packs two pixels into a byte. The row begins in the phase at.
func (s *shade) pack(out []uint8, delta []int32, at, step uint32) {
	sum := uint32(sumHalf)
	delta = delta[:2*len(out)]
	for x := 1; x < len(delta); x += 2 {
		sum += uint32(delta[x-1])
		left := s.levels[(s.phases[at>>(32-phaseBits)]|sum>>sumShift)%uint32(len(s.levels))]
		at += step
		sum += uint32(delta[x])
		right := s.levels[(s.phases[at>>(32-phaseBits)]|sum>>sumShift)%uint32(len(s.levels))]
		at += step
		out[x/2] = left&0xf0 | right&0x0f
	}
}

// pair computes the bytes of bare ground.
func (s *slant) pair(shade *shade) {
	for i := range s.pairs {
		next := (uint32(i)<<(32-phaseBits) + s.step) >> (32 - phaseBits)
		s.pairs[i] = shade.bare[i]&0xf0 | shade.bare[next]&0x0f
	}
}

// packBare packs the pixels where there is no ink.
func (s *slant) packBare(out []uint8, at uint32) {
	for x := range out {
		out[x] = s.pairs[at>>(32-phaseBits)]
		at += 2 * s.step
	}
}

// A slant is how the stripes lie in one picture: the phase in which each row begins, and how far the phase moves from
// pixel to pixel. Phases are 32 bits and wrap around.
type slant struct {
	rows  []uint32
	step  uint32
	pairs [1 << phaseBits]uint8 // of two pixels without ink, by the phase of the first
}

// choose picks a random direction and place.
func (s *slant) choose(t *stripes, height int, capital float32, random *rand.Rand) {
	s.rows = resize(s.rows, height)
	sin, cos := math.Sincos(2 * math.Pi * random.Float64())
	turn := float64(1<<32) / float64(t.period*capital)
	start := random.Uint32()
	bends := wave{int64((0.1 + 0.3*random.Float32()) / capital * waveTurn), int64(random.Float32() * waveTurn), int64(float64(t.wave) * (1 << 32))}
	for y := range s.rows {
		s.rows[y] = start + uint32(int64(turn*sin)*int64(y)+bends.at(int64(y)))
	}
	s.step = uint32(int64(turn * cos))
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}
