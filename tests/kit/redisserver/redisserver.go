// Package redisserver gives a test a Redis: the one at REDIS_URL, else a redis-server from PATH that it starts on a
// free loopback port, else an embedded miniredis. Which one it is goes to the test's log.
//
// If REQUIRE_REDIS=1 is set, as in CI, a test that would get an embedded one, or be skipped, fails instead.
package redisserver

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/port"
)

// startLimit bounds how long a server may take to answer, on a machine that is busy.
const startLimit = 30 * time.Second

// Start returns the URL of a Redis that the test may share with others: it keeps to keys of its own, and breaks
// nothing.
func Start(t testing.TB) (url string) {
	t.Helper()
	if url := os.Getenv("REDIS_URL"); url != "" {
		t.Log("redis: the one at REDIS_URL")
		return url
	}
	if _, err := exec.LookPath("redis-server"); err == nil {
		return Own(t).URL()
	}
	if required() {
		t.Fatal("redis: neither REDIS_URL nor a redis-server on PATH, and REQUIRE_REDIS is set")
	}
	t.Log("redis: embedded miniredis")
	return embedded(t)
}

// require skips a test whose program is not there, or fails it if REQUIRE_REDIS=1 is set.
func require(t testing.TB, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if required() {
			t.Fatalf("redis: %v, and REQUIRE_REDIS is set", err)
		}
		t.Skipf("redis: this needs a real server: %v", err)
	}
}

func required() bool { return os.Getenv("REQUIRE_REDIS") == "1" }

// embedded starts a miniredis, whose clock stands still unless it is moved.
func embedded(t testing.TB) (url string) {
	server := miniredis.RunT(t)
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	go func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for last := time.Now(); ; {
			select {
			case <-done:
				return
			case <-tick.C:
				now := time.Now()
				server.FastForward(now.Sub(last))
				last = now
			}
		}
	}()
	return "redis://" + server.Addr()
}

// Server is a redis-server process of the test's own, to be broken at will. It keeps its data in an append-only file
// over Kill and Restart, and ends with the test.
//
// The file is not synced. Each write is with the kernel before its reply, so that Kill loses none. Redis's default, a
// sync each second, holds writes back during a sync, which on a busy disk takes seconds, and so loses what it has
// confirmed. A sync before each reply is for machines that lose power, which no test does.
type Server struct {
	t       testing.TB
	dir     string
	port    int
	program string
	args    []string

	process *exec.Cmd
	ended   chan struct{}
	client  *redis.Client // see Ask
}

// Own starts a redis-server with further arguments, such as "--maxmemory", "4mb". Without one on PATH the test is
// skipped, or fails if REQUIRE_REDIS=1 is set.
func Own(t testing.TB, args ...string) *Server {
	t.Helper()
	require(t, "redis-server")
	s := &Server{t: t, dir: dataDir(t), port: FreePort(t), program: "redis-server"}
	s.args = append([]string{"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.dir, "--save", "",
		"--appendonly", "yes", "--appendfsync", "no", "--logfile", s.logFile()}, args...)
	t.Cleanup(s.Kill)
	s.Restart()
	t.Logf("redis: own redis-server at %s, process %d", s.Address(), s.process.Process.Pid)
	return s
}

// dataDir returns a directory that is removed after the test. A child of a killed server, which writes a snapshot for a
// replica, may still put a file into it, which t.TempDir takes for a fault.
func dataDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "redis-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 100 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Logf("redis: %s could not be removed", dir)
	})
	return dir
}

// FreePort returns a loopback port that nothing listens on.
func FreePort(t testing.TB) int {
	t.Helper()
	return port.Free(t)
}

// Address is host:port.
func (s *Server) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// TLSAddress is host:port of a server that has --tls-port.
func (s *Server) TLSAddress() string {
	return net.JoinHostPort("127.0.0.1", after(s.args, "--tls-port"))
}

// URL is redis://host:port.
func (s *Server) URL() string { return "redis://" + s.Address() }

// Kill ends the server as a crash would, frozen or not. Its address refuses connections then.
func (s *Server) Kill() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill()
	<-s.ended
	s.process = nil
}

// Freeze stops the server where it is: the kernel still accepts connections and bytes for it, and nothing comes back.
func (s *Server) Freeze() { s.signal(freeze) }

// Continue lets a frozen server go on. It answers what was sent meanwhile.
func (s *Server) Continue() { s.signal(thaw) }

func (s *Server) signal(signal os.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(signal); err != nil {
		s.t.Fatalf("redis: %v: %v", signal, err)
	}
}

// Restart kills the server if it runs, starts it on the same port with the same data, and returns when it answers.
func (s *Server) Restart() {
	s.t.Helper()
	s.Spawn()
	s.Await()
}

// Spawn is Restart without the waiting, and with further arguments for this once.
func (s *Server) Spawn(args ...string) {
	s.t.Helper()
	s.Kill()
	process, ended := exec.Command(s.program, slices.Concat(s.args, args)...), make(chan struct{})
	if err := process.Start(); err != nil {
		s.t.Fatalf("redis: %v", err)
	}
	go func() {
		_ = process.Wait()
		close(ended)
	}()
	s.process, s.ended = process, ended
}

// Await returns when the server answers, and fails the test if it ended or takes too long.
func (s *Server) Await() {
	s.t.Helper()
	tooLong := time.After(startLimit)
	for {
		err := s.ping()
		if err == nil {
			return
		}
		select {
		case <-s.ended:
			s.t.Fatalf("redis: the server ended:\n%s", s.log())
		case <-tooLong:
			s.t.Fatalf("redis: no answer within %s: %v\n%s", startLimit, err, s.log())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *Server) ping() error {
	conn, err := net.DialTimeout("tcp", s.Address(), time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && !strings.HasPrefix(answer, "+PONG") && !strings.HasPrefix(answer, "-NOAUTH") {
		err = fmt.Errorf("it says %q", answer)
	}
	return err
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "redis.log") }

func (s *Server) log() string {
	text, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	return string(text)
}
