package picture

import (
	"image"
	"math"
	"math/rand/v2"
)

// A canvas is what drawing one picture needs, kept from picture to picture.
type canvas struct {
	width, height   int     // device pixels
	capital, margin float32 // device pixels
	light           point   // where it comes from, in device pixels, a capital height away
	source          *rand.ChaCha8
	random          *rand.Rand
	text            []*outline
	letters         []placed
	filler          filler
	box             image.Rectangle // of pixels; there is no ink outside
	ink             image.Alpha
	shade           shade
	levels          []byte // two pixels a byte, each row after its filter byte
	png             []byte // kept apart, so that what it is appended to grows once and by its true size
}

func newCanvas() *canvas {
	source := rand.NewChaCha8([32]byte{})
	return &canvas{source: source, random: rand.New(source)}
}

// leastLight keeps the edges of a relief most of a pixel wide in small pictures.
const leastLight = 16

// resize prepares a blank canvas for n letters.
func (c *canvas) resize(width, height, n int) {
	c.width, c.height = width, height
	c.filler.reset(width, height)
	c.box = image.Rectangle{}
	for len(c.letters) < n {
		c.letters = append(c.letters, placed{})
	}
	c.letters = c.letters[:n]
	sin, cos := math.Sincos(2 * math.Pi * c.random.Float64())
	length := max(c.capital, leastLight)
	c.light = point{float32(cos) * length, float32(sin) * length}
}

// fillLetter fills every layer of a letter. On a base there is half a range of ink for either direction.
func (c *canvas) fillLetter(l *placed, base uint8) {
	corners := l.corners
	for _, layer := range l.layers {
		share := layer.share
		if base > 0 {
			share /= 2
		}
		for _, contour := range l.from.contours {
			c.filler.polygon(corners[:len(contour)], share)
			corners = corners[len(contour):]
		}
	}
}

// change draws the noise and applies the filters, on the sums of coverage, which are then taken apart again.
func (c *canvas) change(style *style) {
	if len(style.noise)+len(style.filters) == 0 {
		return
	}
	c.ink = image.Alpha{Pix: resize(c.ink.Pix, c.width*c.height), Stride: c.width, Rect: image.Rect(0, 0, c.width, c.height)}
	for y := range c.height {
		sum := int32(0)
		row := c.ink.Pix[y*c.width:]
		for x, d := range c.filler.row(y)[:c.width] {
			sum += int32(d)
			row[x] = style.inks[0].at(sum)
		}
	}
	for _, draw := range style.noise {
		draw(&c.ink, c.random)
	}
	for _, apply := range style.filters {
		apply(&c.ink)
	}
	c.box = c.ink.Rect
	for y := range c.height {
		before := style.base
		row := c.filler.row(y)
		for x, v := range c.ink.Pix[y*c.width:][:c.width] {
			row[x] = (int16(v) - int16(before)) << inkBits
			before = v
		}
	}
}

// paint puts the tones of letters and ground on and packs two pixels to a byte: level 0 is the background colour and 15 the foreground, or the
// other way round. Each row comes after its filter byte, which is 0.
func (c *canvas) paint(style *style, polarity int) {
	plain := style.stripes.period == 0
	if !plain {
		c.shade.prepare(&style.stripes, style.base, polarity, c.height, c.capital, c.random)
	}
	stride := (c.width + 1) / 2
	c.levels = resize(c.levels, c.height*(stride+1))
	for y := range c.height {
		out := c.levels[y*(stride+1)+1:][:stride]
		from, to := stride, stride
		if y >= c.box.Min.Y && y < c.box.Max.Y {
			from, to = c.box.Min.X/2, (c.box.Max.X+1)/2
		}
		delta := c.filler.row(y)[2*from:]
		if plain {
			inks := style.inks[polarity]
			fill(out, inks.at(0)&0xf0|inks.at(0)>>4)
			inks.pack(out[from:to], delta)
		} else {
			at, step := c.shade.row[y], 2*c.shade.step
			c.shade.packBare(out[:from], at)
			c.shade.pack(out[from:to], delta, at+uint32(from)*step, style.inks[0])
			c.shade.packBare(out[to:], at+uint32(to)*step)
		}
	}
}

// pack adds a row's changes of coverage up, for full ink on bare ground.
func (t *inkTable) pack(out []uint8, delta []int16) {
	sum := int32(0)
	for x := range out {
		sum += int32(delta[2*x])
		left := t.at(sum)
		sum += int32(delta[2*x+1])
		right := t.at(sum)
		out[x] = left&0xf0 | right>>4
	}
}

// pack adds a row's changes of coverage up and shades it, from the phase that it begins with.
func (s *shade) pack(out []uint8, delta []int16, at uint32, inks *inkTable) {
	table, step, sum := &s.table, s.step, int32(0)
	for x := range out {
		sum += int32(delta[2*x])
		left := table[at>>24].at(inks.at(sum))
		at += step
		sum += int32(delta[2*x+1])
		right := table[at>>24].at(inks.at(sum))
		at += step
		out[x] = uint8(left>>8&0xf0 | right>>12)
	}
}

// packBare shades where there is no ink.
func (s *shade) packBare(out []uint8, at uint32) {
	step := s.step
	for x := range out {
		left := s.bare[at>>24]
		at += step
		right := s.bare[at>>24]
		at += step
		out[x] = left&0xf0 | right>>4
	}
}

// fill sets every byte, doubling what is set, which is as fast as copying.
func fill(s []uint8, v uint8) {
	s[0] = v
	for n := 1; n < len(s); n *= 2 {
		copy(s[n:], s[:n])
	}
}
