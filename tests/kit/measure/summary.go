package measure

import (
	"cmp"
	"fmt"
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
