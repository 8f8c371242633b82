package measure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// InTurn returns all, in reverse in every second round, so that what changes with time falls on all alike.
func InTurn[T any](all []T, round int) []T {
	all = slices.Clone(all)
	if round%2 == 1 {
		slices.Reverse(all)
	}
	return all
}

// Median returns the middle one of values, the higher of two.
func Median[T cmp.Ordered](values []T) T {
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}

// Micros writes d in microseconds.
func Micros(d time.Duration) string {
	return fmt.Sprintf("%.1f us", float64(d)/float64(time.Microsecond))
}

// Wilson is the interval that holds the true rate with a probability of 95 %, after Wilson (1927). It also holds for
// few readings and for rates near 0 and 1.
func Wilson(right, n int) (low, high float64) {
	const z = 1.959964
	if n == 0 {
		return 0, 1
	}
	p, m := float64(right)/float64(n), float64(n)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	spread := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(0, centre-spread), min(1, centre+spread)
}
