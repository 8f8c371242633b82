package work

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// patience is the longest that a request for work waits for its turn. A derivation takes well below a millisecond, so a
// request that waits longer is behind a flood, and letters then serve the visitor better.
const patience = time.Second

// Sizes in bytes.
const (
	keySize  = 32 // of a derived key
	halfSize = 16 // of either half of it
	sealSize = 16
)

// SolutionLength is how many characters a solution has: the second half of the derived key in hexadecimal, and the
// challenge's Seal.
const SolutionLength = 2 * (halfSize + sealSize)

const algorithm = "PBKDF2/SHA-256"

// Challenge is what a browser is sent: the parameters of ALTCHA's protocol, under their own names, and two more, Range
// and Seal. Byte strings are in lower-case hexadecimal.
//
// The fields are in the order of their names, so that their JSON is in ALTCHA's canonical form.
type Challenge struct {
	Algorithm string            `json:"algorithm"`           // "PBKDF2/SHA-256"
	Cost      int               `json:"cost"`                // iterations
	Data      map[string]string `json:"data,omitempty"`      // the challenge's key, for ALTCHA's widget
	ExpiresAt int64             `json:"expiresAt,omitempty"` // Unix seconds, for ALTCHA's widget
	KeyLength int               `json:"keyLength"`           // bytes: 32
	KeyPrefix string            `json:"keyPrefix"`           // the first half of the right key
	Nonce     string            `json:"nonce"`               // comes before the counter in the password
	Range     int               `json:"range,omitempty"`     // the right counter is less than this; 0: unknown
	Salt      string            `json:"salt"`
	Seal      string            `json:"seal,omitempty"` // a keyed hash of the second half, submitted with it
}

// Challenge returns, as JSON, the work that belongs to a challenge's secret seed and level, 0 to [MaxLevel]. The same
// arguments give the same work. The error is [ErrBusy] if the request's turn did not come within a second, or before
// the context ended.
//
// The level must be what was fixed when the challenge was issued, and never a visitor's choice.
func (w *Work) Challenge(ctx context.Context, seed [32]byte, level uint8) ([]byte, error) {
	c, err := w.challenge(ctx, newSecrets(seed, level), level)
	if err != nil {
		return nil, err
	}
	return json.Marshal(c)
}

// Check reports whether solution is right for the challenge with this seed and level. It compares in constant time,
// derives nothing and costs some microseconds.
//
// Call it once for a challenge, after the challenge was spent. [Work.WellFormed] says beforehand whether a solution has
// the right form at all.
func (w *Work) Check(seed [32]byte, level uint8, solution string) bool {
	if !w.WellFormed(solution) {
		return false
	}
	half, seal := solution[:2*halfSize], solution[2*halfSize:]
	return hmac.Equal([]byte(seal), []byte(newSecrets(seed, level).seal(half)))
}

// WellFormed reports whether a text can be a solution: [SolutionLength] hexadecimal digits in lower case.
func (w *Work) WellFormed(solution string) bool {
	return len(solution) == SolutionLength && strings.Trim(solution, "0123456789abcdef") == ""
}

func (w *Work) challenge(ctx context.Context, s secrets, level uint8) (Challenge, error) {
	if level > MaxLevel {
		return Challenge{}, fmt.Errorf("work: level %d is above the highest, %d", level, MaxLevel)
	}
	c := Challenge{
		Algorithm: algorithm,
		Cost:      w.cost,
		KeyLength: keySize,
		Nonce:     hex.EncodeToString(s.nonce),
		Range:     w.counters << level,
		Salt:      hex.EncodeToString(s.salt),
	}
	if err := w.turn(ctx); err != nil {
		return Challenge{}, err
	}
	key, err := c.derive(s.counter(c.Range))
	<-w.turns
	if err != nil {
		return Challenge{}, err
	}
	c.KeyPrefix = key[:2*halfSize]
	c.Seal = s.seal(key[2*halfSize:])
	return c, nil
}

// turn waits until a key may be derived.
func (w *Work) turn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case w.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ErrBusy
	}
}
