package captcha

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"unicode"
)

// randomAnswer draws an answer of least to most letters, uniformly.
func randomAnswer(alphabet []rune, least, most int) string {
	var d dice
	letters := make([]rune, least+d.roll(most-least+1))
	for i := range letters {
		letters[i] = alphabet[d.roll(len(alphabet))]
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
		// The last, incomplete run of n numbers would make its members likelier.
		if limit := 1 << 16 / n * n; x < limit {
			return x % n
		}
	}
}

// fold makes upper and lower case alike, within a script: the Kelvin sign and the dotless i are not K and I.
func fold(s string) string {
	letters := []rune(s)
	for i, r := range letters {
		if upper := unicode.ToUpper(r); (upper < 0x80) == (r < 0x80) {
			letters[i] = upper
		}
	}
	return string(letters)
}

// sameAnswer compares in a time that depends on neither's letters.
func sameAnswer(a, b string) bool {
	hashA, hashB := sha256.Sum256([]byte(fold(a))), sha256.Sum256([]byte(fold(b)))
	return subtle.ConstantTimeCompare(hashA[:], hashB[:]) == 1
}
