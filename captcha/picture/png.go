package picture

import (
	"encoding/binary"
	"hash/crc32"
	"image/color"
)

// levels is the number of levels from background to foreground. 16 are enough for smooth edges, and let two pixels fit
// into a byte.
const levels = 16

// A pngWriter writes pictures of one size and one palette: all that differs from picture to picture is the data.
type pngWriter struct {
	head []byte // signature, header, palette and transparency
}

func newPNGWriter(width, height int, palette [levels]color.NRGBA) *pngWriter {
	w := &pngWriter{}
	header := binary.BigEndian.AppendUint32(nil, uint32(width))
	header = binary.BigEndian.AppendUint32(header, uint32(height))
	header = append(header, 4, 3, 0, 0, 0) // 4 bits a pixel, indexed
	var rgb, alpha []byte
	opaque := true
	for _, c := range palette {
		rgb, alpha = append(rgb, c.R, c.G, c.B), append(alpha, c.A)
		opaque = opaque && c.A == 255
	}
	w.head = append(w.head, "\x89PNG\r\n\x1a\n"...)
	w.head = appendChunk(w.head, "IHDR", header)
	w.head = appendChunk(w.head, "PLTE", rgb)
	if !opaque {
		w.head = appendChunk(w.head, "tRNS", alpha)
	}
	return w
}

func appendChunk(dst []byte, name string, data []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(data)))
	start := len(dst)
	dst = append(append(dst, name...), data...)
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start:]))
}

// append writes a whole PNG. In rows, each row comes after its filter byte.
func (w *pngWriter) append(dst, rows []byte, h *huffman) []byte {
	dst = append(dst, w.head...)
	length := len(dst)
	dst = append(dst, 0, 0, 0, 0, 'I', 'D', 'A', 'T', 0x78, 0x01)
	dst = h.append(dst, rows)
	dst = binary.BigEndian.AppendUint32(dst, adler(rows))
	binary.BigEndian.PutUint32(dst[length:], uint32(len(dst)-length-8))
	dst = binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[length+4:]))
	return append(dst, "\x00\x00\x00\x00IEND\xaeB`\x82"...)
}
