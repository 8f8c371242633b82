// Package ops_test runs real processes through what an operator meets: starts and stops, limits, replicas, a storage that
// fails, floods and slow clients.
package ops_test

import (
	"os"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/tests/server"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

func TestStopsOnSignal(t *testing.T) {
	s := server.Start(t)
	if code := s.Stop(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}
