package work_test

import (
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

func BenchmarkChallenge(b *testing.B) {
	w := work.New()
	for b.Loop() {
		if _, err := w.Challenge(b.Context(), seed(1), 0); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	w := work.New()
	solution := mustSolve(b, mustChallenge(b, w, seed(1), 0))
	for b.Loop() {
		if !w.Check(seed(1), 0, solution) {
			b.Fatal("refused")
		}
	}
}

// BenchmarkReadAltcha is all that an altered submission of ALTCHA's widget costs, but for opening the key.
func BenchmarkReadAltcha(b *testing.B) {
	w := work.New()
	field := solved(b, w, 1).field(b)
	for b.Loop() {
		_, open, ok := w.ReadAltcha(field)
		if !ok {
			b.Fatal("unreadable")
		}
		if _, ok := open(seed(1), 0); !ok {
			b.Fatal("altered")
		}
	}
}
