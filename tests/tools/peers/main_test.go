package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// The servers are this program started again, which in a test is the test binary.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		fail(serve(os.Args[2:]))
		return
	}
	os.Exit(m.Run())
}

func TestCompare(t *testing.T) {
	for i, s := range sizes {
		var out bytes.Buffer
		if err := compare(t.Context(), i, options{pictures: 3, requests: 10, rounds: 1}, &out); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		for _, l := range libraries {
			if !strings.Contains(out.String(), " "+l.name+" ") {
				t.Errorf("%s: no line for %s:\n%s", s, l.name, out.String())
			}
		}
	}
}
