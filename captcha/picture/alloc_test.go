//go:build !race

// The race detector makes pools forget what they hold, at random, so that allocations can be counted without it only.

package picture_test

import (
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

func TestFewAllocations(t *testing.T) {
	r := mustNew(t, picture.Config{}, picture.Alphabet, 4)
	var dst []byte
	var seed [32]byte
	for i := range byte(250) {
		dst = r.Append(dst[:0], "R5KW", [32]byte{i})
	}
	if n := testing.AllocsPerRun(500, func() {
		seed[0]++
		r.Style(seed)
	}); n > 0 {
		t.Errorf("%v allocations to name a style", n)
	}
	if n := testing.AllocsPerRun(500, func() {
		seed[0]++
		dst = r.Append(nil, "R5KW", seed)
	}); n > 2 {
		t.Errorf("%v allocations a picture", n)
	}
}
