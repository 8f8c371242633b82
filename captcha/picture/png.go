package picture

import (
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
	"image/color"
)

const levels = 16

// A pngWriter writes pictures of one size and one palette: all that differs from picture to picture is the data.
type pngWriter struct {
	head []byte // signature, header, palette and transparency
	data int    // bytes of a picture's rows
}

func newPNGWriter(width, height int, palette [levels]color.NRGBA) *pngWriter {
	w := &pngWriter{data: height * (1 + (width+1)/2)}
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

// append writes the rows, each after its filter byte, as a whole PNG.
func (w *pngWriter) append(dst, rows []byte) []byte {
	dst = append(dst, w.head...)
	length := len(dst)
	dst = append(dst, 0, 0, 0, 0, 'I', 'D', 'A', 'T', 0x78, 0x01)
	const block = 65535
	for rest := rows; ; {
		n := min(len(rest), block)
		last := byte(0)
		if n == len(rest) {
			last = 1
		}
		dst = append(dst, last, byte(n), byte(n>>8), ^byte(n), ^byte(n>>8))
		dst = append(dst, rest[:n]...)
		if rest = rest[n:]; last == 1 {
			break
		}
	}
	dst = binary.BigEndian.AppendUint32(dst, adler32.Checksum(rows))
	binary.BigEndian.PutUint32(dst[length:], uint32(len(dst)-length-8))
	dst = binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[length+4:]))
	return appendChunk(dst, "IEND", nil)
}
