package audio

import (
	"encoding/binary"
	"slices"
)

// A packed band takes less memory than one that can be played: 5 bits a sample. Each block begins with its lowest
// sample and a step, and each sample is a number of steps above the lowest. The softest blocks are exact; in the others
// what is lost is far softer than the babble.
type packed struct {
	blocks []byte
	length int // in samples
	scale  int
	power  int64 // mean square, in units of a 16-bit sample
}

// A block holds its first 8 samples in the low halves of 8 bytes and the others in the high ones, so that 8 are
// unpacked at once.
const (
	blockLength = 16 // samples
	blockSize   = 2 + blockLength/2
	steps       = 15 // the most that a sample can be above the lowest
)

// sizeOf returns how many bytes the blocks of that many samples take.
func sizeOf(samples int) int {
	return (samples + blockLength - 1) / blockLength * blockSize
}

// pack appends the blocks to memory, so that many bands can share an allocation and waste none of it, and returns it.
func pack(memory []byte, pcm []int16) ([]byte, packed) {
	b, before := newBand(pcm), len(memory)
	for block := range slices.Chunk(b.samples, blockLength) {
		memory = appendBlock(memory, block)
	}
	return memory, packed{memory[before:len(memory):len(memory)], len(pcm), b.scale, meanSquare(pcm)}
}

func appendBlock(dst, samples []byte) []byte {
	low := int(slices.Min(samples))
	step := max(1, (int(slices.Max(samples))-low+steps-1)/steps)
	var codes [blockSize - 2]byte
	for i, s := range samples {
		code := min((int(s)-low+step/2)/step, (255-low)/step) // a sum above 255 would spill into the next sample
		codes[i%8] |= byte(code) << (i / 8 * 4)
	}
	return append(append(dst, byte(low), byte(step)), codes[:]...)
}

// unpack returns the band in the memory of old, if that is enough.
func (p *packed) unpack(old []byte) band {
	const each, halves = 0x0101010101010101, 0x0f0f0f0f0f0f0f0f
	whole := len(p.blocks) / blockSize * blockLength
	samples := slices.Grow(old[:0], whole)[:whole]
	to := samples
	for from := p.blocks; len(from) >= blockSize && len(to) >= blockLength; {
		low, step := uint64(from[0])*each, uint64(from[1])
		codes := binary.LittleEndian.Uint64(from[2:])
		binary.LittleEndian.PutUint64(to, codes&halves*step+low)
		binary.LittleEndian.PutUint64(to[8:], codes>>4&halves*step+low)
		from, to = from[blockSize:], to[blockLength:]
	}
	return band{samples[:p.length], p.scale}
}
