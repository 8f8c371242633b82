package picture

import (
	"encoding/binary"
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
	c.ink = image.Alpha{Pix: resize(c.ink.Pix, width*height), Stride: width, Rect: image.Rect(0, 0, width, height)}
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

// paint puts the tones of letters and ground on and packs two pixels to a byte: level 0 is the background colour and 15 the foreground, or the
// other way round.
func (c *canvas) paint(style *recipe, reverse bool) {
	plain := style.stripes.period == 0
	if !plain {
		c.shade.prepare(&style.stripes, c.height, c.capital, c.random)
	}
	flip := uint8(0)
	if reverse {
		flip = 0xff
	}
	stride := (c.width + 1) / 2
	c.levels = resize(c.levels, c.height*(stride+1))
	for y := range c.height {
		out, cover := c.levels[y*(stride+1)+1:][:stride], c.ink.Pix[y*c.width:][:c.width]
		if plain {
			pack(out, cover, flip)
		} else {
			c.shade.pack(out, cover, c.shade.row[y], flip)
		}
	}
}

// pack shades a row by what the ink covers, from the phase that it begins with.
func (s *shade) pack(out, cover []uint8, at uint32, flip uint8) {
	step := s.step
	for x := 1; x < len(cover); x += 2 {
		left := s.table[at>>24].at(cover[x-1])
		at += step
		right := s.table[at>>24].at(cover[x])
		at += step
		out[x>>1] = uint8(left>>8&0xf0|right>>12) ^ flip
	}
	if last := len(cover) - 1; last%2 == 0 {
		out[last>>1] = (uint8(s.table[at>>24].at(cover[last])>>8) ^ flip) & 0xf0
	}
}

// pack keeps full ink on bare ground as it is, eight pixels at a time.
func pack(out, cover []uint8, flip uint8) {
	for ; len(cover) >= 8 && len(out) >= 4; cover, out = cover[8:], out[4:] {
		v := binary.LittleEndian.Uint64(cover)
		v = v&0x00f000f000f000f0 | v>>12&0x000f000f000f000f
		v = (v | v>>8) & 0x0000ffff0000ffff
		binary.LittleEndian.PutUint32(out, uint32(v|v>>16)^uint32(flip)*0x01010101)
	}
	for x := range len(cover) / 2 {
		out[x] = (cover[2*x]&0xf0 | cover[2*x+1]>>4) ^ flip
	}
	if len(cover)%2 == 1 {
		out[len(out)-1] = (cover[len(cover)-1] ^ flip) & 0xf0
	}
}
