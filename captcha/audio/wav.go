package audio

import (
	"encoding/binary"

	"github.com/fibercaptcha/fibercaptcha/captcha/audio/recordings"
)

// rate is the number of samples a second in the file, and sampleSize the number of bytes in each. Every browser plays
// WAV files with eight unsigned bits a sample, and 12 seconds of that fit into 100 KB. The rounding error is more than
// 30 dB below the babble.
const (
	rate       = recordings.Rate
	sampleSize = 1
	headerSize = 44
)

// appendHeader appends the header of a mono PCM file that holds size bytes of samples, an even number. The lengths have
// to be right, for a player that plays the file from start to end and for a server that answers requests for ranges of
// it.
func appendHeader(dst []byte, size int) []byte {
	le := binary.LittleEndian
	dst = append(dst, "RIFF"...)
	dst = le.AppendUint32(dst, uint32(headerSize-8+size))
	dst = append(dst, "WAVEfmt "...)
	dst = le.AppendUint32(dst, 16) // bytes of the format that follows
	dst = le.AppendUint16(dst, 1)  // PCM
	dst = le.AppendUint16(dst, 1)  // channels
	dst = le.AppendUint32(dst, rate)
	dst = le.AppendUint32(dst, rate*sampleSize)
	dst = le.AppendUint16(dst, sampleSize)
	dst = le.AppendUint16(dst, sampleSize*8)
	dst = append(dst, "data"...)
	return le.AppendUint32(dst, uint32(size))
}

// encode turns a mix into a WAV file, as loud as fits without cutting peaks.
func encode(mix []int32) []byte {
	low, high := int32(-1), int32(1)
	for _, s := range mix {
		low, high = min(low, s), max(high, s)
	}
	gain := 127 * one / max(-int(low), int(high))
	// A chunk of odd length would be followed by a byte that it does not count, and WebKitGTK plays nothing of such a
	// file.
	size := len(mix) + len(mix)%2
	wav := make([]byte, headerSize+size)
	appendHeader(wav[:0], size)
	samples := wav[headerSize:]
	for i, s := range mix {
		samples[i] = byte((int(s)*gain + silent*one + one/2) >> 16)
	}
	for i := len(mix); i < size; i++ {
		samples[i] = silent
	}
	return wav
}
