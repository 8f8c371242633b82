package picture

// A filler turns closed paths into coverage. Each edge leaves in its row the change of coverage from pixel to pixel, exact
// areas, so that one running sum a row finishes the anti-aliased fill: no sorting, no scan lines, no supersampling.
// The method is Raph Levien's, of font-rs, and golang.org/x/image/vector uses it too. Here contours that run backwards
// subtract, which makes hollow letters, only the touched part of a row is summed, and the sum is one of integers, which
// processors add four times as fast as floats that wait for each other.
type filler struct {
	delta         []int32 // in units of 1/unit
	touched       []extent
	width, height int
}

// An extent is the columns of a row from the first that an edge touched up to the one after the last.
type extent struct{ from, to int }

// unit is the coverage of a whole pixel.
const (
	unit     = 1 << unitBits
	unitBits = 16
)

// whole is the share of a layer that covers fully.
const whole = 256

// slack is how far past a row's last pixel an edge on the right border writes.
const slack = 2

// reset prepares an empty picture; points filled later must lie inside it.
func (f *filler) reset(width, height int) {
	f.width, f.height = width, height
	f.delta = resize(f.delta, (width+slack)*height)
	f.touched = resize(f.touched, height)
	for y := range f.touched {
		f.touched[y].from = width
	}
}

// A place is a point in units of 1/unit.
type place struct{ x, y int32 }

func placeOf(x, y float32) place { return place{int32(x * unit), int32(y * unit)} }

// contour adds a closed run of curves, on-curve and control points in turn, with a share of full coverage in 256ths.
func (f *filler) contour(points []point, share int32) {
	last := len(points) - 2
	from := placeOf(points[0].x, points[0].y)
	start := from
	for i := 0; i < last; i += 2 {
		to := placeOf(points[i+2].x, points[i+2].y)
		f.curve(points[i], points[i+1], points[i+2], from, to, share)
		from = to
	}
	f.curve(points[last], points[last+1], points[0], from, start, share)
}

// flat is how far, squared, a control point may be off the middle between its neighbours, doubled, for a line to do: the line is then
// a fifth of a pixel off at most.
const flat = 0.6

// curve is cut into as few lines as keep that near: n pieces divide the distance by n squared.
func (f *filler) curve(a, b, c point, from, to place, share int32) {
	dx, dy := a.x-2*b.x+c.x, a.y-2*b.y+c.y
	if bend := dx*dx + dy*dy; bend > flat {
		n := 2
		for bend > flat*float32(n*n*n*n) && n < 16 {
			n++
		}
		step := 1 / float32(n)
		for i := 1; i < n; i++ {
			t := float32(i) * step
			u := 1 - t
			q := placeOf(u*u*a.x+2*u*t*b.x+t*t*c.x, u*u*a.y+2*u*t*b.y+t*t*c.y)
			f.line(from, q, share)
			from = q
		}
	}
	f.line(from, to, share)
}

func (f *filler) line(p, q place, share int32) {
	if p.y == q.y {
		return
	}
	if p.y > q.y {
		p, q, share = q, p, -share
	}
	slope := int64(float32(q.x-p.x) / float32(q.y-p.y) * unit)
	x, y := p.x, p.y
	row := int(y >> unitBits)
	at := row * (f.width + slack)
	for y < q.y {
		bottom, next := int32(row+1)*unit, q.x
		if bottom < q.y {
			next = x + int32(slope*int64(bottom-y)>>unitBits)
		} else {
			bottom = q.y
		}
		left, right := int(x), int(next)
		if left > right {
			left, right = right, left
		}
		column, end := left>>unitBits, right>>unitBits
		extent := &f.touched[row]
		if column < extent.from {
			extent.from = column
		}
		if end+slack > extent.to {
			extent.to = end + slack
		}
		d := (bottom - y) * share >> 8 // in 256ths
		cells := f.delta[at+column : at+end+slack]
		if column == end {
			// Within one pixel, what lies to the right of the edge is a trapezium.
			mean := (left+right)>>1 - column*unit
			beyond := int32(int64(d) * int64(mean) >> unitBits)
			cells[0] += d - beyond
			cells[1] += beyond
		} else {
			span(cells, left-column*unit, right-column*unit, d)
		}
		x, y = next, bottom
		row++
		at += f.width + slack
	}
}

// span adds an edge that crosses several pixels, from left, in the first of the cells, to right, in the one before the last. A pixel's
// coverage is the part of the edge that lies before it, and the mean of the part within; cells hold the differences between pixels.
func span(cells []int32, left, right int, d int32) {
	slope := float32(d) / float32(right-left)
	first := slope * float32(unit-left) // what the edge rises in the first pixel
	cover := first * float32(unit-left) * (0.5 / unit)
	was := int32(cover)
	cells[0] += was
	before := first
	last := len(cells) - 2
	for i := 1; i < last; i++ {
		now := int32(before + slope*(unit/2))
		cells[i] += now - was
		was = now
		before += slope * unit
	}
	within := float32(right - last*unit)
	now := int32(before + slope*within*(1-within*(0.5/unit)))
	cells[last] += now - was
	cells[last+1] += d - now
}

// ink adds the coverage up. Where there is none the ink is base, and it grows from there for positive coverage and shrinks for negative.
func (f *filler) ink(dst []uint8, base uint8) {
	fill(dst, base)
	shift := 8 // From units of coverage to 255 steps of ink, or half of them each way.
	if base > 0 {
		shift = 9
	}
	for y, extent := range f.touched {
		to := min(extent.to, f.width)
		if extent.from >= to {
			continue
		}
		row := dst[y*f.width+extent.from : y*f.width+to]
		delta := f.delta[y*(f.width+slack)+extent.from:][:len(row)]
		sum := int32(unit / 512) // Half a step, so that rounding errors leave no trace.
		for x, d := range delta {
			sum += d
			row[x] = uint8(min(max(int32(base)+sum>>(shift&31), 0), 255))
		}
	}
}

// fill sets every byte, doubling what is set, which is as fast as copying.
func fill(s []uint8, v uint8) {
	s[0] = v
	for n := 1; n < len(s); n *= 2 {
		copy(s[n:], s[:n])
	}
}
