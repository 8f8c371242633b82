package work

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
)

// Solve searches for a challenge's solution on one core, as a browser does. It is for tests, and for programs that an
// app admits by their work. Ending ctx ends the search.
func (c Challenge) Solve(ctx context.Context) (solution string, err error) {
	_, key, err := c.Search(ctx)
	if err != nil {
		return "", err
	}
	return key[len(c.KeyPrefix):] + c.Seal, nil
}

// Search returns the counter whose key, in hexadecimal, begins with the prefix, and that key. It takes any ALTCHA
// challenge whose algorithm is PBKDF2/SHA-256.
func (c Challenge) Search(ctx context.Context) (counter uint32, key string, err error) {
	if c.Algorithm != algorithm {
		return 0, "", fmt.Errorf("work: unknown algorithm %q", c.Algorithm)
	}
	last := uint32(math.MaxUint32)
	if c.Range > 0 {
		last = uint32(c.Range - 1)
	}
	for n := uint32(0); ; n++ {
		if err := ctx.Err(); err != nil {
			return 0, "", err
		}
		key, err := c.derive(n)
		if err != nil {
			return 0, "", err
		}
		if strings.HasPrefix(key, c.KeyPrefix) {
			return n, key, nil
		}
		if n == last {
			return 0, "", errors.New("work: none of the counters in the range is the right one")
		}
	}
}

// derive returns a counter's key in hexadecimal.
func (c Challenge) derive(counter uint32) (string, error) {
	password, err := hex.DecodeString(c.Nonce)
	if err != nil {
		return "", fmt.Errorf("work: nonce: %w", err)
	}
	salt, err := hex.DecodeString(c.Salt)
	if err != nil {
		return "", fmt.Errorf("work: salt: %w", err)
	}
	password = binary.BigEndian.AppendUint32(password, counter)
	key, err := pbkdf2.Key(sha256.New, string(password), salt, c.Cost, c.KeyLength)
	if err != nil {
		return "", fmt.Errorf("work: %w", err)
	}
	return hex.EncodeToString(key), nil
}
