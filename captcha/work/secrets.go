package work

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// secrets are what follows from a challenge's seed and level. Nonce and salt are public. They reveal nothing about the
// others, because HKDF makes all of them from a seed that nobody knows.
type secrets struct {
	nonce, salt []byte // 16 bytes each
	choice      []byte // 8 bytes, from which the counter follows
	sealing     []byte // the key for the right half
	signing     []byte // the key for ALTCHA's parameters
}

func newSecrets(seed [32]byte, level uint8) secrets {
	const size = 16 + 16 + 8 + 32 + 32
	all, err := hkdf.Expand(sha256.New, seed[:], fmt.Sprintf("fibercaptcha work %d", level), size)
	if err != nil {
		panic(err) // only for more output than SHA-256 can give
	}
	return secrets{nonce: all[:16], salt: all[16:32], choice: all[32:40], sealing: all[40:72], signing: all[72:]}
}

// counter returns the right counter of that many. There are at most 2^27, so that the remainder of a 64-bit number is
// evenly spread to one part in 2^37.
func (s secrets) counter(counters int) uint32 {
	return uint32(binary.BigEndian.Uint64(s.choice) % uint64(counters))
}

// seal returns a keyed hash of the right key's second half. A browser is given the seal and can't find the half from
// it. Nobody can make the seal of another half, so whoever submits both has found the key.
func (s secrets) seal(half string) string {
	return hex.EncodeToString(sum(s.sealing, []byte(half))[:sealSize])
}

// sign returns ALTCHA's signature of parameters in canonical JSON.
func (s secrets) sign(parameters []byte) string {
	return hex.EncodeToString(sum([]byte(hex.EncodeToString(s.signing)), parameters))
}

func sum(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}
