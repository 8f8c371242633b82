// Package ops_test runs real processes through what an operator meets: starts and stops, limits, replicas, a storage
// that fails, floods and slow clients.
package ops_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/waiting"
)

func TestMain(m *testing.M) {
	if to := os.Getenv(attackTo); to != "" {
		attackBodies(to)
		return
	}
	waiting.SideBySide(6)
	os.Exit(m.Run())
}

// idleMemory bounds what a replica that has nothing to do keeps resident, in bytes.
const idleMemory = 30 << 20

func TestIdleReplicaIsSmallAndStartsAtOnce(t *testing.T) {
	redis := redisserver.Own(t)
	server.Build(t)
	start := time.Now()
	s := server.Start(t, "STORAGE_URL="+redis.URL())
	within(t, "ready after", time.Since(start), 300*time.Millisecond)
	if idle := memory(t, s, "VmRSS"); idle > idleMemory {
		t.Errorf("%.1f MiB resident, want at most %.1f", mib(idle), mib(idleMemory))
	} else {
		t.Logf("%.1f MiB resident", mib(idle))
	}
}

func TestHealthcheck(t *testing.T) {
	s := server.Start(t)
	if code, output := server.Run(t, []string{"ADDR=" + s.Addr}, "healthcheck"); code != 0 {
		t.Errorf("exit code %d: %s", code, output)
	}
	if code := s.Stop(); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
	if code, output := server.Run(t, []string{"ADDR=" + s.Addr}, "healthcheck"); code != 1 || !strings.Contains(output, "refused") {
		t.Errorf("exit code %d of a check of nothing: %s", code, output)
	}
	if code, output := server.Run(t, nil, "unknown"); code != 2 || !strings.Contains(output, "healthcheck") {
		t.Errorf("exit code %d of an unknown argument: %s", code, output)
	}
	if code, output := server.Run(t, nil, "-h"); code != 0 || !strings.Contains(output, "healthcheck") {
		t.Errorf("exit code %d of -h: %s", code, output)
	}
}

func TestReadyWhileTheStorageIs(t *testing.T) {
	redis := redisserver.Own(t)
	s := server.Start(t, "STORAGE_URL="+redis.URL())
	v := newVisitor(s.URL)
	redis.Kill()
	// /readyz tries the storage again after a tenth of a second at the earliest.
	await(t, "not ready", func() bool { return mustDo(t, v, "GET", "/readyz", "").status == http.StatusServiceUnavailable })
	if r := mustDo(t, v, "GET", "/livez", ""); r.status != http.StatusOK {
		t.Errorf("/livez is %d without a storage, want 200", r.status)
	}
	redis.Restart()
	await(t, "ready again", func() bool { return mustDo(t, v, "GET", "/readyz", "").status == http.StatusOK })
}

// SIGTERM under load: whoever keeps a connection and sends on it until the reply says that it closes gets every reply.
func TestStopsWithoutLosingARequest(t *testing.T) {
	t.Parallel()
	// Every worker has to get one more reply within the delay, also on a machine that is busy.
	s := server.Start(t, append([]string{"STOP_DELAY=5s", "LOG_LEVEL=warn"}, modes[0].env...)...)
	guard := modes[0].guard(t, "")
	var answered atomic.Int64
	var all sync.WaitGroup
	for worker := range 20 {
		all.Go(func() {
			v := newVisitor(s.URL) // one at a time makes one connection
			for {
				closing, err := oneOnAConnection(t, v, guard, worker)
				if err != nil {
					t.Errorf("a request was lost: %v", err)
					return
				}
				answered.Add(1)
				if closing {
					return
				}
			}
		})
	}
	await(t, "load", func() bool { return answered.Load() > 200 })
	before := answered.Load()
	s.Terminate()
	await(t, "/readyz 503", func() bool {
		r, err := newVisitor(s.URL).do("GET", "/readyz", "")
		return err == nil && r.status == http.StatusServiceUnavailable
	})
	all.Wait()
	if code := s.Wait(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	t.Logf("%d requests before the signal, %d after it, none lost", before, answered.Load()-before)
}

// oneOnAConnection makes a request, every other one a message with an answer, and says whether it is the last.
func oneOnAConnection(t testing.TB, v *visitor, guard *captcha.Guard, n int) (closing bool, err error) {
	key, r, err := v.challenge()
	if err != nil || key == "" {
		return false, fmt.Errorf("challenge: status %d, %w", r.status, err)
	}
	if r.closing || n%2 == 0 {
		return r.closing, nil
	}
	answer, ok := solve(t, guard, key)
	if !ok {
		return false, errors.New("no answer")
	}
	reference, r, err := v.send(key, answer, "While it stops.")
	if err != nil || reference == "" {
		return false, fmt.Errorf("message: status %d, %w: %s", r.status, err, r.body)
	}
	return r.closing, nil
}

func TestSecretsInFiles(t *testing.T) {
	redis := redisserver.Own(t, "--requirepass", "hunter2")
	dir := t.TempDir()
	files := map[string]string{"url": "redis://:hunter2@" + redis.Address() + "\n", "secret": secret + "\n"}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := server.Start(t, "STORAGE_TIMEOUT="+patience.String(),
		"STORAGE_URL_FILE="+filepath.Join(dir, "url"), "CAPTCHA_SECRETS_FILE="+filepath.Join(dir, "secret"))
	mustSend(t, newVisitor(s.URL), modes[0].guard(t, ""), "With secrets in files.")
	if strings.Contains(s.Log(), "hunter2") || strings.Contains(s.Log(), secret) {
		t.Error("a secret is in the log")
	}
}
