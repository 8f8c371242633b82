package handlers

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
)

// A repacker makes the PNGs of package picture smaller and leaves their pixels alone. It spends several times what drawing
// them costs, which would not pay for a picture that is sent once.
type repacker struct{ writers sync.Pool }

// repackLevel takes a third off a picture, and two thirds off a hatched one. The highest gains 4 % more at ten times the cost.
const repackLevel = 7

const pngSignature = 8 // bytes

// repack returns a PNG, whose pixels are in one chunk, with that chunk compressed again.
func (r *repacker) repack(picture []byte) ([]byte, error) {
	var smaller bytes.Buffer
	smaller.Write(picture[:pngSignature])
	for rest := picture[pngSignature:]; len(rest) > 0; {
		size := binary.BigEndian.Uint32(rest)
		name, data := string(rest[4:8]), rest[8:8+size]
		if name == "IDAT" {
			var err error
			if data, err = r.compress(data); err != nil {
				return nil, err
			}
		}
		writeChunk(&smaller, name, data)
		rest = rest[12+size:]
	}
	return smaller.Bytes(), nil
}

func (r *repacker) compress(data []byte) ([]byte, error) {
	rows, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	w, ok := r.writers.Get().(*zlib.Writer)
	if !ok {
		w, _ = zlib.NewWriterLevel(nil, repackLevel) // The error is that of a level out of range.
	}
	defer r.writers.Put(w)
	var packed bytes.Buffer
	w.Reset(&packed)
	if _, err := io.Copy(w, rows); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// writeChunk writes a chunk with its length before and its checksum behind it.
func writeChunk(w *bytes.Buffer, name string, data []byte) {
	binary.Write(w, binary.BigEndian, uint32(len(data)))
	start := w.Len()
	w.WriteString(name)
	w.Write(data)
	binary.Write(w, binary.BigEndian, crc32.ChecksumIEEE(w.Bytes()[start:]))
}
