// Package deadline ends tests that hang. If a line is broken so that a loop never ends or a lock is never released,
// that shows within seconds, with the stacks of all goroutines, and not after go test's ten minutes.
package deadline

import (
	"flag"
	"fmt"
	"runtime/debug"
	"testing"
	"time"
)

// Run is for a TestMain. It runs the tests, and panics if they take longer than limit, which should be many times what
// they take on a busy machine. Fuzzing and benchmarks are not bounded, because whoever starts them says how long they
// run.
func Run(m *testing.M, limit time.Duration) (code int) {
	flag.Parse()
	if set("test.fuzz") || set("test.fuzzworker") || set("test.bench") {
		return m.Run()
	}
	if count, ok := flag.Lookup("test.count").Value.(flag.Getter).Get().(uint); ok {
		limit *= time.Duration(count)
	}
	defer time.AfterFunc(limit, func() {
		debug.SetTraceback("all")
		panic(fmt.Sprintf("the tests still run after %s", limit))
	}).Stop()
	return m.Run()
}

func set(name string) bool {
	f := flag.Lookup(name)
	return f != nil && f.Value.String() != f.DefValue
}
