package picture

import (
	"math"
	"math/rand/v2"
)

// A placed letter is one whose points are where they will be filled.
type placed struct {
	from    *outline
	layers  []layer
	points  []point // of all layers, one after the other
	profile profile
}

// bands is the number of rows that a letter's sides are measured in.
const bands = 12

// A profile tells how far a letter reaches to the left and the right in each band of the picture's height.
type profile struct{ left, right [bands]float32 }

// place lays the text out in device pixels, inside the picture with its margin.
func (c *canvas) place(outlines []*outline, style *recipe, r *Renderer) {
	var pen float32
	for i, o := range outlines {
		l := &c.letters[i]
		l.from, l.layers = o, style.letters[c.random.IntN(len(style.letters))]
		c.pose(l, &style.shapes, r.rotation(c.random))
		l.measure(c.capital)
		if i > 0 {
			pen += c.letters[i-1].distance(l, style.gap*c.capital)
		}
		for j := range l.points {
			l.points[j].x += pen
		}
	}
	c.warp(style.shapes.warp * c.capital)
	c.fit()
}

// pose turns, stretches, shears, bends and resizes a letter around its centre.
func (c *canvas) pose(l *placed, most *shapes, angle float64) {
	vary := func(bound float32) float32 { return bound * (2*c.random.Float32() - 1) }
	size := c.capital * (1 - most.smaller + (most.smaller+most.larger)*c.random.Float32())
	stretch, shear := 1+vary(most.stretch), vary(most.shear)
	taper, bow := vary(most.taper), vary(most.bow)
	weight, rise := vary(most.weight), vary(most.rise)*c.capital
	sin64, cos64 := math.Sincos(angle)
	sin, cos := float32(sin64)*size, float32(cos64)*size

	l.points = l.points[:0]
	for _, layer := range l.layers {
		grow := layer.grow + weight
		dx, dy := layer.shift*c.light.x, layer.shift*c.light.y+rise
		for _, contour := range l.from.contours {
			for _, v := range contour {
				x, y := v.at.x+grow*v.grow.x, v.at.y+grow*v.grow.y
				x = x*stretch*(1+taper*y) + shear*y + bow*(y*y-0.125)
				l.points = append(l.points, point{cos*x - sin*y + dx, sin*x + cos*y + dy})
			}
		}
	}
}

// rotation is any angle of the range, in radians.
func (r *Renderer) rotation(random *rand.Rand) float64 {
	least, greatest := r.config.RotationMin, r.config.RotationMax
	return (least + random.Float64()*(greatest-least)) * math.Pi / 180
}

// measure notes how far the first layer reaches in each band.
func (l *placed) measure(capital float32) {
	const far = math.MaxFloat32
	for i := range bands {
		l.profile.left[i], l.profile.right[i] = far, -far
	}
	start := 0
	for _, contour := range l.from.contours {
		points := l.points[start : start+len(contour)]
		start += len(contour)
		// Points on the curve will do: fonts have one wherever a curve reaches farthest.
		p := points[len(points)-2]
		for i := 0; i < len(points); i += 2 {
			l.profile.add(p, points[i], bands/2/capital)
			p = points[i]
		}
	}
}

// add widens the bands that a line from p to q crosses. Together bands cover 2 capital heights, half of them above the middle; scale is their
// number to a pixel.
func (f *profile) add(p, q point, scale float32) {
	at := func(y float32) int {
		return min(max(int(y*scale+bands/2), 0), bands-1)
	}
	if p.y > q.y {
		p, q = q, p
	}
	first, last := at(p.y), at(q.y)
	step := float32(0)
	if last > first {
		step = (q.x - p.x) / float32(last-first)
	}
	x := p.x
	for i := first; i <= last; i++ {
		if x < f.left[i] {
			f.left[i] = x
		}
		if x > f.right[i] {
			f.right[i] = x
		}
		x += step
	}
}

// distance is how far right of l the next letter must stand, for the two to be gap apart where they are nearest. Letters that
// would slip under or over each other are held apart so that each keeps more than half of its width to itself.
func (l *placed) distance(next *placed, gap float32) float32 {
	near := float32(-math.MaxFloat32)
	lo, hi := float32(math.MaxFloat32), float32(-math.MaxFloat32)
	for i := range bands {
		for j := max(i-1, 0); j <= min(i+1, bands-1); j++ {
			near = max(near, l.profile.right[i]-next.profile.left[j])
		}
		lo, hi = min(lo, next.profile.left[i]), max(hi, l.profile.right[i])
	}
	return max(near, (hi-lo)*0.78) + gap
}

// warp bends the whole text by two waves, each across the other's direction.
func (c *canvas) warp(amount float32) {
	wave := func() (turns, start float32) {
		return (0.22 + 0.2*c.random.Float32()) / c.capital, c.random.Float32()
	}
	alongX, startX := wave()
	alongY, startY := wave()
	for i := range c.letters {
		points := c.letters[i].points
		for j, p := range points {
			points[j].x += amount * sine(startY+p.y*alongY)
			points[j].y += amount * sine(startX+p.x*alongX)
		}
	}
}

// sines is one turn of the sine. Its steps move a point by less than a hundredth of a pixel.
var sines = func() (table [1024]float32) {
	for i := range table {
		table[i] = float32(math.Sin(2 * math.Pi * float64(i) / float64(len(table))))
	}
	return table
}()

// sine takes its angle in turns.
func sine(turns float32) float32 {
	return sines[int(turns*float32(len(sines)))&(len(sines)-1)]
}

// widen makes the box from lo to hi hold p. The built-in min and max of floats, which mind NaN, take three times as long.
func widen(lo, hi, p point) (point, point) {
	if p.x < lo.x {
		lo.x = p.x
	}
	if p.y < lo.y {
		lo.y = p.y
	}
	if p.x > hi.x {
		hi.x = p.x
	}
	if p.y > hi.y {
		hi.y = p.y
	}
	return lo, hi
}

// fit shrinks the text if it is too large for the picture, and moves it to a random place inside.
func (c *canvas) fit() {
	lo, hi := point{math.MaxFloat32, math.MaxFloat32}, point{-math.MaxFloat32, -math.MaxFloat32}
	for i := range c.letters {
		for _, p := range c.letters[i].points {
			lo, hi = widen(lo, hi, p)
		}
	}
	width, height := float32(c.width)-2*c.margin, float32(c.height)-2*c.margin
	scale := min(1, width/(hi.x-lo.x), height/(hi.y-lo.y))
	x := c.margin + (width-scale*(hi.x-lo.x))*c.random.Float32()
	y := c.margin + (height-scale*(hi.y-lo.y))*c.random.Float32()
	for i := range c.letters {
		points := c.letters[i].points
		for j, p := range points {
			points[j] = point{x + (p.x-lo.x)*scale, y + (p.y-lo.y)*scale}
		}
	}
}
