// Package server runs the real program for a test: the binary that `go build` makes, in a process of its own, on a free
// loopback port, with an environment that holds nothing but what the test says. Limits by address and pressure are off
// unless the test sets them, because all its visitors have one address.
package server

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/port"
)

// startLimit bounds how long a process may take to be ready, and stopLimit to end, on a machine that is busy.
const (
	startLimit = 30 * time.Second
	stopLimit  = 60 * time.Second
)

// binary builds the program, once. To compare with another version, set SERVER_BINARY to the path of its binary.
var binary = sync.OnceValues(func() (path string, err error) {
	if path = os.Getenv("SERVER_BINARY"); path != "" {
		return path, nil
	}
	return linked("github.com/fibercaptcha/fibercaptcha")
})

// Build returns the path of the program's binary, which is built on the first call.
func Build(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// BuildOther returns the path of the binary of another program, which belongs to a package such as "./forked".
func BuildOther(t testing.TB, program string) string {
	t.Helper()
	path, err := linked(program)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// linked returns a program's binary in the build cache, to which go run adds what it links. So the tests of all packages
// use one, which is linked again only if the program has changed.
func linked(program string) (path string, err error) {
	for range 2 { // the first time, echo may tell where the binary was before it came into the cache
		told, err := exec.Command("go", "run", "-exec", "echo", program).Output()
		if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
			return "", fmt.Errorf("go run: %w\n%s", err, failed.Stderr)
		}
		if err != nil {
			return "", err
		}
		path = strings.TrimSpace(string(told))
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("go run leaves no binary of %s at %s", program, path)
}

// unlimited lets a test make as many requests as it likes.
var unlimited = []string{"LIMIT_ISSUE=none", "LIMIT_SUBMIT=none", "LIMIT_AUDIO=none", "LIMIT_LOGIN=none", "LIMIT_KEPT=none",
	"LIMIT_CONNECTIONS=none", "CAPTCHA_PRESSURE=off", "METRICS_ADDR=127.0.0.1:0", "STOP_DELAY=0s"}

// Server is one process. It is killed when the test ends. The test fails if the process panicked, even in a handler. A
// test that fails shows the log.
type Server struct {
	URL  string // http://127.0.0.1:port
	Addr string // 127.0.0.1:port

	t       testing.TB
	env     []string
	log     output
	process *exec.Cmd
	ended   chan struct{}
}

// Start starts the program with an environment of these lines, as in "CAPTCHA_LENGTH=4", and returns when it is ready.
// It listens on a free loopback port unless the environment has an ADDR.
func Start(t testing.TB, env ...string) *Server {
	t.Helper()
	s := Spawn(t, env...)
	s.Await()
	return s
}

// Spawn is Start without the waiting.
func Spawn(t testing.TB, env ...string) *Server {
	t.Helper()
	addr := fmt.Sprint("127.0.0.1:", port.Free(t))
	for _, line := range env {
		if given, ok := strings.CutPrefix(line, "ADDR="); ok {
			addr = given
		}
	}
	s := &Server{URL: "http://" + addr, Addr: addr, t: t, env: slices.Concat([]string{"ADDR=" + addr}, unlimited, env)}
	t.Cleanup(s.end)
	s.Spawn()
	return s
}

// Run runs the program with an environment and arguments until it ends by itself. It is for what ends at once.
func Run(t testing.TB, env []string, args ...string) (code int, output string) {
	t.Helper()
	command := exec.Command(Build(t), args...)
	command.Env = env
	text, err := command.CombinedOutput()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(text)
}

// Spawn starts the process, or restarts it after it ended, with the same environment at the same address.
func (s *Server) Spawn() {
	s.t.Helper()
	process, ended := exec.Command(Build(s.t)), make(chan struct{})
	process.Env, process.Stdout, process.Stderr = s.env, &s.log, &s.log
	if err := process.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		_ = process.Wait()
		close(ended)
	}()
	s.process, s.ended = process, ended
}

// Await returns when the process says that it is ready, and fails the test if it ended or takes too long.
func (s *Server) Await() {
	s.t.Helper()
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for limit := time.Now().Add(startLimit); ; time.Sleep(2 * time.Millisecond) {
		response, err := client.Get(s.URL + "/readyz")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
			err = errors.New(response.Status)
		}
		select {
		case <-s.ended:
			s.t.Fatalf("server: it ended with code %d", s.process.ProcessState.ExitCode())
		default:
		}
		if time.Now().After(limit) {
			s.t.Fatalf("server: not ready within %s: %v", startLimit, err)
		}
	}
}

// Stop asks the process to end, as an operator does (SIGTERM), waits for that and returns its exit code.
func (s *Server) Stop() (code int) {
	s.t.Helper()
	s.Terminate()
	return s.Wait()
}

// Terminate asks the process to end and does not wait.
func (s *Server) Terminate() {
	s.t.Helper()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatalf("server: %v", err)
	}
}

// Wait returns the exit code of a process that is ending.
func (s *Server) Wait() (code int) {
	s.t.Helper()
	select {
	case <-s.ended:
		return s.process.ProcessState.ExitCode()
	case <-time.After(stopLimit):
		s.t.Fatalf("server: it did not end within %s", stopLimit)
		return -1
	}
}

// Kill ends the process as a crash would.
func (s *Server) Kill() {
	_ = s.process.Process.Kill()
	<-s.ended
}

// Pid is the number of the process.
func (s *Server) Pid() int { return s.process.Process.Pid }

// Log returns what the process wrote so far.
func (s *Server) Log() string { return s.log.String() }

func (s *Server) end() {
	if s.process != nil {
		s.Kill()
	}
	if strings.Contains(s.Log(), "panic:") || strings.Contains(s.Log(), "a handler panicked") || strings.Contains(s.Log(), "goroutine 1 [") {
		s.t.Error("server: it panicked")
	}
	if s.t.Failed() {
		s.t.Logf("server at %s wrote:\n%s", s.Addr, s.log.tail())
	}
}

// output keeps what a process writes, for reading while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// tail returns the end of the output, as much as a person reads.
func (o *output) tail() string {
	const most = 8 << 10
	text := o.String()
	return text[max(0, len(text)-most):]
}
