package picture

import (
	"math"
	"math/rand/v2"
)

// A tone says how dark each place of a surface is: 0 is the background colour, 255 the foreground.
type tone struct {
	dark, light uint8   // of stripes at a random slope; dark all over if they have no period
	period      float32 // from stripe to stripe, in capital heights
	wave        float32 // how far the stripes swing to a side, in periods
}

// A shade is a tone made ready for one picture. The darkness at x, y is table[(row[y]+column[x])>>24]: a phase that
// wraps around looked up in one period of the pattern.
type shade struct {
	even        bool
	table       [256]uint8
	row, column []uint32
}

// prepare chooses the slope and the place of the stripes.
func (s *shade) prepare(t tone, width, height int, capital float32, random *rand.Rand) {
	s.row, s.column = resize(s.row, height), resize(s.column, width)
	s.even = t.period == 0
	if s.even {
		fill(s.table[:], t.dark)
		return
	}
	s.fillTable(t, capital)
	sin, cos := math.Sincos(2 * math.Pi * random.Float64())
	turn := float64(1<<32) / float64(t.period*capital)
	start := random.Uint32()
	bends, bendStart := (0.1+0.3*random.Float32())/capital, random.Float32()
	for y := range s.row {
		bend := t.wave * sine(bendStart+bends*float32(y))
		s.row[y] = start + uint32(int64(turn*sin*float64(y)+float64(bend)*(1<<32)))
	}
	for x := range s.column {
		s.column[x] = uint32(int64(turn * cos * float64(x)))
	}
}

// opposite makes the shade light where the other is dark.
func (s *shade) opposite(other *shade) {
	s.even = other.even
	s.row, s.column = append(s.row[:0], other.row...), append(s.column[:0], other.column...)
	for i, level := range other.table {
		s.table[i] = 255 - level
	}
}

// fillTable draws one dark and one light stripe, with edges a device pixel soft.
func (s *shade) fillTable(t tone, capital float32) {
	const half = len(s.table) / 2
	soft := float32(len(s.table)) / (t.period * capital)
	for i := range s.table {
		// How far inside the dark stripe, or negative for outside of it.
		inside := float32(min(i, half-i))
		if i >= half {
			inside = -float32(min(i-half, len(s.table)-i))
		}
		share := min(max(inside/soft+0.5, 0), 1)
		s.table[i] = uint8(float32(t.light) + share*float32(int(t.dark)-int(t.light)))
	}
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}
