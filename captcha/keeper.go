package captcha

import (
	"context"
	"crypto/sha256"
	"time"
)

// content is what a key stands for. None of it may leave the server but through a picture or a sound.
type content struct {
	answer   string
	language byte // index into the Speaker's languages
	expires  time.Time
	seed     [32]byte // what the picture's and the sound's looks are drawn from
}

// Seeds for the two renderings are independent of each other: what can be measured in a picture (a letter's slope) must
// say nothing of the noise in its sound.
func (c content) pictureSeed() [32]byte { return c.subseed('p') }
func (c content) soundSeed() [32]byte   { return c.subseed('s') }

func (c content) subseed(use byte) [32]byte {
	var b [33]byte
	copy(b[:], c.seed[:])
	b[32] = use
	return sha256.Sum256(b[:])
}

// keeper is the seam between the two ways of keeping challenges: sealed in their keys, or stored under them. Its errors
// are ErrUnknownKey and ErrStorage.
type keeper interface {
	// issue makes the key for c's answer, language and expiry, and returns c with its seed.
	issue(ctx context.Context, c content) (key string, issued content, err error)
	// peek returns what key stands for and leaves it as it is.
	peek(ctx context.Context, key string) (content, error)
	// take returns what key stands for and uses it up. Of any number of callers at most one gets it.
	take(ctx context.Context, key string) (content, error)
}
