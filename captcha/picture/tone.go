package picture

import (
	"math"
	"math/rand/v2"
)

// A tone says how dark letters and ground are: 0 is the background colour, 255 the foreground.
type tone struct{ ink, ground uint8 }

// Stripes of two tones cross a picture at a random slope. Without a period the first tone is all over.
type stripes struct {
	tones  [2]tone
	period float32 // from a stripe to the next of the same tone, in capital heights
	wave   float32 // how far the stripes swing to a side, in periods
}

// A shade is stripes made ready for one picture. What x, y is like stands in table[(row[y]+x*step)>>24]: a phase that wraps around looked
// up in one period of the pattern.
type shade struct {
	table [256]mixture
	bare  [256]uint8 // the same where no letters are
	row   []uint32
	step  uint32
}

// A mixture of ground and ink for any coverage: the ground's tone in 256ths in the lower half, and above it what the ink adds.
type mixture int32

func newMixture(ground, ink float32) mixture {
	const rounding = 128
	return mixture(int32(ink)-int32(ground))<<16 | mixture(int32(ground))<<8 | rounding
}

// opposite is light where the mixture is dark, to the last bit: the same codes compress both.
func (m mixture) opposite() mixture {
	return -(m &^ 0xffff) | ^m&0xffff
}

// at is the tone at a coverage, in 256ths.
func (m mixture) at(cover uint8) uint32 {
	return uint32(int32(m&0xffff) + int32(m>>16)*int32(cover))
}

// prepare chooses the slope and the place of the stripes.
func (s *shade) prepare(t *stripes, base uint8, polarity int, height int, capital float32, random *rand.Rand) {
	s.fillTable(t, base, polarity, capital)
	s.row = resize(s.row, height)
	sin, cos := math.Sincos(2 * math.Pi * random.Float64())
	turn := float64(1<<32) / float64(t.period*capital)
	start := random.Uint32()
	bends := wave{int64((0.1 + 0.3*random.Float32()) / capital * waveTurn), int64(random.Float32() * waveTurn), int64(float64(t.wave) * (1 << 32))}
	for y := range s.row {
		s.row[y] = start + uint32(int64(turn*sin)*int64(y)+bends.at(int64(y)))
	}
	s.step = uint32(int64(turn * cos))
}

// fillTable draws a stripe of each tone, with edges a device pixel soft. The edges mirror each other, and the second stripe mirrors the first.
func (s *shade) fillTable(t *stripes, base uint8, polarity int, capital float32) {
	const size = len(s.table)
	soft := float32(size) / (t.period * capital)
	a, b := t.tones[0], t.tones[1]
	for i := range size/4 + 1 {
		// The share of the one tone in a place of the other one's stripe.
		other := max(0.5-float32(i)/soft, 0)
		blend := func(a, b uint8) float32 { return float32(a) + other*float32(int(b)-int(a)) }
		first, second := newMixture(blend(a.ground, b.ground), blend(a.ink, b.ink)), newMixture(blend(b.ground, a.ground), blend(b.ink, a.ink))
		if polarity == 1 {
			first, second = first.opposite(), second.opposite()
		}
		s.set(first, base, i, size/2-i)
		s.set(second, base, size/2+i, (size-i)%size)
	}
}

func (s *shade) set(m mixture, base uint8, i, j int) {
	s.table[i], s.table[j] = m, m
	level := uint8(m.at(base) >> 8)
	s.bare[i], s.bare[j] = level, level
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}
