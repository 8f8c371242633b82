package ops_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// An operator who asks twice does not want to wait: the second signal ends a process that is still stopping.
func TestSecondSignal(t *testing.T) {
	s := server.Start(t, "STOP_DELAY=20s")
	v := newVisitor(s.URL)
	s.Terminate()
	await(t, "stopping", func() bool { return mustDo(t, v, "GET", "/readyz", "").status == http.StatusServiceUnavailable })
	await(t, "the line that says so", func() bool { return strings.Contains(s.Log(), "msg=stopping") })
	s.Terminate()
	if code := s.Wait(); code != -1 { // by the signal, and not by an exit
		t.Errorf("exit code %d", code)
	}
}
