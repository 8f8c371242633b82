package picture

import "math"

// A vertex is a corner of a polygon and the way it moves when the polygon grows: adding w*grow to every vertex makes
// each stroke 2w wider, and a negative w makes it thinner.
type vertex struct{ at, grow point }

// An outline is a glyph as polygons, with no more vertices than one size needs. Moving few points and filling straight
// lines is much less work than moving curves and cutting them up anew for each picture.
type outline struct {
	vertices []vertex // of one polygon after the other
	ends     []int    // of the polygons
}

// nearness is how far, in device pixels, an outline may deviate from its glyph. Nobody sees that in a picture with 16
// levels.
const nearness = 0.35

// outline cuts the glyph's curves into lines, for letters whose capitals are capital device pixels high.
func (g *glyph) outline(capital float32) *outline {
	o := &outline{}
	near := nearness / capital
	for _, curves := range g.contours {
		polygon := divide(simplify(flatten(curves, near/4), near*3/4), near)
		for i, p := range polygon {
			o.vertices = append(o.vertices, vertex{p, growth(polygon, i)})
		}
		o.ends = append(o.ends, len(o.vertices))
	}
	return o
}

// flatten puts points on the curves, so close that lines between them are at most near off.
func flatten(curves []point, near float32) []point {
	var all []point
	for i := 0; i < len(curves); i += 2 {
		a, b, c := curves[i], curves[i+1], curves[(i+2)%len(curves)]
		// The chord from end to end is this far off the curve. If the curve is cut into n pieces, their chords are n squared
		// times closer.
		off := math.Hypot(float64(a.x-2*b.x+c.x), float64(a.y-2*b.y+c.y)) / 4
		n := max(1, math.Ceil(math.Sqrt(off/float64(near))))
		for j := range int(n) {
			t := float32(j) / float32(n)
			u := 1 - t
			all = append(all, point{u*u*a.x + 2*u*t*b.x + t*t*c.x, u*u*a.y + 2*u*t*b.y + t*t*c.y})
		}
	}
	return all
}

// simplify leaves out the points of a polygon that lie at most near off the lines without them.
func simplify(polygon []point, near float32) []point {
	var kept []point
	for i := 0; i < len(polygon); {
		kept = append(kept, polygon[i])
		next := i + 1
		for next < len(polygon) && straight(polygon[i:], next-i+1, polygon[(next+1)%len(polygon)], near) {
			next++
		}
		i = next
	}
	return kept
}

// straight reports whether the first n points of a run are at most near off the line from the first of them to end.
func straight(run []point, n int, end point, near float32) bool {
	start := run[0]
	dx, dy := end.x-start.x, end.y-start.y
	length := float32(math.Hypot(float64(dx), float64(dy)))
	for _, p := range run[1:n] {
		if off := dx*(p.y-start.y) - dy*(p.x-start.x); off > near*length || -off > near*length {
			return false
		}
	}
	return true
}

// divide cuts long lines into pieces that can be bent with the text. When the styles bend a line, its middle leaves the
// straight line between its ends by about a tenth of its squared length, in capital heights. Pieces are so short that a
// letter's sides can be measured at the corners alone.
func divide(polygon []point, near float32) []point {
	longest := min(math.Sqrt(10*float64(near)), 1.6*2/bands)
	var all []point
	for i, p := range polygon {
		q := polygon[(i+1)%len(polygon)]
		n := max(1, math.Ceil(math.Hypot(float64(q.x-p.x), float64(q.y-p.y))/longest))
		for j := range int(n) {
			t := float32(j) / float32(n)
			all = append(all, point{p.x + t*(q.x-p.x), p.y + t*(q.y-p.y)})
		}
	}
	return all
}

// sharpest bounds how far a corner moves when an outline grows by one, as a mitre limit does.
const sharpest = 2

// growth returns the mitre of the two edges that meet in c[i], which points out of the letter.
func growth(c []point, i int) point {
	in := edgeNormal(c, i, -1)
	out := edgeNormal(c, i, +1)
	along := 1 + in.x*out.x + in.y*out.y
	if along < 2.0/(sharpest*sharpest) {
		along = 2.0 / (sharpest * sharpest)
	}
	return point{(in.x + out.x) / along, (in.y + out.y) / along}
}

// edgeNormal returns the outward normal of the nearest edge on the given side of c[i] that has a length.
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
