package picture

// A filler turns polygons into coverage. Each edge leaves in its row the change of coverage from pixel to pixel, so
// that one running sum a row finishes the anti-aliased fill: no sorting of edges, no spans. The running sum is Raph
// Levien's, of font-rs, which golang.org/x/image/vector uses too. There it is exact in both directions; here it is
// exact across, and rows are sampled on lines, which takes half of the time: an edge needs no case for each way that it
// can cross a pixel. Polygons that run backwards subtract, which makes hollow letters.
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

// coverBits is what a pixel's whole coverage is a power of. A sum has room for seven layers over each other either way,
// and three letters of two are the most that meet.
const coverBits = 28

// Lines on which a row is sampled. With two of them letters look as they do with four, and twice as many edges are
// filled in the time.
const (
	sampleBits = 1
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
	f.width = width
	f.delta = resize(f.delta, (width+slack)*height)
}

// polygon adds a closed run of edges, moved, with a share of full coverage in 256ths.
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
		// An edge that runs up takes away. Without a branch, for it would go either way half of the time.
		up := count >> 63
		first += count & up
		count = (count ^ up) - up
		share := (share ^ up) - up
		x := p.x + (first*sampleStep+sampleStep/2-p.y)*step>>(unitBits-sampleBits)
		// Places count on from row to row. Every second sample is in the next row, so that two moves take turns.
		at := first>>sampleBits*row + x
		move, change := step, step^(step+row)
		move ^= change & -(first & 1)
		share <<= coverBits - wholeBits - sampleBits - unitBits
		for ; count > 0; count-- {
			// In its pixel an upright edge covers what lies right of it.
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

// sample is the first at or below y. Samples lie in the middle of their part of a row.
func sample(y int64) int64 { return (y + sampleStep/2 - 1) >> (unitBits - sampleBits) }

// row is the changes of coverage in a row of pixels.
func (f *filler) row(y int) []int32 {
	return f.delta[y*(f.width+slack):][:f.width+slack]
}

// inkBits takes coverage to steps of ink.
const inkBits = coverBits - 8
