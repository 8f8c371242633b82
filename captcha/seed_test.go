package captcha

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
	one := newSealer("one secret of thirty-two characters", "form")
	two := newSealer("two secret of thirty-two characters", "form")
	seen := map[[32]byte]string{}
	note := func(what string, seed [32]byte) {
		if other, ok := seen[seed]; ok {
			t.Errorf("%s and %s have the same seed", what, other)
		}
		seen[seed] = what
	}
	c := content{seed: one.keys(number).seed(nonce)}
	note("a picture", c.pictureSeed())
	note("its sound", c.soundSeed())
	note("the picture of another secret", content{seed: two.keys(number).seed(nonce)}.pictureSeed())
	note("the picture of another hour", content{seed: one.keys(number + 1).seed(nonce)}.pictureSeed())
	nonce[nonceSize-1]++
	note("the picture of another key", content{seed: one.keys(number).seed(nonce)}.pictureSeed())
}
