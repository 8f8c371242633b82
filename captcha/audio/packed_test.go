package audio

import (
	"math/rand/v2"
	"testing"
)

// What is unpacked is what was packed, to within a step of its block, at every length and at the ends of the range.
func TestUnpack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for length := 1; length < 3*blockLength; length++ {
		for _, loud := range []int{0, 1, 7, 8, 100, 32_767} {
			pcm := make([]int16, length)
			for i := range pcm {
				pcm[i] = int16(random.IntN(2*loud+1) - loud)
			}
			pcm[random.IntN(length)] = int16(loud)
			want := newBand(pcm)
			memory, p := pack([]byte{1, 2, 3}, pcm)
			if len(memory) != 3+sizeOf(length) || len(p.blocks) != sizeOf(length) {
				t.Fatalf("%d samples take %d bytes, not %d", length, len(p.blocks), sizeOf(length))
			}
			got := p.unpack(nil)
			if len(got.samples) != length || got.scale != want.scale {
				t.Fatalf("%d samples of scale %d became %d of scale %d", length, want.scale, len(got.samples), got.scale)
			}
			for i, s := range want.samples {
				step := int(p.blocks[i/blockLength*blockSize+1])
				if off := int(got.samples[i]) - int(s); off > step || off < -step {
					t.Fatalf("sample %d of %d up to %d: %d became %d, in steps of %d", i, length, loud, s, got.samples[i], step)
				}
			}
		}
	}
}
