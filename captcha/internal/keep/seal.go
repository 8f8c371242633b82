package keep

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/fips140"
	"crypto/hkdf"
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
//	nonce  12  random
//	text   20  encrypted:
//	             expiry    3  in units of 8 ms since the period began in which it was sealed
//	             language  2  the start of a hash of its tag
//	             terms     1  demand (2 bits), preset (3), level of work (3)
//	             answer   14  UTF-8, padded with zeros
//	tag    16  authenticates the text, the namespace, the kind of key, its purpose and its binding
//
// The cipher is AES-256-GCM with a random nonce, the only kind of sealing that a FIPS 140-3 module allows. Its key is
// derived from the secret, the layout's version and the period's number, so that no key seals more than an hour's
// challenges. NIST SP 800-38D, section 8.3, allows 2^32 seals with random nonces, which is over a million a second.
const (
	nonceSize   = 12
	textSize    = 20
	sealedSize  = nonceSize + textSize + 16
	sealedChars = 64

	// MaxAnswer is the longest answer that a sealed key holds, in bytes.
	MaxAnswer = 14

	layout = "2"

	period = time.Hour
	tick   = 8 * time.Millisecond // three bytes of them are 37 hours
)

// sealer seals and opens keys with one secret.
type sealer struct {
	secret string
	first  bool // opens keys of the first version too

	mu      sync.RWMutex
	periods map[int64]*periodKeys
}

// periodKeys are the keys of one period.
type periodKeys struct {
	aead  cipher.AEAD
	prf   cipher.Block // AES-256, which turns a nonce into a seed
	first *firstKeys   // of the first version; nil if it can't be opened
}

func newSealer(secret string) *sealer {
	return &sealer{secret: secret, first: !fips140.Enforced(), periods: make(map[int64]*periodKeys)}
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
	aead, err := cipher.NewGCMWithRandomNonce(newAES(s.derive(layout+" seal", number)))
	if err != nil {
		panic(err) // only for a block of the wrong size
	}
	keys = &periodKeys{aead: aead, prf: newAES(s.derive(layout+" seed", number))}
	if s.first {
		keys.first = newFirstKeys(s, number)
	}
	s.periods[number] = keys
	for old := range s.periods {
		if old < number-maxPeriods {
			delete(s.periods, old)
		}
	}
	return keys
}

// MaxLife is the longest that anything sealed can be good for.
const MaxLife = 24 * time.Hour

// maxPeriods is how many periods back a key may have been sealed: the longest life, and the part of the period that had
// already passed.
const maxPeriods = int64(MaxLife/period) + 1

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

// seal makes the key for c, issued now in the scope that text stands for, and returns c as the key has it.
func (s *sealer) seal(c Challenge, scope []byte, now time.Time) (key string, sealed Challenge) {
	number := periodOf(now)
	keys := s.keys(number)

	var text [textSize]byte
	ticks := c.Expires.Sub(periodStart(number)) / tick
	text[0], text[1], text[2] = byte(ticks>>16), byte(ticks>>8), byte(ticks)
	binary.BigEndian.PutUint16(text[3:], uint16(c.Language))
	text[5] = c.Terms.pack()
	copy(text[6:], c.Answer)

	var room [sealedSize]byte
	whole := keys.aead.Seal(room[:0], nil, text[:], scope)
	c.Expires = periodStart(number).Add(ticks * tick)
	c.Seed = keys.seed(whole[:nonceSize])
	return base64.RawURLEncoding.EncodeToString(whole), c
}

// open returns what key stands for in the scope. It returns false if this secret did not seal the key, or if the key is
// older than oldest.
func (s *sealer) open(key string, scope []byte, now time.Time, oldest time.Duration) (Challenge, bool) {
	sealed, ok := decodeKey(key)
	if !ok {
		return Challenge{}, false
	}
	var room [textSize]byte
	// A key does not say when it was sealed, so every period in question is tried, and the next one too, in case a
	// server's clock is a little ahead.
	for number := periodOf(now.Add(Skew)); number >= periodOf(now.Add(-oldest)); number-- {
		keys := s.keys(number)
		text, err := keys.aead.Open(room[:0], nil, sealed[:], scope)
		if err != nil {
			continue
		}
		ticks := time.Duration(text[0])<<16 | time.Duration(text[1])<<8 | time.Duration(text[2])
		return Challenge{
			Answer:   strings.TrimRight(string(text[6:]), "\x00"),
			Language: Language(binary.BigEndian.Uint16(text[3:])),
			Terms:    unpackTerms(text[5]),
			Expires:  periodStart(number).Add(ticks * tick),
			Seed:     keys.seed(sealed[:nonceSize]),
		}, true
	}
	return Challenge{}, false
}

// decodeKey reads base64. 64 characters are 48 bytes without spare bits, so no two texts decode to the same key. Line
// breaks, which the decoder would skip, would make a second spelling, and are refused.
func decodeKey(key string) (sealed [sealedSize]byte, ok bool) {
	if len(key) != sealedChars || strings.ContainsAny(key, "\r\n") {
		return sealed, false
	}
	_, err := base64.RawURLEncoding.Decode(sealed[:], []byte(key))
	return sealed, err == nil
}

// seed is a pseudorandom function of the nonce, with a secret key of its own. So somebody who sees only the challenge's
// key can't draw the picture for every possible answer and compare.
func (k *periodKeys) seed(nonce []byte) [32]byte { return expand(k.prf, nonce) }

// expand encrypts two blocks that no other nonce has.
func expand(prf cipher.Block, nonce []byte) (seed [32]byte) {
	first, second := seed[:aes.BlockSize], seed[aes.BlockSize:]
	copy(first, nonce)
	copy(second, nonce)
	second[aes.BlockSize-1] = 1
	prf.Encrypt(first, first)
	prf.Encrypt(second, second)
	return seed
}

func periodOf(t time.Time) int64 {
	seconds := t.Unix()
	number := seconds / int64(period/time.Second)
	if seconds < 0 && seconds%int64(period/time.Second) != 0 {
		number--
	}
	return number
}

func periodStart(number int64) time.Time { return time.Unix(number*int64(period/time.Second), 0) }
