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

// A shade is a tone made ready for one picture. The darkness at x, y is table[(row[y]+x*step)>>24]: a phase that
// wraps around looked up in one period of the pattern.
type shade struct {
	table [256]uint8
	row   []uint32
	step  uint32
}

// prepare chooses the slope and the place of the stripes.
func (s *shade) prepare(t tone, height int, capital float32, random *rand.Rand) {
	s.row, s.step = resize(s.row, height), 0
	if t.period == 0 {
		fill(s.table[:], t.dark)
		return
	}
	s.fillTable(t, capital)
	sin, cos := math.Sincos(2 * math.Pi * random.Float64())
	turn := float64(1<<32) / float64(t.period*capital)
	start := random.Uint32()
	bends := wave{int((0.1 + 0.3*random.Float32()) / capital * waveTurn), int(random.Float32() * waveTurn), int(float64(t.wave) * (1 << 32))}
	for y := range s.row {
		s.row[y] = start + uint32(int64(turn*sin)*int64(y)+int64(bends.at(y)))
	}
	s.step = uint32(int64(turn * cos))
}

// opposite makes the shade light where the other is dark.
func (s *shade) opposite(other *shade) {
	s.step = other.step
	s.row = append(s.row[:0], other.row...)
	for i, level := range other.table {
		s.table[i] = 255 - level
	}
}

// fillTable draws one dark and one light stripe, with edges a device pixel soft.
func (s *shade) fillTable(t tone, capital float32) {
	const half, quarter = len(s.table) / 2, len(s.table) / 4
	soft := float32(len(s.table)) / (t.period * capital)
	middle, contrast := (float32(t.light)+float32(t.dark))/2, float32(int(t.dark)-int(t.light))
	for i := range quarter + 1 {
		// A stripe's edges mirror each other, and the light stripe mirrors the dark one.
		off := min(float32(i)/soft, 0.5) * contrast
		dark, light := uint8(middle+off), uint8(middle-off)
		s.table[i], s.table[half-i] = dark, dark
		s.table[half+i], s.table[(2*half-i)%(2*half)] = light, light
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
