package picture

import (
	"image"
	"math"
	"math/rand/v2"
)

// A canvas is the memory that drawing one picture needs. It is kept from picture to picture.
type canvas struct {
	width, height   int     // device pixels
	capital, margin float32 // device pixels
	light           point   // where it comes from, in device pixels, a capital height away
	source          *rand.ChaCha8
	random          *rand.Rand
	text            []*outline
	letters         []placed
	filler          filler
	box             image.Rectangle // outside of these pixels there is no ink
	ink             image.Alpha
	slant           slant
	levels          []byte // two pixels a byte, each row after its filter byte
	png             []byte // a buffer of its own, so that dst grows once, and by the PNG's true size
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

// fillLetter fills every layer of a letter. On a base, letters can use half of the range of ink in either direction.
func (c *canvas) fillLetter(l *placed, base uint8) {
	corners := l.corners
	for i, layer := range l.layers {
		share := layer.share
		if base > 0 {
			share /= 2
		}
		if i > 0 && !l.again(i) {
			corners = corners[len(l.from.vertices):]
		}
		from := 0
		for _, end := range l.from.ends {
			c.filler.polygon(corners[from:end], l.moves[i], share)
			from = end
		}
	}
}

// change draws the noise and applies the filters. Both work on the sums of coverage, so change adds coverage up first,
// and turns the sums into differences again afterwards.
func (c *canvas) change(style *style) {
	if len(style.noise)+len(style.filters) == 0 {
		return
	}
	c.ink = image.Alpha{Pix: resize(c.ink.Pix, c.width*c.height), Stride: c.width, Rect: image.Rect(0, 0, c.width, c.height)}
	for y := range c.height {
		sum := int32(0)
		row := c.ink.Pix[y*c.width:]
		for x, d := range c.filler.row(y)[:c.width] {
			sum += d
			row[x] = style.ink(sum)
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
			row[x] = (int32(v) - int32(before)) << inkBits
			before = v
		}
	}
}

// paint puts on the tones of letters and ground, and packs two pixels into a byte. Level 0 is the background colour and
// 15 the foreground, or the other way round. Each row comes after its filter byte, which is 0.
func (c *canvas) paint(style *style, polarity int) {
	plain := style.stripes.period == 0
	if !plain {
		c.slant.choose(&style.stripes, c.height, c.capital, c.random)
	}
	shade := style.shades[polarity]()
	if !plain {
		c.slant.pair(shade)
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
			fill(out, shade.bare[0])
			shade.packPlain(out[from:to], delta)
		} else {
			at, step := c.slant.rows[y], c.slant.step
			c.slant.packBare(out[:from], at)
			shade.pack(out[from:to], delta, at+2*uint32(from)*step, step)
			c.slant.packBare(out[to:], at+2*uint32(to)*step)
		}
	}
}

// fill sets every byte, doubling what is set, which is as fast as copying.
func fill(s []uint8, v uint8) {
	s[0] = v
	for n := 1; n < len(s); n *= 2 {
		copy(s[n:], s[:n])
	}
}
