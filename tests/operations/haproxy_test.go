package ops_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// startBalancer puts a haproxy with the configuration of tests/replicas in front of three servers, and returns its
// address. With a certificate, which is a file, it speaks TLS.
func startBalancer(t *testing.T, certificate string, replicas [3]*server.Server) (addr string) {
	t.Helper()
	if _, err := exec.LookPath("haproxy"); err != nil {
		if os.Getenv("REQUIRE_HAPROXY") == "1" {
			t.Fatalf("%v, and REQUIRE_HAPROXY is set", err)
		}
		t.Skipf("this needs a balancer: %v", err)
	}
	config, err := os.ReadFile("../replicas/haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	if certificate != "" {
		plain := `bind "${BIND}"`
		if !strings.Contains(string(config), plain) {
			t.Fatalf("haproxy.cfg has no line %s", plain)
		}
		config = []byte(strings.Replace(string(config), plain, plain+" ssl crt "+certificate, 1))
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	addr = fmt.Sprint("127.0.0.1:", redisserver.FreePort(t))
	command := exec.Command("haproxy", "-db", "-f", file)
	command.Env = []string{"BIND=" + addr}
	for i, replica := range replicas {
		command.Env = append(command.Env, fmt.Sprintf("APP%d=%s", i+1, replica.Addr))
	}
	var log strings.Builder
	command.Stdout, command.Stderr = &log, &log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("haproxy wrote:\n%s", log.String())
		}
	})
	await(t, "haproxy", func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return addr
}

// await returns when something is so. The limit is for a busy machine, and says nothing about how long it should take.
func await(t testing.TB, what string, so func() bool) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s: not within 30 seconds", what)
		}
	}
}

// startReplicas starts three servers on one Redis, for which they have patience.
func startReplicas(t *testing.T, redisURL string, env ...string) (replicas [3]*server.Server) {
	t.Helper()
	for i := range replicas {
		replicas[i] = server.Spawn(t, append([]string{"STORAGE_URL=" + redisURL, "STORAGE_TIMEOUT=" + patience.String()}, env...)...)
	}
	for _, replica := range replicas {
		replica.Await()
	}
	return replicas
}
