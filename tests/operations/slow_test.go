package ops_test

import (
	"fmt"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// Clients that send a byte a second keep a connection each, for as long as a request may take, and hold nobody up.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	long(t)
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err == nil && int(files.Cur) < *connections+200 {
		t.Fatalf("%d open files are allowed, %d connections need more: ulimit -n %d", files.Cur, *connections, *connections+1000)
	}
	s := server.Start(t, append([]string{"LOG_LEVEL=error", "LIMIT_CONNECTIONS=none"}, modes[0].env...)...)
	guard := modes[0].guard(t, "")
	idle := memory(t, s, "VmRSS")

	conns := make([]net.Conn, *connections)
	for i := range conns {
		conn, err := net.Dial("tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns[i] = conn
		fmt.Fprint(conn, "POST /api/contact HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{")
	}
	visits := startVisits(t, s.URL, func(v *visitor) error {
		key, r, err := v.challenge()
		if err != nil || key == "" {
			return fmt.Errorf("challenge: status %d, %w", r.status, err)
		}
		if _, r, err := v.send(key, captchatest.Solve(t, guard, key), "In between."); err != nil || r.status != http.StatusCreated {
			return fmt.Errorf("message: status %d, %w", r.status, err)
		}
		return nil
	})
	start, cut := time.Now(), 0
	for second := range 15 {
		cut = 0
		for _, conn := range conns {
			if _, err := conn.Write([]byte(" ")); err != nil {
				cut++
			}
		}
		if second == 3 {
			t.Logf("%d slow clients take %.1f MiB, %.1f KiB each", *connections, mib(memory(t, s, "VmRSS")-idle),
				float64(memory(t, s, "VmRSS")-idle)/1024/float64(*connections))
		}
		if cut == len(conns) {
			break
		}
		time.Sleep(time.Second)
	}
	within(t, "99th percentile of ordinary visitors", visits.stop(t), 50*time.Millisecond)
	t.Logf("%d of %d slow clients were cut off after %s", cut, len(conns), time.Since(start).Round(time.Second))
	if cut != len(conns) {
		t.Errorf("%d slow clients are still served", len(conns)-cut)
	}
}
