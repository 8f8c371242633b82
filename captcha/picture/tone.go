package picture

import (
	"math"
	"math/rand/v2"
)

// A tone says how dark each place of a surface is: 0 is the background colour, 255 the foreground.
type tone struct {
	kind        toneKind
	light, dark uint8
	period      float32 // of stripes, in capital heights
}

type toneKind int

const (
	even     toneKind = iota
	stripes           // alternately light and dark, at a random slope
	opposite          // what the other surface is not
)

func plain(level uint8) tone { return tone{kind: even, light: level, dark: level} }

// A shade is a tone made ready for one picture. The darkness at x, y is table[(row[y]+column[x])>>24]: a phase that
// wraps around looked up in one period of the pattern.
type shade struct {
	table       [256]uint8
	row, column []uint32
}

func (s *shade) prepare(t tone, width, height int, capital float32, random *rand.Rand) {
	s.row, s.column = resize(s.row, height), resize(s.column, width)
	if t.kind != stripes {
		for i := range s.table {
			s.table[i] = t.dark
		}
		return
	}
	s.fillTable(t, capital)
	sin64, cos64 := math.Sincos(2 * math.Pi * random.Float64())
	sin, cos := float32(sin64), float32(cos64)
	turn := float32(1<<32) / (t.period * capital)
	start := random.Uint32()
	for y := range s.row {
		s.row[y] = start + uint32(int64(turn*sin*float32(y)))
	}
	for x := range s.column {
		s.column[x] = uint32(int64(turn * cos * float32(x)))
	}
}

// fillTable draws one light and one dark stripe, with edges a device pixel soft.
func (s *shade) fillTable(t tone, capital float32) {
	soft := 256 / (t.period * capital)
	for i := range s.table {
		// How far inside the dark first half, or negative for outside of it.
		d := float32(min(i, 128-i))
		if i >= 128 {
			d = -float32(min(i-128, 256-i))
		}
		share := min(max(d/soft+0.5, 0), 1)
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
