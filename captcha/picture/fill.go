package picture

// A filler turns closed paths into coverage. Each edge leaves in its row the change of coverage from pixel to pixel, exact
// areas, so that one running sum a row finishes the anti-aliased fill: no sorting, no scan lines, no supersampling.
// The method is Raph Levien's, of font-rs, and golang.org/x/image/vector uses it too; here contours that run backwards
// subtract, which makes hollow letters, and the sum covers a letter's own rows and columns only.
type filler struct {
	delta         []float32
	x, y          int // of the top left corner in the picture
	width, height int
	stride        int
}

// reset prepares an empty box; points filled later must lie inside it.
func (f *filler) reset(x, y, width, height int) {
	f.x, f.y, f.width, f.height = x, y, width, height
	// Edges write up to two elements past their row's last pixel.
	f.stride = width + 2
	if n := f.stride * height; cap(f.delta) < n {
		f.delta = make([]float32, n)
	} else {
		f.delta = f.delta[:n]
		clear(f.delta)
	}
}

// contour adds a closed run of curves, on-curve and control points in turn.
func (f *filler) contour(points []point, sign float32) {
	ox, oy := float32(f.x), float32(f.y)
	last := len(points) - 2
	a := point{points[0].x - ox, points[0].y - oy}
	first := a
	for i := 0; i <= last; i += 2 {
		b := point{points[i+1].x - ox, points[i+1].y - oy}
		c := first
		if i < last {
			c = point{points[i+2].x - ox, points[i+2].y - oy}
		}
		f.curve(a, b, c, sign)
		a = c
	}
}

// curve is cut into as few lines as keep within a tenth of a pixel or so: the chord of a quadratic is at most a quarter
// of |a-2b+c| away, and n pieces divide that by n squared.
func (f *filler) curve(a, b, c point, sign float32) {
	dx, dy := a.x-2*b.x+c.x, a.y-2*b.y+c.y
	bend := dx*dx + dy*dy
	n := 1
	for limit := float32(0.5); bend > limit*limit*float32(n*n)*float32(n*n) && n < 8; {
		n++
	}
	p := a
	for i := 1; i < n; i++ {
		t := float32(i) / float32(n)
		u := 1 - t
		q := point{u*u*a.x + 2*u*t*b.x + t*t*c.x, u*u*a.y + 2*u*t*b.y + t*t*c.y}
		f.line(p, q, sign)
		p = q
	}
	f.line(p, c, sign)
}

func (f *filler) line(p, q point, sign float32) {
	if p.y == q.y {
		return
	}
	if p.y > q.y {
		p, q, sign = q, p, -sign
	}
	slope := (q.x - p.x) / (q.y - p.y)
	x := p.x
	bottom := int(q.y)
	if float32(bottom) < q.y {
		bottom++
	}
	bottom = min(bottom, f.height)
	for y := int(p.y); y < bottom; y++ {
		rise := min(float32(y+1), q.y) - max(float32(y), p.y)
		next := x + slope*rise
		f.span(y*f.stride, x, next, rise*sign)
		x = next
	}
}

// span adds an edge that crosses part of one row from x to next.
func (f *filler) span(row int, x, next, d float32) {
	x0, x1 := x, next
	if x0 > x1 {
		x0, x1 = x1, x0
	}
	left, right := int(x0), int(x1)
	if float32(right) < x1 {
		right++
	}
	a := f.delta[row+left:]
	if right <= left+1 {
		m := (x+next)/2 - float32(left)
		a[1] += d * m
		a[0] += d - d*m
		return
	}
	s := 1 / (x1 - x0)
	x0f := x0 - float32(left)
	x1f := x1 - float32(right) + 1
	first := s * (1 - x0f) * (1 - x0f) / 2
	final := s * x1f * x1f / 2
	n := right - left
	a[n] += d * final
	a[0] += d * first
	if n == 2 {
		a[1] += d * (1 - first - final)
		return
	}
	second := s * (1.5 - x0f)
	a[1] += d * (second - first)
	for i := 2; i < n-1; i++ {
		a[i] += d * s
	}
	a[n-1] += d * (1 - second - float32(n-3)*s - final)
}
