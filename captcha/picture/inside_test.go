package picture

import (
	"bytes"
	"compress/flate"
	"fmt"
	"hash/adler32"
	"image"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"testing"
)

// Every letter of every style and size leaves ink where it stands, and no point of its outline is outside of the
// picture.
func TestLettersHaveInkInside(t *testing.T) {
	for _, s := range Styles() {
		for _, config := range []Config{
			{Styles: []Style{s}},
			{Styles: []Style{s}, Width: 240, Height: 80},
			{Styles: []Style{s}, Width: 60, Height: 20, Noise: []Noise{}, Filters: []Filter{}},
			{Styles: []Style{s}, Scale: 3, RotationMin: -90, RotationMax: 90},
		} {
			t.Run(fmt.Sprintf("%s %dx%d", s, config.Width, config.Height), func(t *testing.T) { checkLetters(t, config) })
		}
	}
}

func checkLetters(t *testing.T, config Config) {
	r, err := New(config, Alphabet, 4)
	if err != nil {
		t.Fatal(err)
	}
	c := newCanvas()
	for i := range 60 {
		letters := []rune(Alphabet + Alphabet)[i%len(Alphabet):][:4]
		ways := r.styles[0]
		style := ways[i%len(ways)]
		r.draw(c, string(letters), style)
		if at := c.outsideOfBox(); at != nil {
			t.Fatalf("%c leaves ink at %v, outside of %v", letters, at, c.box)
		}
		for j, l := range c.letters {
			lo, hi := place{math.MaxInt64, math.MaxInt64}, place{math.MinInt64, math.MinInt64}
			for _, p := range l.filled(&c.filler) {
				lo, hi = place{min(lo.x, p.x), min(lo.y, p.y)}, place{max(hi.x, p.x), max(hi.y, p.y)}
			}
			if lo.x < 0 || lo.y < 0 || hi.x > int64(c.width)*unit || hi.y > int64(c.height)*unit {
				t.Fatalf("%c of %c reaches from %v to %v", letters[j], letters, lo, hi)
			}
			// A narrow J in relief, eleven pixels high, is little more than an edge.
			if n := c.inked(lo, hi, style); n < 8 && c.height > 20 || n < 4 {
				t.Fatalf("%c of %c has ink in %d pixels", letters[j], letters, n)
			}
		}
	}
}

// filled is the corners of every layer as they are filled.
func (l *placed) filled(f *filler) (all []place) {
	n, from := len(l.from.vertices), 0
	for i, m := range l.moves {
		if i > 0 && !l.again(i) {
			from += n
		}
		for _, p := range l.corners[from:][:n] {
			all = append(all, place{f.move.x + (p.x+m.x)*f.shrink>>unitBits, f.move.y + (p.y+m.y)*f.shrink>>unitBits})
		}
	}
	return all
}

// outsideOfBox is a pixel outside of the box whose coverage differs from the one before.
func (c *canvas) outsideOfBox() *image.Point {
	for y := range c.height {
		for x, d := range c.filler.row(y)[:c.width] {
			if at := image.Pt(x, y); d != 0 && !at.In(c.box) {
				return &at
			}
		}
	}
	return nil
}

// inked counts pixels of a box that differ from the ground by a quarter or more.
func (c *canvas) inked(lo, hi place, style *style) (n int) {
	for y := lo.y / unit; y < hi.y/unit; y++ {
		sum := int32(0)
		for x, d := range c.filler.row(int(y))[:hi.x/unit] {
			sum += int32(d)
			if d := int(style.ink(sum)) - int(style.base); x >= int(lo.x/unit) && (d > 64 || d < -64) {
				n++
			}
		}
	}
	return n
}

// If the margin is a part of a pixel, letters reach into a row's last pixel.
func TestLettersInTheLastPixel(t *testing.T) {
	for height := 10; height < 16; height++ {
		r, err := New(Config{Width: 54, Height: height, FontSize: 8}, Alphabet, 4)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 400 {
			data := r.Append(nil, "WWWW", [32]byte{byte(i), byte(i >> 8)})
			if _, err := png.Decode(bytes.NewReader(data)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A filled square has its area in ink, wherever its edges cut through pixels.
func TestFillIsExact(t *testing.T) {
	for _, at := range []int64{2 * unit, 2.25 * unit, 2.5 * unit, 2.75 * unit} {
		f := filler{shrink: unit}
		f.reset(12, 12)
		side := int64(5 * unit)
		square := []place{{at, at}, {at, at + side}, {at + side, at + side}, {at + side, at}}
		f.polygon(square, place{}, whole)
		area := int64(0)
		for y := range 12 {
			cover := int64(0)
			for _, d := range f.row(y) {
				cover += int64(d)
				area += cover
			}
			if cover != 0 {
				t.Errorf("at %v: row %d goes on after the square", at, y)
			}
		}
		if want := int64(25 << coverBits); area != want {
			t.Errorf("at %v: an area of %d, want %d", at, area, want)
		}
	}
}

// The codes that compress a style's pictures work for any bytes, even those that the style never draws.
func TestHuffmanCodesEveryByte(t *testing.T) {
	var skewed [256]int
	for i := range 30 {
		skewed[i] = 1 << (29 - i)
	}
	for name, counts := range map[string][256]int{"none": {}, "skewed": skewed} {
		h := newHuffman(counts)
		for n := range 1030 {
			data := make([]byte, n)
			for i := range data {
				data[i] = byte(i * (n + 1))
			}
			if got := inflate(t, h.append([]byte("x"), data)[1:]); string(got) != string(data) {
				t.Fatalf("%s: %d bytes come back as %d", name, n, len(got))
			}
			for i := range data {
				if i%100 > n%7 {
					data[i] = 0 // runs of the commonest byte, from any bit on
				}
			}
			if got := inflate(t, h.append([]byte("x"), data)[1:]); string(got) != string(data) {
				t.Fatalf("%s: %d bytes, most of them equal, come back as %d", name, n, len(got))
			}
		}
	}
}

func inflate(t *testing.T, data []byte) []byte {
	t.Helper()
	out, err := io.ReadAll(flate.NewReader(bytes.NewReader(data)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAdlerIsTheLibrarys(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 40 {
		for _, size := range []int{n, 5536 + n, 50_000 + n} {
			data := make([]byte, size)
			for i := range data {
				data[i] = byte(random.Uint32()) | byte(-(n & 1)) // half of them of nothing but 255
			}
			if got, want := adler(data), adler32.Checksum(data); got != want {
				t.Fatalf("%d bytes: %08x, want %08x", size, got, want)
			}
		}
	}
}

// With the colours swapped every pixel has the opposite level, so that the codes of the one compress the other.
func TestPolaritiesAreOpposite(t *testing.T) {
	for _, s := range Styles() {
		r, err := New(Config{Styles: []Style{s}}, Alphabet, 4)
		if err != nil {
			t.Fatal(err)
		}
		for i, style := range r.styles[0] {
			var levels [2][]byte
			for polarity := range levels {
				c := newCanvas() // with the same random numbers each time
				r.draw(c, "KA5R", style)
				c.paint(style, polarity)
				levels[polarity] = c.levels
			}
			row := len(levels[0]) / r.config.Height
			for at, v := range levels[0] {
				if at%row > 0 && levels[1][at] != ^v {
					t.Fatalf("%s, way %d: byte %d is %02x and %02x", s, i, at, v, levels[1][at])
				}
			}
		}
	}
}
