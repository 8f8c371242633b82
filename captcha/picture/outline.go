package picture

import (
	"fmt"
	"math"
	"slices"

	"github.com/golang/freetype/truetype"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// A point is a place in device pixels, or in capital heights while a letter has not been placed yet. Y grows downwards.
type point struct{ x, y float32 }

// A glyph is a letter of one font, its centre at the origin and the font's capitals 1 high.
//
// Every contour is a closed run of quadratic curves: points on the curve and control points alternate. Outer contours run clockwise.
type glyph struct {
	contours [][]point
	width    float32
	height   float32
}

// A typeface holds the glyphs of an alphabet in one font.
type typeface map[rune]*glyph

// glyphScale is the em size, in 26.6 pixels, at which glyphs are read: large enough that rounding does not show.
const glyphScale = 2048 << 6

func parseFont(data []byte) (f *truetype.Font, err error) {
	// The parser indexes into tables without checking all of their offsets.
	defer func() {
		if r := recover(); r != nil {
			f, err = nil, fmt.Errorf("not a usable TrueType font: %v", r)
		}
	}()
	return truetype.Parse(data)
}

// newTypeface reads the letters of alphabet that the font has.
func newTypeface(data []byte, alphabet []rune) (face typeface, err error) {
	f, err := parseFont(data)
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			face, err = nil, fmt.Errorf("not a usable TrueType font: %v", r)
		}
	}()
	capital, err := capitalHeight(f, alphabet)
	if err != nil {
		return nil, err
	}
	face = make(typeface, len(alphabet))
	for _, letter := range alphabet {
		g, err := readGlyph(f, letter, 1/capital)
		if err != nil {
			return nil, err
		}
		if g != nil {
			face[letter] = g
		}
	}
	return face, nil
}

// capitalHeight is the height of an H, which sizes are measured by, or of the alphabet's tallest letter in a font without one, or
// with a flat one.
func capitalHeight(f *truetype.Font, alphabet []rune) (float32, error) {
	var tallest float32
	for _, letter := range append([]rune{'H'}, alphabet...) {
		g, err := readGlyph(f, letter, 1)
		if err != nil {
			return 0, err
		}
		if g != nil && letter == 'H' && g.height >= 1 {
			return g.height, nil
		}
		if g != nil {
			tallest = max(tallest, g.height)
		}
	}
	return max(tallest, 1), nil
}

// readGlyph is nil for a letter that the font lacks or leaves blank.
func readGlyph(f *truetype.Font, letter rune, scale float32) (*glyph, error) {
	index := f.Index(letter)
	if index == 0 {
		return nil, nil
	}
	var buffer truetype.GlyphBuf
	if err := buffer.Load(f, fixed.Int26_6(glyphScale), index, font.HintingNone); err != nil {
		return nil, fmt.Errorf("letter %q: %w", letter, err)
	}
	var contours [][]point
	start := 0
	for _, end := range buffer.Ends {
		if c := readContour(buffer.Points[start:end], scale); len(c) >= 4 {
			contours = append(contours, c)
		}
		start = end
	}
	if len(contours) == 0 {
		return nil, nil
	}
	return newGlyph(contours), nil
}

// readContour spells out the points that TrueType leaves implied, so that on-curve and control points alternate.
func readContour(points []truetype.Point, scale float32) []point {
	at := func(i int) point {
		p := points[i%len(points)]
		return point{float32(p.X) * scale / 64, -float32(p.Y) * scale / 64}
	}
	onCurve := func(i int) bool { return points[i%len(points)].Flags&1 != 0 }
	var c []point
	for i := range points {
		switch {
		case onCurve(i) && onCurve(i+1):
			if at(i) != at(i+1) {
				c = append(c, at(i), middle(at(i), at(i+1)))
			}
		case onCurve(i):
			c = append(c, at(i), at(i+1))
		case !onCurve(i + 1):
			// Between two control points lies an implied point on the curve.
			c = append(c, middle(at(i), at(i+1)), at(i+1))
		}
	}
	return c
}

func middle(a, b point) point { return point{(a.x + b.x) / 2, (a.y + b.y) / 2} }

func newGlyph(contours [][]point) *glyph {
	lo, hi := bounds(contours)
	g := &glyph{contours: contours, width: hi.x - lo.x, height: hi.y - lo.y}
	if signedArea(contours) > 0 {
		for _, c := range contours {
			slices.Reverse(c)
			// A reversed contour begins with its last control point.
			copy(c, append(c[1:len(c):len(c)], c[0]))
		}
	}
	embolden := max(0, (leastStroke-strokeWidth(contours))/2)
	centre := middle(lo, hi)
	for i, c := range contours {
		moved := make([]point, len(c))
		for j, p := range c {
			moved[j] = point{p.x - centre.x, p.y - centre.y}
			if embolden > 0 {
				grow := growth(c, j)
				moved[j] = point{moved[j].x + embolden*grow.x, moved[j].y + embolden*grow.y}
			}
		}
		contours[i] = moved
	}
	return g
}

func bounds(contours [][]point) (lo, hi point) {
	lo, hi = contours[0][0], contours[0][0]
	for _, c := range contours {
		for _, p := range c {
			lo, hi = point{min(lo.x, p.x), min(lo.y, p.y)}, point{max(hi.x, p.x), max(hi.y, p.y)}
		}
	}
	return lo, hi
}

// signedArea tells which way outer contours run: fonts differ, whatever the format says.
func signedArea(contours [][]point) float32 {
	var area float32
	for _, c := range contours {
		for i, p := range c {
			q := c[(i+1)%len(c)]
			area += p.x*q.y - q.x*p.y
		}
	}
	return area
}

// leastStroke is how wide the strokes of a letter are at least, on average, in capital heights: 3 pixels of 22. Fonts that are thinner are made
// bolder, because hairlines vanish in small pictures.
const leastStroke = 0.14

// strokeWidth is the mean width of a letter's strokes: a stroke's area is its length times its width, and its outline twice its length.
func strokeWidth(contours [][]point) float32 {
	var around float64
	for _, c := range contours {
		for i, p := range c {
			q := c[(i+1)%len(c)]
			around += math.Hypot(float64(q.x-p.x), float64(q.y-p.y))
		}
	}
	return float32(math.Abs(float64(signedArea(contours))) / around)
}
