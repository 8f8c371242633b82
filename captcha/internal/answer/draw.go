package answer

import (
	"crypto/rand"
	"encoding/binary"
)

// Draw returns an answer of least to most letters. All lengths are equally likely, and so are all letters. most must
// not be less than least, and must be less than 65,536 more.
func (a *Alphabet) Draw(least, most int) string {
	var d dice
	letters := make([]rune, least+d.roll(most-least+1))
	for i := range letters {
		letters[i] = a.letters[d.roll(len(a.letters))]
	}
	return string(letters)
}

// dice rolls crypto/rand, a buffer at a time.
type dice struct {
	buffer [32]byte
	left   []byte
}

// roll returns a number below n, every one equally likely. n is at most 65,536.
func (d *dice) roll(n int) int {
	for {
		if len(d.left) < 2 {
			rand.Read(d.buffer[:])
			d.left = d.buffer[:]
		}
		x := int(binary.LittleEndian.Uint16(d.left))
		d.left = d.left[2:]
		// Numbers in the last, incomplete run of n would be likelier than others.
		if limit := 1 << 16 / n * n; x < limit {
			return x % n
		}
	}
}
