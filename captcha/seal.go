package captcha

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A sealed key is 48 bytes, 64 characters of URL-safe base64:
//
//	nonce  12  the low byte of the period's number, then 11 random bytes
//	text   20  encrypted: expiry in Unix milliseconds, the low 40 bits (5), language (1), answer in UTF-8 padded with zeros (14)
//	tag    16
//
// The cipher is AES-256-GCM. Its key is derived from the secret and the period's number, so that no key seals more than
// an hour's challenges: with 88 random bits, a thousand million of them repeat a nonce with a chance of 2^-29 (NIST SP
// 800-38D asks for at most 2^-32 over 96 random bits, which 2^32 messages reach).
const (
	nonceSize   = 12
	textSize    = 20
	tagSize     = 16
	sealedSize  = nonceSize + textSize + tagSize
	sealedChars = 64
	maxSealed   = 14 // bytes of answer

	period = time.Hour
)

// sealer seals and opens keys with one secret.
type sealer struct {
	secret  string
	context string // the namespace, authenticated: a key of another guard's namespace does not open

	mu      sync.RWMutex
	periods map[int64]*periodKeys
}

// periodKeys are the keys of one period.
type periodKeys struct {
	aead cipher.AEAD
	prf  cipher.Block // AES-256, which turns a nonce into a seed
}

func newSealer(secret, context string) *sealer {
	return &sealer{secret: secret, context: context, periods: make(map[int64]*periodKeys)}
}

// keys returns the period's keys. Callers have checked that the period is near, so that a forged key can not make the
// server derive and remember keys without end.
func (s *sealer) keys(number int64) *periodKeys {
	s.mu.RLock()
	keys := s.periods[number]
	s.mu.RUnlock()
	if keys != nil {
		return keys
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if keys := s.periods[number]; keys != nil {
		return keys
	}
	keys = &periodKeys{newAEAD(s.derive("seal", number)), newAES(s.derive("seed", number))}
	s.periods[number] = keys
	for old := range s.periods {
		if old < number-maxPeriods {
			delete(s.periods, old)
		}
	}
	return keys
}

func (s *sealer) derive(use string, number int64) []byte {
	key, err := hkdf.Key(sha256.New, []byte(s.secret), nil, "fibercaptcha "+use+" "+strconv.FormatInt(number, 10), 32)
	if err != nil {
		panic(err) // only for more output than SHA-256 can give
	}
	return key
}

func newAES(key []byte) cipher.Block {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // only for a key of the wrong size
	}
	return block
}

func newAEAD(key []byte) cipher.AEAD {
	aead, err := cipher.NewGCM(newAES(key))
	if err != nil {
		panic(err) // only for a block of the wrong size
	}
	return aead
}

// seal makes the key for c, issued now, and the seed that goes with it.
func (s *sealer) seal(c content, now time.Time) (key string, seed [32]byte) {
	number := periodOf(now)
	keys := s.keys(number)

	var sealed [sealedSize]byte
	nonce := sealed[:nonceSize]
	rand.Read(nonce[1:])
	nonce[0] = byte(number)

	var text [textSize]byte
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(c.expires.UnixMilli()))
	copy(text[:5], ms[3:])
	text[5] = c.language
	copy(text[6:], c.answer)
	keys.aead.Seal(nonce, nonce, text[:], []byte(s.context))

	return base64.RawURLEncoding.EncodeToString(sealed[:]), keys.seed(nonce)
}

// open returns what key stands for, or false if this secret did not seal it within the last maxPeriods.
func (s *sealer) open(key string, now time.Time) (content, bool) {
	var sealed [sealedSize]byte
	// 64 characters are 48 bytes without spare bits: no two texts decode to the same key. The decoder skips line
	// breaks, which would make a second spelling.
	if len(key) != sealedChars || strings.ContainsAny(key, "\r\n") {
		return content{}, false
	}
	if _, err := base64.RawURLEncoding.Decode(sealed[:], []byte(key)); err != nil {
		return content{}, false
	}
	current := periodOf(now)
	age := int64(int8(byte(current) - sealed[0])) // -1: sealed by a server whose clock is a little ahead
	if age < -1 || age > maxPeriods {
		return content{}, false
	}
	keys := s.keys(current - age)
	nonce := sealed[:nonceSize]
	var text [textSize]byte
	if _, err := keys.aead.Open(text[:0], nonce, sealed[nonceSize:], []byte(s.context)); err != nil {
		return content{}, false
	}
	return content{
		answer:   strings.TrimRight(string(text[6:]), "\x00"),
		language: text[5],
		expires:  expiry([5]byte(text[:5]), now),
		seed:     keys.seed(nonce),
	}, true
}

// expiry is the moment near now whose Unix milliseconds end in these bits: 40 of them come round once in 34 years.
func expiry(low [5]byte, now time.Time) time.Time {
	var ms [8]byte
	copy(ms[:], low[:])
	current := now.UnixMilli()
	left := (int64(binary.BigEndian.Uint64(ms[:])) - current<<24) >> 24
	return time.UnixMilli(current + left)
}

// seed is a pseudorandom function of the nonce under a key of its own: who sees the key only can not draw the picture
// again for every possible answer and compare. It is two blocks that no other nonce has, encrypted.
func (k *periodKeys) seed(nonce []byte) (seed [32]byte) {
	first, second := seed[:aes.BlockSize], seed[aes.BlockSize:]
	copy(first, nonce)
	copy(second, nonce)
	second[aes.BlockSize-1] = 1
	k.prf.Encrypt(first, first)
	k.prf.Encrypt(second, second)
	return seed
}

func periodOf(t time.Time) int64 { return t.Unix() / int64(period/time.Second) }
