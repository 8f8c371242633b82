package picture

import (
	"fmt"
	"math"
	"slices"

	"github.com/golang/freetype/truetype"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// A point is a place in device pixels, or in capital heights while an outline has not been placed yet. Y grows downwards.
type point struct{ x, y float32 }

// A vertex is a point of an outline and the way it moves when the outline grows: adding w*grow to every vertex makes
// each stroke 2w wider, and a negative w makes it thinner.
type vertex struct{ at, grow point }

// An outline is a letter of one font, its centre at the origin and the font's capitals 1 high.
//
// Every contour is a closed run of quadratic curves: vertices alternate between a point on the curve and a control point. A
// straight line has its control point in the middle, so that a warp bends it too.
type outline struct {
	contours [][]vertex
	vertices int
	width    float32
	height   float32
}

// A typeface holds the outlines of an alphabet in one font.
type typeface map[rune]*outline

// outlineScale is the em size, in 26.6 pixels, at which outlines are read: large enough that rounding does not show.
const outlineScale = 2048 << 6

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
		o, err := readOutline(f, letter, 1/capital)
		if err != nil {
			return nil, err
		}
		if o != nil {
			face[letter] = o
		}
	}
	return face, nil
}

// capitalHeight is the height of an H, which sizes are measured by, or of the alphabet's tallest letter in a font without one.
func capitalHeight(f *truetype.Font, alphabet []rune) (float32, error) {
	var tallest float32
	for _, letter := range append([]rune{'H'}, alphabet...) {
		o, err := readOutline(f, letter, 1)
		if err != nil {
			return 0, err
		}
		if o != nil && letter == 'H' {
			return o.height, nil
		}
		if o != nil {
			tallest = max(tallest, o.height)
		}
	}
	return max(tallest, 1), nil
}

// readOutline is nil for a letter that the font lacks or leaves blank.
func readOutline(f *truetype.Font, letter rune, scale float32) (*outline, error) {
	index := f.Index(letter)
	if index == 0 {
		return nil, nil
	}
	var glyph truetype.GlyphBuf
	if err := glyph.Load(f, fixed.Int26_6(outlineScale), index, font.HintingNone); err != nil {
		return nil, fmt.Errorf("letter %q: %w", letter, err)
	}
	var contours [][]point
	start := 0
	for _, end := range glyph.Ends {
		if c := readContour(glyph.Points[start:end], scale); len(c) >= 4 {
			contours = append(contours, c)
		}
		start = end
	}
	if len(contours) == 0 {
		return nil, nil
	}
	return newOutline(contours), nil
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

func newOutline(contours [][]point) *outline {
	o := &outline{}
	lo, hi := bounds(contours)
	o.width, o.height = hi.x-lo.x, hi.y-lo.y
	centre := middle(lo, hi)
	if signedArea(contours) > 0 {
		for _, c := range contours {
			slices.Reverse(c)
			// A reversed contour begins with its last control point.
			copy(c, append(c[1:len(c):len(c)], c[0]))
		}
	}
	embolden := max(0, (leastStroke-strokeWidth(contours))/2)
	for _, c := range contours {
		vertices := make([]vertex, len(c))
		for i, p := range c {
			grow := growth(c, i)
			vertices[i] = vertex{point{p.x - centre.x + embolden*grow.x, p.y - centre.y + embolden*grow.y}, grow}
		}
		o.contours = append(o.contours, vertices)
		o.vertices += len(vertices)
	}
	return o
}

func bounds(contours [][]point) (lo, hi point) {
	lo, hi = point{math.MaxFloat32, math.MaxFloat32}, point{-math.MaxFloat32, -math.MaxFloat32}
	for _, c := range contours {
		for _, p := range c {
			lo, hi = widen(lo, hi, p)
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

// sharpest bounds how far a corner moves when an outline grows by one, as a mitre limit does.
const sharpest = 2

// growth is the mitre of the two edges that meet in c[i], pointing out of the letter.
func growth(c []point, i int) point {
	in := edgeNormal(c, i, -1)
	out := edgeNormal(c, i, +1)
	along := 1 + in.x*out.x + in.y*out.y
	if along < 2.0/(sharpest*sharpest) {
		along = 2.0 / (sharpest * sharpest)
	}
	return point{(in.x + out.x) / along, (in.y + out.y) / along}
}

// edgeNormal is the outward normal of the first edge of some length on the given side of c[i].
func edgeNormal(c []point, i, step int) point {
	p := c[i]
	for n := 1; n < len(c); n++ {
		q := c[((i+n*step)%len(c)+len(c))%len(c)]
		dx, dy := (q.x-p.x)*float32(step), (q.y-p.y)*float32(step)
		if d := float32(math.Hypot(float64(dx), float64(dy))); d > 0 {
			return point{-dy / d, dx / d}
		}
	}
	return point{}
}
