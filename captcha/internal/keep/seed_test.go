package keep

import (
	"testing"
	"time"
)

// What a picture is drawn from can't be worked out from its key: it takes the secret, and differs from key to key and
// from picture to sound.
func TestSeedsAreSecret(t *testing.T) {
	now := time.Now()
	nonce := make([]byte, nonceSize)
	number := periodOf(now)
	one := newSealer("one secret of thirty-two characters")
	two := newSealer("two secret of thirty-two characters")
	seen := map[[32]byte]string{}
	note := func(what string, seed [32]byte) {
		if other, ok := seen[seed]; ok {
			t.Errorf("%s and %s have the same seed", what, other)
		}
		seen[seed] = what
	}
	c := Challenge{Seed: one.keys(number).seed(nonce)}
	note("a picture", c.Subseed('p'))
	note("its sound", c.Subseed('s'))
	note("the picture of another secret", Challenge{Seed: two.keys(number).seed(nonce)}.Subseed('p'))
	note("the picture of another hour", Challenge{Seed: one.keys(number + 1).seed(nonce)}.Subseed('p'))
	nonce[nonceSize-1]++
	note("the picture of another key", Challenge{Seed: one.keys(number).seed(nonce)}.Subseed('p'))
}
