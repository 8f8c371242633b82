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
	plain := style.plain()
	if !plain {
		c.shade(style)
	}
	flip := uint8(0)
	if reverse {
		flip = 0xff
	}
	stride := (c.width + 1) / 2
	c.levels = resize(c.levels, c.height*(stride+1))
	for y := range c.height {
		row := c.ink.Pix[y*c.width:][:c.width]
		if !plain {
			blend(row, &c.inkShade, &c.groundShade, y)
		}
		pack(c.levels[y*(stride+1)+1:][:stride], row, flip)
	}
}

// shade prepares the tones.
func (c *canvas) shade(style *recipe) {
	c.inkShade.prepare(style.ink, c.height, c.capital, c.random)
	if style.split {
		c.groundShade.opposite(&c.inkShade)
	} else {
		c.groundShade.prepare(style.ground, c.height, c.capital, c.random)
	}
}

// pack keeps the upper half of each of the tones.
func pack(out, tones []uint8, flip uint8) {
	for ; len(tones) >= 8 && len(out) >= 4; tones, out = tones[8:], out[4:] {
		v := binary.LittleEndian.Uint64(tones)
		v = v&0x00f000f000f000f0 | v>>12&0x000f000f000f000f
		v = (v | v>>8) & 0x0000ffff0000ffff
		binary.LittleEndian.PutUint32(out, uint32(v|v>>16)^uint32(flip)*0x01010101)
	}
	for x := range len(tones) / 2 {
		out[x] = (tones[2*x]&0xf0 | tones[2*x+1]>>4) ^ flip
	}
	if len(tones)%2 == 1 {
		out[len(out)-1] = (tones[len(tones)-1] ^ flip) & 0xf0
	}
}

// blend mixes the tones of ink and ground in a row, by what the ink covers and in its place.
func blend(row []uint8, ink, ground *shade, y int) {
	inkTable, groundTable := &ink.table, &ground.table
	// The phase of the ink above that of the ground: what the lower one carries over is nothing to the upper one.
	at := uint64(ink.row[y])<<32 | uint64(ground.row[y])
	step := uint64(ink.step)<<32 | uint64(ground.step)
	for x := range row {
		v, i, g := int(row[x]), int(inkTable[at>>56]), int(groundTable[uint8(at>>24)])
		row[x] = uint8(g + (i-g)*(v+v>>7)>>8) // v+v>>7 makes 255 a whole
		at += step
	}
}
