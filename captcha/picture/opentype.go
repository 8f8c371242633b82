package picture

import (
	"math"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// openTypeFont reads the cubic outlines (CFF) of OpenType fonts, which freetype's parser does not.
func openTypeFont(file []byte) (reader, error) {
	font, err := sfnt.Parse(file)
	if err != nil {
		return nil, err
	}
	var buffer sfnt.Buffer
	return func(letter rune, scale float32) ([][]point, error) {
		index, err := font.GlyphIndex(&buffer, letter)
		if err != nil || index == 0 {
			return nil, err
		}
		// At a size of as many pixels as the em has units, a unit is a pixel, so the numbers are those of the file.
		segments, err := font.LoadGlyph(&buffer, index, fixed.Int26_6(font.UnitsPerEm()), nil)
		if err != nil {
			return nil, refuseLetter(letter, err)
		}
		var all [][]point
		var c contour
		close := func() {
			if points := c.closed(); len(points) >= 4 {
				all = append(all, points)
			}
		}
		for _, s := range segments {
			var p [3]point
			for i, v := range s.Args {
				p[i] = point{float32(v.X) * scale, float32(v.Y) * scale}
			}
			switch s.Op {
			case sfnt.SegmentOpMoveTo:
				close()
				c = contour{start: p[0], at: p[0]}
			case sfnt.SegmentOpLineTo:
				c.line(p[0])
			case sfnt.SegmentOpQuadTo:
				c.curve(p[0], p[1])
			case sfnt.SegmentOpCubeTo:
				c.cubic(p[0], p[1], p[2], scale*float32(font.UnitsPerEm())/cubicNearness)
			}
		}
		close()
		return all, nil
	}, nil
}

// cubicNearness says how far the quadratic curves may be off the cubic curve that they replace: this fraction of an em.
const cubicNearness = 1000

// A contour grows by curves, each of which starts where the last one ended.
type contour struct {
	start, at point
	points    []point // on the curve and control points, alternately
}

func (c *contour) line(to point) {
	if to != c.at {
		c.curve(middle(c.at, to), to)
	}
}

func (c *contour) curve(control, to point) {
	c.points = append(c.points, c.at, control)
	c.at = to
}

// cubic cuts a cubic curve into pieces and replaces each by a quadratic curve. The distance between the two shrinks
// with the cube of the number of pieces. For one piece, its bound has the factor √3/36.
func (c *contour) cubic(p, q, to point, near float32) {
	from := c.at
	off := math.Hypot(float64(to.x-3*q.x+3*p.x-from.x), float64(to.y-3*q.y+3*p.y-from.y)) * math.Sqrt(3) / 36
	n := min(max(1, math.Ceil(math.Cbrt(off/float64(near)))), 16)
	step := float32(1 / n)
	at, along := cubicAt(from, p, q, to, 0)
	for i := range int(n) {
		next, towards := cubicAt(from, p, q, to, float32(i+1)*step)
		// The control point, where the tangents meet, is about the mean of the points that each tangent alone would give.
		c.curve(point{
			(at.x + next.x + (along.x-towards.x)*step/2) / 2,
			(at.y + next.y + (along.y-towards.y)*step/2) / 2,
		}, next)
		at, along = next, towards
	}
}

// cubicAt returns the point at t on a cubic curve, and the curve's speed there.
func cubicAt(a, b, c, d point, t float32) (at, speed point) {
	u := 1 - t
	mix := func(a, b, c, d float32) (float32, float32) {
		return u*u*u*a + 3*u*u*t*b + 3*u*t*t*c + t*t*t*d, 3 * (u*u*(b-a) + 2*u*t*(c-b) + t*t*(d-c))
	}
	at.x, speed.x = mix(a.x, b.x, c.x, d.x)
	at.y, speed.y = mix(a.y, b.y, c.y, d.y)
	return at, speed
}

// closed ends the contour where it began.
func (c *contour) closed() []point {
	c.line(c.start)
	return c.points
}
