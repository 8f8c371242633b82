package answer

import "testing"

// Numbers of the last, incomplete run are rolled again: their remainders would come up more often. Of 33 letters the run
// starts at 65,505, and no number of samples that a test can afford would show it.
func TestTheIncompleteRunIsRolledAgain(t *testing.T) {
	for _, row := range []struct {
		bytes []byte // two a number, the low one first
		n     int
		want  int
	}{
		{[]byte{0xff, 0xff, 5, 0}, 33, 5},
		{[]byte{0xe1, 0xff, 5, 0}, 33, 5}, // 65,505
		{[]byte{0xe0, 0xff, 5, 0}, 33, 32},
		{[]byte{0xff, 0xff, 5, 0}, 2, 1}, // of a power of two every run is complete
		{[]byte{0xff, 0xff}, 1 << 16, 1<<16 - 1},
	} {
		d := dice{left: row.bytes}
		if got := d.roll(row.n); got != row.want {
			t.Errorf("% x of %d: %d, want %d", row.bytes, row.n, got, row.want)
		}
	}
}
