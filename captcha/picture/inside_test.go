package picture

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"testing"
)

// Every letter of every style and size leaves ink where it stands, and no point of its outline is outside of the picture.
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
		style := &ways[i%len(ways)]
		r.draw(c, string(letters), &style.recipe, false)
		for j, l := range c.letters {
			lo, hi := l.points[0], l.points[0]
			for _, p := range l.points {
				lo, hi = widen(lo, hi, p)
			}
			if lo.x < 0 || lo.y < 0 || hi.x > float32(c.width) || hi.y > float32(c.height) {
				t.Fatalf("%c of %c reaches from %v to %v", letters[j], letters, lo, hi)
			}
			if n := c.inked(lo, hi, style.base); n < 8 {
				t.Fatalf("%c of %c has ink in %d pixels", letters[j], letters, n)
			}
		}
	}
}

// inked counts pixels of a box that differ from the ground by a quarter or more.
func (c *canvas) inked(lo, hi point, base uint8) (n int) {
	for y := int(lo.y); y < int(hi.y); y++ {
		for x := int(lo.x); x < int(hi.x); x++ {
			if d := int(c.ink.Pix[y*c.width+x]) - int(base); d > 64 || d < -64 {
				n++
			}
		}
	}
	return n
}

// A filled square has its area in ink, wherever its edges cut through pixels.
func TestFillIsExact(t *testing.T) {
	for _, at := range []float32{2, 2.25, 2.5, 2.75} {
		var f filler
		f.reset(12, 12)
		side := float32(5)
		square := []point{{at, at}, {at, at}, {at, at + side}, {at, at + side}, {at + side, at + side}, {at + side, at + side}, {at + side, at}, {at + side, at}}
		f.contour(square, whole)
		ink := make([]uint8, 144)
		f.ink(ink, 0)
		sum := 0
		for _, v := range ink {
			sum += int(v)
		}
		if want := 25 * 255; sum < want-60 || sum > want+60 {
			t.Errorf("at %v: ink %d, want %d", at, sum, want)
		}
	}
}

// The codes a style's pictures are compressed with decode with any bytes, also those that the style never draws.
func TestHuffmanCodesEveryByte(t *testing.T) {
	var skewed [256]int
	skewed[0], skewed[1] = 1<<40, 1<<20
	for i := 2; i < 60; i++ {
		skewed[i] = 1 << (60 - i) >> 20
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
