package picture

// A filler turns polygons into coverage. Each edge leaves in its rows the changes of coverage from pixel to pixel, so
// that one running sum for each row finishes the anti-aliased fill, without sorted edges or spans. The running sum is
// Raph Levien's idea, from font-rs, and golang.org/x/image/vector uses it too. There coverage is exact in both
// directions. Here it is exact horizontally, and rows are sampled on lines. That takes half of the time, because an
// edge does not need a case for each way in which it can cross a pixel. Polygons that run backwards subtract, which
// makes hollow letters.
type filler struct {
	delta  []int32 // in units of 1/2^coverBits
	width  int
	move   place // of all that is filled, after it was shrunk
	shrink int64 // in units of 1/unit
}

// A place is a point in units of 1/unit of a device pixel.
type place struct{ x, y int64 }

const (
	unit     = 1 << unitBits
	unitBits = 16
)

// coverBits says how much a pixel's whole coverage is: 1 << coverBits. A sum has room for seven layers on top of each
// other, positive or negative. At most three letters of two layers meet.
const coverBits = 28

// The lines on which a row is sampled. With two lines letters look as they do with four, and filling takes half of the
// time.
const (
	sampleBits = 1
	sampleStep = unit >> sampleBits
)

// whole is the share of a layer that covers completely.
const (
	whole     = 1 << wholeBits
	wholeBits = 8
)

// slack is how far past a row's last pixel an edge on the right border writes.
const slack = 1

// reset prepares an empty picture; points filled later must lie inside it.
func (f *filler) reset(width, height int) {
	f.width = width
	f.delta = resize(f.delta, (width+slack)*height)
}

// polygon adds a closed run of edges, moved by move, with a share of full coverage in 256ths.
func (f *filler) polygon(corners []place, move place, share int64) {
	delta, row := f.delta, int64(f.width+slack)<<unitBits
	shrink := f.shrink
	move = place{f.move.x + move.x*shrink>>unitBits, f.move.y + move.y*shrink>>unitBits}
	p := corners[len(corners)-1]
	p = place{move.x + p.x*shrink>>unitBits, move.y + p.y*shrink>>unitBits}
	next := sample(p.y)
	for _, q := range corners {
		q = place{move.x + q.x*shrink>>unitBits, move.y + q.y*shrink>>unitBits}
		first := next
		next = sample(q.y)
		count := next - first
		step := int64(float32(q.x-p.x) / float32(q.y-p.y) * sampleStep)
		// An edge that runs upwards subtracts. There is no branch, because each way would be taken half of the time.
		up := count >> 63
		first += count & up
		count = (count ^ up) - up
		share := (share ^ up) - up
		x := p.x + (first*sampleStep+sampleStep/2-p.y)*step>>(unitBits-sampleBits)
		// Positions run on from row to row. Every second sample is in the next row, so two different steps alternate.
		at := first>>sampleBits*row + x
		move, change := step, step^(step+row)
		move ^= change & -(first & 1)
		share <<= coverBits - wholeBits - sampleBits - unitBits
		for ; count > 0; count-- {
			// In its pixel, a vertical edge covers what is to the right of it.
			beyond := int32(share * (at & (unit - 1)))
			i := uint64(at) >> unitBits
			delta[i+1] += beyond
			delta[i] += int32(share<<unitBits) - beyond
			at += move
			move ^= change
		}
		p = q
	}
}

// sample returns the number of the first sample at or below y. Samples lie in the middle of their part of a row.
func sample(y int64) int64 { return (y + sampleStep/2 - 1) >> (unitBits - sampleBits) }

// row returns the changes of coverage in a row of pixels.
func (f *filler) row(y int) []int32 {
	return f.delta[y*(f.width+slack):][:f.width+slack]
}

// inkBits is how far coverage is shifted to become ink, 0 to 255.
const inkBits = coverBits - 8
