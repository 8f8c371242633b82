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
	ink             image.Alpha
	inkShade        shade
	groundShade     shade
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
	c.ink = image.Alpha{Pix: resize(c.ink.Pix, width*height), Stride: width, Rect: image.Rect(0, 0, width, height)}
	for len(c.letters) < n {
		c.letters = append(c.letters, placed{})
	}
	c.letters = c.letters[:n]
	sin, cos := math.Sincos(2 * math.Pi * c.random.Float64())
	length := max(c.capital, leastLight)
	c.light = point{float32(cos) * length, float32(sin) * length}
}

// fillLetter fills every layer of a letter.
func (c *canvas) fillLetter(l *placed) {
	points := l.points
	for _, layer := range l.layers {
		for _, contour := range l.from.contours {
			c.filler.contour(points[:len(contour)], layer.share)
			points = points[len(contour):]
		}
	}
}

// paint puts the tones on and packs two pixels to a byte: level 0 is the background colour and 15 the foreground.
func (c *canvas) paint(ink, ground *shade, reverse bool) {
	stride := (c.width + 1) / 2
	c.levels = resize(c.levels, c.height*(stride+1))
	plain := ink.even && ground.even && ink.table[0] == 255 && ground.table[0] == 0
	for y := range c.height {
		cover := c.ink.Pix[y*c.width:][:c.width]
		out := c.levels[y*(stride+1)+1:][:stride]
		if plain {
			paintPlain(out, cover)
		} else {
			paintRow(out, cover, ink, ground, y)
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

func paintRow(out, cover []uint8, ink, ground *shade, y int) {
	inkRow, groundRow := ink.row[y], ground.row[y]
	inkColumn, groundColumn := ink.column[:len(cover)], ground.column[:len(cover)]
	level := func(x int, v uint8) uint8 {
		g := int32(ground.table[(groundRow+groundColumn[x])>>24])
		if v > 0 {
			g += (int32(ink.table[(inkRow+inkColumn[x])>>24]) - g) * (int32(v) + int32(v>>7)) >> 8
		}
		return uint8(g)
	}
	blank := ground.table[0]&0xf0 | ground.table[0]>>4
	for x := 1; x < len(cover); x += 2 {
		if ground.even && cover[x-1]|cover[x] == 0 {
			out[x/2] = blank
		} else {
			out[x/2] = level(x-1, cover[x-1])&0xf0 | level(x, cover[x])>>4
		}
	}
	if last := len(cover) - 1; last%2 == 0 {
		out[last/2] = level(last, cover[last]) & 0xf0
	}
}

// paintPlain is paintRow for full ink on bare ground.
func paintPlain(out, cover []uint8) {
	for x := range len(cover) / 2 {
		out[x] = cover[2*x]&0xf0 | cover[2*x+1]>>4
	}
	if len(cover)%2 == 1 {
		out[len(out)-1] = cover[len(cover)-1] & 0xf0
	}
}
