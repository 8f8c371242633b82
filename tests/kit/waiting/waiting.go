// Package waiting is for tests that wait most of the time: for a browser to start, a sound to end, a server to notice
// that another is gone. Go runs only as many parallel tests at once as there are cores, which would leave the cores
// idle.
package waiting

import (
	"flag"
	"strconv"
)

// SideBySide, in a TestMain, lets n tests that call t.Parallel run at once, unless go test was given -parallel.
func SideBySide(n int) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set(strconv.Itoa(n))
	}
}
