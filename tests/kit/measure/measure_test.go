package measure_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/measure"
)

func TestLoopbackOnly(t *testing.T) {
	for address, accepted := range map[string]bool{
		"http://127.0.0.1:3000/": true,
		"http://localhost/":      true,
		"http://[::1]:3000/":     true,
		"http://192.0.2.1/":      false,
		"http://0.0.0.0:3000/":   false,
		"https://127.0.0.1/":     false,
		"127.0.0.1:3000":         false,
		"":                       false,
	} {
		if _, err := measure.NewTarget("", "POST", address, nil); (err == nil) != accepted {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// The test's own CPU time grows while it works, and its peak memory covers what it holds.
func TestProcess(t *testing.T) {
	self := []int{os.Getpid()}
	before, err := measure.CPUTime(self)
	if err != nil {
		t.Fatal(err)
	}
	held := bytes.Repeat([]byte{1}, 64<<20)
	for after := before; after == before; { // ends by itself as soon as the kernel has counted a tick
		fmt.Fprint(&bytes.Buffer{}, bytes.Count(held, []byte{2}))
		if after, err = measure.CPUTime(self); err != nil {
			t.Fatal(err)
		}
	}
	if peak, err := measure.PeakMemory(self); err != nil || peak < len(held) {
		t.Errorf("peak %d, %v; want %d at least", peak, err, len(held))
	}
}

func TestSummary(t *testing.T) {
	if got := measure.Median([]int{5, 1, 3}); got != 3 {
		t.Errorf("median %d, want 3", got)
	}
	if got := fmt.Sprint(measure.InTurn([]int{1, 2, 3}, 0), measure.InTurn([]int{1, 2, 3}, 1)); got != "[1 2 3] [3 2 1]" {
		t.Errorf("in turn %s", got)
	}
}

// Known intervals, from R's prop.test without the continuity correction.
func TestWilson(t *testing.T) {
	for _, row := range []struct {
		right, n  int
		low, high float64
	}{{0, 10, 0, 0.2775}, {10, 10, 0.7225, 1}, {50, 100, 0.4038, 0.5962}, {0, 0, 0, 1}} {
		low, high := measure.Wilson(row.right, row.n)
		if math.Abs(low-row.low) > 1e-4 || math.Abs(high-row.high) > 1e-4 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", row.right, row.n, low, high, row.low, row.high)
		}
	}
}
