package picture

import "image"

// A filler turns polygons into coverage. Each edge leaves in its row the change of coverage from pixel to pixel, so that one running sum a row
// finishes the anti-aliased fill: no sorting of edges, no spans. The running sum is Raph Levien's, of font-rs, which golang.org/x/image/vector
// uses too. There it is exact in both directions; here rows are sampled on lines, and exact across, which takes a third of the time, for
// an edge then needs no case for each way that it can cross a pixel. Polygons that run backwards subtract, which makes hollow letters.
type filler struct {
	delta         []int16 // in 4096ths
	width, height int
}

// A place is a point in units of 1/unit of a device pixel.
type place struct{ x, y int }

const (
	unit     = 1 << unitBits
	unitBits = 16
)

// coverBits is what a pixel's whole coverage is a power of. A sum has room for seven layers over each other either way, and three letters
// of two are the most that meet.
const coverBits = 12

// Lines on which a row is sampled: with 4 of them even a level edge has a quarter of the palette's steps.
const (
	sampleBits = 2
	sampleStep = unit >> sampleBits
)

// whole is the share of a layer that covers fully.
const (
	whole     = 1 << wholeBits
	wholeBits = 8
)

// slack is how far past a row's last pixel an edge on the right border writes.
const slack = 1

// reset prepares an empty picture; points filled later must lie inside it.
func (f *filler) reset(width, height int) {
	f.width, f.height = width, height
	f.delta = resize(f.delta, (width+slack)*height)
}

// polygon adds a closed run of edges, with a share of full coverage in 256ths.
func (f *filler) polygon(corners []place, share int) {
	from := corners[len(corners)-1]
	for _, to := range corners {
		f.line(from, to, share)
		from = to
	}
}

// line adds an edge. Samples lie in the middle of their part of a row.
func (f *filler) line(p, q place, share int) {
	const bits = unitBits - sampleBits
	first, end := (p.y+sampleStep/2-1)>>bits, (q.y+sampleStep/2-1)>>bits
	if first == end {
		return
	}
	// Without a branch, which would go either way half of the time.
	up := (end - first) >> 63
	share = (share ^ up) - up
	first, end = min(first, end), max(first, end)
	step := int(float32(q.x-p.x) / float32(q.y-p.y) * sampleStep)
	x := p.x + (first*sampleStep+sampleStep/2-p.y)*step>>bits
	delta, stride := f.delta, f.width+slack
	for ; first < end; first++ {
		// In its pixel an upright edge covers what lies right of it.
		cell := first>>sampleBits*stride + x>>unitBits
		beyond := int16(share * (x & (unit - 1)) >> (unitBits + wholeBits - coverBits + sampleBits))
		delta[cell] += int16(share<<(coverBits-wholeBits-sampleBits)) - beyond
		delta[cell+1] += beyond
		x += step
	}
}

// ink adds the coverage up inside of a box. Where there is none the ink is base, and it grows from there for positive coverage and shrinks for
// negative.
func (f *filler) ink(dst []uint8, base uint8, box image.Rectangle) {
	fill(dst, base)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		row := dst[y*f.width+box.Min.X : y*f.width+box.Max.X]
		sumUp(row, f.delta[y*(f.width+slack)+box.Min.X:], int(base)<<inkBits)
	}
}

// inkBits takes coverage to steps of ink.
const inkBits = coverBits - 8

// sumUp is not inlined so that its sum stays in a register.
//
//go:noinline
func sumUp(row []uint8, delta []int16, sum int) {
	delta = delta[:len(row)]
	for x, d := range delta {
		sum += int(d)
		v := sum >> inkBits
		if uint(v) > 255 {
			v = ^v >> 63 // 0 for what is too low
		}
		row[x] = uint8(v)
	}
}

// fill sets every byte, doubling what is set, which is as fast as copying.
func fill(s []uint8, v uint8) {
	s[0] = v
	for n := 1; n < len(s); n *= 2 {
		copy(s[n:], s[:n])
	}
}
