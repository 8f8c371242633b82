package picture

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// A huffman compresses bytes into a deflate stream of one block, with codes that were made beforehand for similar
// bytes. It looks for no repetitions: on these pictures, where a byte of plain ground takes one bit, those would save
// few bytes, and finding them takes longer than drawing. At 240 x 80, it takes less time and fewer bytes than deflate's
// fixed codes with runs and matches in the row above. Over HTTP at 90 x 40, a request costs as much CPU as with a block
// that is only stored, and a reply has 2.9 KB instead of 5.4.
type huffman struct {
	codes [256]uint32 // length<<16 | bits, the first of them lowest
	plain uint64      // eight times the byte with the shortest code, that of plain ground
	run   uint64      // their codes, one after the other, or none if those take too many bits
	bits  uint        // of the run; none if there is none
	head  []byte      // the block's header, except for its last bits
	tail  uint64
	odd   uint // the number of those
	end   uint32
}

// longestCode keeps four codes and the seven bits that may be waiting within 64; deflate allows one more.
const longestCode = 14

const (
	endOfBlock = 256
	symbols    = 257
)

// newHuffman makes codes for bytes that are as frequent as counted. Bytes that were not counted get codes too.
func newHuffman(counts [256]int) *huffman {
	var weights [symbols]int
	for i, n := range counts {
		weights[i] = n + 1
	}
	weights[endOfBlock] = 1
	lengths := codeLengths(weights[:])
	h := &huffman{}
	codes := canonical(lengths)
	copy(h.codes[:], codes)
	h.end = codes[endOfBlock]
	h.findRun()
	h.writeHead(lengths)
	return h
}

// findRun prepares the code of eight bytes of plain ground, the most frequent eight bytes of large pictures. There is
// room for at most 56 bits beside the seven that may be waiting.
func (h *huffman) findRun() {
	shortest := 0
	for i, code := range h.codes {
		if code>>16 < h.codes[shortest]>>16 {
			shortest = i
		}
	}
	length := uint(h.codes[shortest] >> 16)
	if 8*length > 56 {
		return
	}
	for range 8 {
		h.plain = h.plain<<8 | uint64(shortest)
		h.run |= uint64(h.codes[shortest]&0xffff) << h.bits
		h.bits += length
	}
}

// codeLengths returns Huffman's code lengths. It makes the weights more alike until no code is too long.
func codeLengths(weights []int) []int {
	for {
		lengths := huffmanLengths(weights)
		if slices.Max(lengths) <= longestCode {
			return lengths
		}
		for i := range weights {
			weights[i] = weights[i]/2 + 1
		}
	}
}

// huffmanLengths joins the two rarest nodes until one is left. Joined nodes come out in order of their weights, so that
// the rarest is always the first of the symbols or the first of the joined ones that are still there.
func huffmanLengths(weights []int) []int {
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weights[a], weights[b]) })
	total, parent := slices.Clone(weights), make([]int, 2*len(weights)-1)
	leaf, joined := 0, len(weights)
	rarest := func() int {
		if joined == len(total) || leaf < len(order) && total[order[leaf]] <= total[joined] {
			leaf++
			return order[leaf-1]
		}
		joined++
		return joined - 1
	}
	for len(total) < len(parent) {
		a, b := rarest(), rarest()
		parent[a], parent[b] = len(total), len(total)
		total = append(total, total[a]+total[b])
	}
	depth := make([]int, len(parent))
	for i := len(parent) - 2; i >= 0; i-- {
		depth[i] = depth[parent[i]] + 1
	}
	return depth[:len(weights)]
}

// canonical numbers the codes as section 3.2.2 of RFC 1951 does: shorter ones first, and then in the symbols' order.
func canonical(lengths []int) []uint32 {
	codes := make([]uint32, len(lengths))
	next := uint32(0)
	for length := 1; length <= 15; length++ {
		for symbol, l := range lengths {
			if l == length {
				codes[symbol] = uint32(length)<<16 | bits.Reverse32(next)>>(32-length)
				next++
			}
		}
		next <<= 1
	}
	return codes
}

// writeHead writes the block's header (RFC 1951, section 3.2.7), which has the code lengths. Each takes four bits,
// because a code of sixteen equal lengths is valid. That costs a few dozen bytes, and saves a second Huffman code.
func (h *huffman) writeHead(lengths []int) {
	var b bitWriter
	b.write(1, 1) // the last block
	b.write(2, 2) // with codes of its own
	b.write(symbols-257, 5)
	b.write(0, 5)  // one distance code, which stays unused
	b.write(15, 4) // 19 lengths of length codes, in this order:
	for _, symbol := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15} {
		if symbol < 16 {
			b.write(4, 3)
		} else {
			b.write(0, 3)
		}
	}
	for _, length := range append(slices.Clone(lengths), 1) {
		b.write(uint64(bits.Reverse8(uint8(length))>>4), 4)
	}
	h.head, h.tail, h.odd = b.bytes, b.buffer, b.filled
}

// A bitWriter writes the lowest bits first, as deflate does.
type bitWriter struct {
	bytes  []byte
	buffer uint64
	filled uint
}

func (b *bitWriter) write(v uint64, count uint) {
	b.buffer |= v << b.filled
	for b.filled += count; b.filled >= 8; b.filled -= 8 {
		b.bytes = append(b.bytes, byte(b.buffer))
		b.buffer >>= 8
	}
}

// append compresses data: four bytes at a time without a branch, or eight if they are plain ground.
func (h *huffman) append(dst, data []byte) []byte {
	dst = append(dst, h.head...)
	at := len(dst)
	dst = slices.Grow(dst, len(data)*longestCode/8+16)
	out := dst[:cap(dst)]
	buffer, filled := h.tail, h.odd
	for ; len(data) >= 4; data = data[4:] {
		for len(data) >= 8 && h.bits > 0 && binary.LittleEndian.Uint64(data) == h.plain {
			buffer |= h.run << (filled & 63)
			filled += h.bits
			binary.LittleEndian.PutUint64(out[at:], buffer)
			at += int(filled / 8)
			buffer >>= filled &^ 7 & 63
			filled %= 8
			data = data[8:]
		}
		if len(data) < 4 {
			break
		}
		a, b, c, d := h.codes[data[0]], h.codes[data[1]], h.codes[data[2]], h.codes[data[3]]
		buffer |= uint64(a&0xffff) << (filled & 63)
		filled += uint(a >> 16)
		buffer |= uint64(b&0xffff) << (filled & 63)
		filled += uint(b >> 16)
		buffer |= uint64(c&0xffff) << (filled & 63)
		filled += uint(c >> 16)
		buffer |= uint64(d&0xffff) << (filled & 63)
		filled += uint(d >> 16)
		binary.LittleEndian.PutUint64(out[at:], buffer)
		at += int(filled / 8)
		buffer >>= filled &^ 7 & 63
		filled %= 8
	}
	rest := bitWriter{out[:at], buffer, filled}
	for _, v := range data {
		rest.write(uint64(h.codes[v]&0xffff), uint(h.codes[v]>>16))
	}
	rest.write(uint64(h.end&0xffff), uint(h.end>>16))
	rest.write(0, 7) // up to the next whole byte
	return rest.bytes
}
