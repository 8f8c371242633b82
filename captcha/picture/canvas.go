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
	source          *rand.ChaCha8
	random          *rand.Rand
	text            []*outline
	letters         []placed
	filler          filler
	ink             image.Alpha
	inkShade        shade
	groundShade     shade
	levels          []byte // two pixels a byte, each row after its filter byte
}

func newCanvas() *canvas {
	source := rand.NewChaCha8([32]byte{})
	return &canvas{source: source, random: rand.New(source)}
}

// resize prepares a canvas for n letters, with ink of the given strength all over.
func (c *canvas) resize(width, height, n int, base uint8) {
	c.width, c.height = width, height
	c.ink = image.Alpha{Pix: resize(c.ink.Pix, width*height), Stride: width, Rect: image.Rect(0, 0, width, height)}
	if base > 0 {
		for i := range c.ink.Pix {
			c.ink.Pix[i] = base
		}
	}
	for len(c.letters) < n {
		c.letters = append(c.letters, placed{})
	}
	c.letters = c.letters[:n]
}

// inkLetter fills one letter over those before it.
func (c *canvas) inkLetter(l *placed) {
	lo, hi := point{math.MaxFloat32, math.MaxFloat32}, point{}
	for _, p := range l.points {
		lo = point{min(lo.x, p.x), min(lo.y, p.y)}
		hi = point{max(hi.x, p.x), max(hi.y, p.y)}
	}
	x, y := int(lo.x), int(lo.y)
	c.filler.reset(x, y, min(int(hi.x)+1, c.width)-x, min(int(hi.y)+1, c.height)-y)
	points := l.points
	for _, layer := range l.layers {
		for _, contour := range l.from.contours {
			c.filler.contour(points[:len(contour)], layer.sign)
			points = points[len(contour):]
		}
	}
	c.filler.blend(&c.ink)
}

// blend puts the filled letter over what is there.
func (f *filler) blend(ink *image.Alpha) {
	for y := range f.height {
		row := ink.Pix[(f.y+y)*ink.Stride+f.x:][:f.width]
		delta := f.delta[y*f.stride:][:f.width]
		var sum float32
		for x, d := range delta {
			sum += d
			v := int(sum * 256)
			if v > 0 {
				row[x] += uint8((255 - int(row[x])) * min(v, 256) >> 8)
			} else if v < 0 {
				row[x] -= uint8(int(row[x]) * min(-v, 256) >> 8)
			}
		}
	}
}

// paint puts the tones on and packs two pixels to a byte: level 0 is the background colour and 15 the foreground.
func (c *canvas) paint(ink, ground *shade, reverse bool) {
	stride := (c.width + 1) / 2
	c.levels = resize(c.levels, c.height*(stride+1)+padding)
	for y := range c.height {
		cover := c.ink.Pix[y*c.width:][:c.width]
		out := c.levels[y*(stride+1)+1:][:stride]
		if ink.even && ground.even {
			c.paintEven(out, cover)
			continue
		}
		inkRow, groundRow := ink.row[y], ground.row[y]
		for x, v := range cover {
			level := int(ground.table[(groundRow+ground.column[x])>>24])
			if v > 0 {
				level += (int(ink.table[(inkRow+ink.column[x])>>24]) - level) * int(v) / 255
			}
			out[x/2] |= uint8(level>>4) << (4 &^ (x << 2))
		}
	}
	if reverse {
		for y := range c.height {
			out := c.levels[y*(stride+1)+1:][:stride]
			for x := range out {
				out[x] = ^out[x]
			}
		}
	}
}

// paintEven is paint for the tones of most pictures, full ink on bare ground.
func (c *canvas) paintEven(out, cover []uint8) {
	for x := range len(cover) / 2 {
		out[x] = cover[2*x]&0xf0 | cover[2*x+1]>>4
	}
	if len(cover)%2 == 1 {
		out[len(out)-1] = cover[len(cover)-1] & 0xf0
	}
}
