package keep

import (
	"crypto/cipher"
	"encoding/binary"
	"strings"
	"time"
)

// firstKeys open sealed keys of the first version, so that replicas can be upgraded one by one: a key that an older
// replica issued stays good for the rest of its life. Those keys had 48 bytes too:
//
//	nonce  12  the low byte of the period's number, then 11 random bytes
//	text   20  encrypted: expiry in Unix milliseconds, the low 40 bits (5), language by its place in the list of the
//	           replica that sealed (1), answer in UTF-8 padded with zeros (14)
//	tag    16  authenticates the namespace as well
//
// They had no purpose and no binding.
type firstKeys struct {
	aead cipher.AEAD
	prf  cipher.Block
}

func newFirstKeys(s *sealer, number int64) *firstKeys {
	aead, err := cipher.NewGCM(newAES(s.derive("seal", number)))
	if err != nil {
		panic(err) // only for a block of the wrong size
	}
	return &firstKeys{aead, newAES(s.derive("seed", number))}
}

// openFirst returns what a key of the first version stands for.
func (s *sealer) openFirst(key, namespace string, now time.Time, languages []Language) (Challenge, bool) {
	sealed, ok := decodeKey(key)
	if !ok || !s.first {
		return Challenge{}, false
	}
	current := periodOf(now)
	age := int64(int8(byte(current) - sealed[0])) // -1: sealed by a server whose clock is a little ahead
	if age < -1 || age > maxPeriods {
		return Challenge{}, false
	}
	keys := s.keys(current - age).first
	var room [textSize]byte
	text, err := keys.aead.Open(room[:0], sealed[:nonceSize], sealed[nonceSize:], []byte(namespace))
	if err != nil {
		return Challenge{}, false
	}
	c := Challenge{
		Answer:  strings.TrimRight(string(text[6:]), "\x00"),
		Expires: firstExpiry([5]byte(text[:5]), now),
		Seed:    expand(keys.prf, sealed[:nonceSize]),
	}
	c.Language = atPlace(languages, text[5])
	return c, true
}

// atPlace returns the language that the first version named by its place.
func atPlace(languages []Language, place byte) Language {
	if int(place) < len(languages) {
		return languages[place]
	}
	return 0
}

// firstExpiry returns the moment nearest to now whose Unix milliseconds end in these 40 bits, which recur every 34
// years.
func firstExpiry(low [5]byte, now time.Time) time.Time {
	var ms [8]byte
	copy(ms[:], low[:])
	current := now.UnixMilli()
	left := (int64(binary.BigEndian.Uint64(ms[:])) - current<<24) >> 24
	return time.UnixMilli(current + left)
}
