package keep

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// BenchmarkTimingByAnswer looks for a difference in time between two answers where an attacker would: in making a key and in
// opening it. As dudect does (Reparaz,
// Balasch, Verbauwhede, 2017) it takes turns at random, leaves the slowest tenth out and reports Welch's t: further from 0
// than 4.5 is a leak. It takes some hundred thousand rounds to see a small one.
//
//	go test -run xxx -bench TimingByAnswer -benchtime 300000x ./captcha/internal/keep
func BenchmarkTimingByAnswer(b *testing.B) {
	now := time.Now()
	s, scope := newSealer(RandomSecret()), []byte("scope")
	sealed := func(answer string) Challenge { return Challenge{Answer: answer, Expires: now.Add(time.Minute)} }
	for _, row := range []struct {
		name   string
		answer [2]string
		do     func(answer string) func()
	}{
		{"seal", [2]string{"2222", "WWWW"}, func(answer string) func() {
			return func() { s.seal(sealed(answer), scope, now) }
		}},
		{"open", [2]string{"2222", "WWWW"}, func(answer string) func() {
			key, _ := s.seal(sealed(answer), scope, now)
			return func() { s.open(key, scope, now, time.Hour) }
		}},
	} {
		b.Run(row.name, func(b *testing.B) {
			var do [2]func()
			for class := range do {
				do[class] = row.do(row.answer[class])
			}
			var times [2][]float64
			for b.Loop() {
				class := rand.IntN(2)
				start := time.Now()
				for range 8 { // the clock is coarse
					do[class]()
				}
				times[class] = append(times[class], float64(time.Since(start)))
			}
			b.ReportMetric(welch(trim(times[0]), trim(times[1])), "t")
		})
	}
}

func trim(times []float64) []float64 {
	slices.Sort(times)
	return times[:len(times)-len(times)/10]
}

func welch(a, b []float64) float64 {
	meanA, varianceA := moments(a)
	meanB, varianceB := moments(b)
	return (meanA - meanB) / math.Sqrt(varianceA/float64(len(a))+varianceB/float64(len(b)))
}

func moments(values []float64) (mean, variance float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		variance += (v - mean) * (v - mean) / float64(len(values))
	}
	return mean, variance
}
