package picture

import (
	"image"
	"math"
	"math/rand/v2"
)

// A placed letter has its corners where they will be filled, except for the move of the whole text.
type placed struct {
	from    *outline
	layers  []layer
	moves   []place // of the layers
	corners []place // of the layers, one after the other; layers that differ only by their moves share theirs. Around the centre until the text is set
	pen     int64   // how far the centre is right of the first letter's, in units of 1/unit
	profile profile
}

// bands is the number of rows in which a letter's sides are measured. Together they cover 2 capital heights, half of
// them above the middle.
const bands = 10

// A profile says how far a letter reaches to the left and the right in each band, in units of 1/unit.
type profile struct{ left, right [bands]int64 }

// place lays the text out in device pixels, inside the picture with its margin.
func (c *canvas) place(outlines []*outline, style *recipe, r *Renderer) {
	for i, o := range outlines {
		l := &c.letters[i]
		l.from, l.layers = o, style.letters[c.random.IntN(len(style.letters))]
		c.pose(l, &style.shapes, r.rotation(c.random))
		l.measure(c.capital)
		l.pen = 0
		if i > 0 {
			before := &c.letters[i-1]
			l.pen = before.pen + before.distance(l, int64(style.gap*c.capital*unit))
		}
	}
	lo, hi := c.warp(style.shapes.warp * c.capital)
	c.fit(lo, hi)
}

// pose turns, stretches, shears, bends and resizes a letter around its centre.
func (c *canvas) pose(l *placed, most *shapes, angle float64) {
	vary := func(bound float32) float32 { return bound * (2*c.random.Float32() - 1) }
	size := c.capital * (1 - most.smaller + (most.smaller+most.larger)*c.random.Float32())
	stretch, shear := 1+vary(most.stretch), vary(most.shear)
	taper, bow := vary(most.taper), vary(most.bow)
	weight, rise := vary(most.weight), vary(most.rise)*c.capital
	sin64, cos64 := math.Sincos(angle)
	sin, cos := float32(sin64)*size*unit, float32(cos64)*size*unit

	corners, moves := l.corners[:0], l.moves[:0]
	for i, layer := range l.layers {
		moves = append(moves, place{
			int64((layer.shift*c.light.x - layer.across*c.light.y) * unit),
			int64((layer.shift*c.light.y + layer.across*c.light.x + rise) * unit),
		})
		if l.again(i) {
			continue
		}
		grow := layer.grow + weight
		for _, v := range l.from.vertices {
			x, y := v.at.x+grow*v.grow.x, v.at.y+grow*v.grow.y
			x = x*stretch*(1+taper*y) + shear*y + bow*(y*y-0.125)
			corners = append(corners, place{int64(cos*x - sin*y), int64(sin*x + cos*y)})
		}
	}
	l.corners, l.moves = corners, moves
}

// again reports whether a layer has the same corners as the one before.
func (l *placed) again(i int) bool { return i > 0 && l.layers[i].grow == l.layers[i-1].grow }

// rotation returns a random angle of the range, in radians.
func (r *Renderer) rotation(random *rand.Rand) float64 {
	least, greatest := r.config.RotationMin, r.config.RotationMax
	return (least + random.Float64()*(greatest-least)) * math.Pi / 180
}

// measure notes how far the first layer reaches in each band. Corners are so close together that no corner is two bands
// from the next.
func (l *placed) measure(capital float32) {
	const far = 1 << 40
	for i := range bands {
		l.profile.left[i], l.profile.right[i] = far, -far
	}
	scale := int64(bands / 2 * unit / capital)
	move := l.moves[0]
	for _, p := range l.corners[:len(l.from.vertices)] {
		i := min(max((p.y+move.y)*scale>>(2*unitBits)+bands/2, 0), bands-1)
		l.profile.left[i] = min(l.profile.left[i], p.x+move.x)
		l.profile.right[i] = max(l.profile.right[i], p.x+move.x)
	}
}

// distance returns how far to the right of l the next letter must be, so that the two are gap apart where they are
// closest. Letters that would slip under or over each other are kept apart, so that each has more than half of its
// width to itself.
func (l *placed) distance(next *placed, gap int64) int64 {
	near, lo, hi := int64(math.MinInt64), int64(math.MaxInt64), int64(math.MinInt64)
	for i := range bands {
		for j := max(i-1, 0); j <= min(i+1, bands-1); j++ {
			near = max(near, l.profile.right[i]-next.profile.left[j])
		}
		lo, hi = min(lo, next.profile.left[i]), max(hi, l.profile.right[i])
	}
	return max(near, (hi-lo)*25/32) + gap
}

// warp sets letters side by side and bends the whole text by two waves at right angles. It returns the text's bounds.
func (c *canvas) warp(amount float32) (lo, hi place) {
	wave := func() wave {
		turns := (0.22 + 0.2*c.random.Float32()) / c.capital
		return wave{int64(turns * (waveTurn / unit)), int64(c.random.Float32() * waveTurn), int64(amount * unit)}
	}
	alongX, alongY := wave(), wave()
	lo, hi = place{math.MaxInt64, math.MaxInt64}, place{math.MinInt64, math.MinInt64}
	for i := range c.letters {
		l := &c.letters[i]
		from, to := place{math.MaxInt64, math.MaxInt64}, place{math.MinInt64, math.MinInt64}
		for j, p := range l.corners {
			p.x += l.pen
			p = place{p.x + alongY.at(p.y), p.y + alongX.at(p.x)}
			from = place{min(from.x, p.x), min(from.y, p.y)}
			to = place{max(to.x, p.x), max(to.y, p.y)}
			l.corners[j] = p
		}
		for _, m := range l.moves {
			lo = place{min(lo.x, from.x+m.x), min(lo.y, from.y+m.y)}
			hi = place{max(hi.x, to.x+m.x), max(hi.y, to.y+m.y)}
		}
	}
	return lo, hi
}

// A wave moves places to and fro along a line. It uses integers, which cost less than converting places to floats and
// back.
type wave struct {
	speed  int64 // in units of 1/waveTurn of a turn, to 1/unit of a device pixel
	start  int64 // in units of 1/waveTurn of a turn
	amount int64 // in units of 1/unit of a device pixel
}

const (
	sineBits = 10 // of the steps in a turn: they move a place by less than a hundredth of a pixel
	turnBits = 46
	waveTurn = 1 << turnBits
)

func (w *wave) at(v int64) int64 {
	return w.amount * int64(sines[(w.start+v*w.speed)>>(turnBits-sineBits)&(1<<sineBits-1)]) >> unitBits
}

// sines has one turn of the sine, in units of 1/unit.
var sines = func() (table [1 << sineBits]int32) {
	for i := range table {
		table[i] = int32(math.Round(unit * math.Sin(2*math.Pi*float64(i)/float64(len(table)))))
	}
	return table
}()

// fit makes the filler shrink the text if it is too large for the picture, and move it to a random place in the
// picture.
func (c *canvas) fit(lo, hi place) {
	textWidth, textHeight := float32(hi.x-lo.x+1), float32(hi.y-lo.y+1)
	width, height := (float32(c.width)-2*c.margin)*unit, (float32(c.height)-2*c.margin)*unit
	scale := min(1, width/textWidth, height/textHeight)
	x := int64(c.margin*unit + (width-scale*textWidth)*c.random.Float32())
	y := int64(c.margin*unit + (height-scale*textHeight)*c.random.Float32())
	shrink := int64(scale * unit)
	right, bottom := x+(hi.x-lo.x)*shrink>>unitBits, y+(hi.y-lo.y)*shrink>>unitBits
	// An edge also writes into the pixel after its own; after the last pixel, that is slack.
	c.box = image.Rect(int(x>>unitBits), int(y>>unitBits), min(int(right>>unitBits)+2, c.width), int(bottom>>unitBits)+1)
	c.filler.move, c.filler.shrink = place{x - lo.x*shrink>>unitBits, y - lo.y*shrink>>unitBits}, shrink
}
