package picture

import (
	"math"
	"slices"
)

// A point is a place in device pixels, or in capital heights while a letter has not been placed yet. Y grows downwards.
type point struct{ x, y float32 }

// A glyph is a letter of one font. Its centre is at the origin, and the font's capitals are 1 high.
//
// Every contour is a closed run of quadratic curves: points on the curve and control points alternate. Outer contours
// run clockwise.
type glyph struct {
	contours [][]point
	width    float32
}

func middle(a, b point) point { return point{(a.x + b.x) / 2, (a.y + b.y) / 2} }

func newGlyph(contours [][]point) *glyph {
	lo, hi := bounds(contours)
	g := &glyph{contours: contours, width: hi.x - lo.x}
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

// signedArea shows in which direction outer contours run. Fonts differ in that, whatever the format says.
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

// leastStroke is the least mean width of a letter's strokes, in capital heights: 3 pixels of 22. Thinner fonts are made
// bolder, because hairlines vanish in small pictures.
const leastStroke = 0.14

// strokeWidth returns the mean width of a letter's strokes. A stroke's area is its length times its width, and its
// outline is twice its length.
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
