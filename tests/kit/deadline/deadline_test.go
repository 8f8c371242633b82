package deadline_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/deadline"
)

func TestMain(m *testing.M) {
	limit := time.Minute
	if os.Getenv("HANG") != "" {
		limit = time.Second
	}
	os.Exit(deadline.Run(m, limit))
}

func TestHangingTestsEnd(t *testing.T) {
	if os.Getenv("HANG") != "" {
		select {}
	}
	command := exec.Command(os.Args[0], "-test.run=^TestHangingTestsEnd$")
	command.Env = append(os.Environ(), "HANG=1")
	out, err := command.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the tests still run after 1s") || !strings.Contains(string(out), "deadline_test.go") {
		t.Errorf("%v\n%s", err, out)
	}
}
