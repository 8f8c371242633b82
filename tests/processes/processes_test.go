// Package processes_test runs apps in the ways that processes run: several on one port, and one that may use only
// approved cryptography.
package processes_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

const secret = "0123456789abcdef0123456789abcdef"

// startForked starts the forked app with two processes, and returns a way to wait for it.
func startForked(t *testing.T, environ ...string) (addr string, ended <-chan error, output *safeBuffer) {
	t.Helper()
	addr = fmt.Sprintf("127.0.0.1:%d", redisserver.FreePort(t))
	output = new(safeBuffer)
	app := exec.Command(server.BuildOther(t, "./forked"))
	app.Env = append([]string{"ADDR=" + addr, "SECRET=" + secret, "GOMAXPROCS=2"}, environ...)
	app.Stdout, app.Stderr = output, output
	app.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	app.WaitDelay = 10 * time.Second
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.Wait() }()
	t.Cleanup(func() { _ = syscall.Kill(-app.Process.Pid, syscall.SIGKILL) })
	return addr, done, output
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// Forked processes that would each keep used keys for themselves do not start, and say what to do.
func TestForkedProcessesWithoutAStorageDoNotStart(t *testing.T) {
	_, ended, output := startForked(t)
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(output.String(), "a storage that all processes share, because Prefork runs several of them") {
			t.Errorf("ended with %v and wrote\n%s", err, output)
		}
	case <-time.After(time.Minute):
		t.Fatalf("it runs, and wrote\n%s", output)
	}
}

// With a storage, every good answer is accepted, and once, whichever process it comes to.
func TestForkedProcessesShareAStorage(t *testing.T) {
	url := redisserver.Start(t)
	addr, ended, output := startForked(t, "STORAGE_URL="+url)
	waitForProcesses(t, addr, 2, ended, output)
	store, err := storage.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	guard := captcha.New(captcha.Config{Secrets: []string{secret}, Storage: store})
	var accepted, again atomic.Int64
	for range 200 {
		challenge, err := guard.IssueTo(t.Context(), captcha.Visitor{})
		if err != nil {
			t.Fatal(err)
		}
		answer := captchatest.Solve(t, guard, challenge.Key)
		if post(t, addr, challenge.Key, answer) == http.StatusCreated {
			accepted.Add(1)
		}
		for range 4 { // new connections, to either process
			if post(t, addr, challenge.Key, answer) == http.StatusCreated {
				again.Add(1)
			}
		}
	}
	t.Logf("accepted %d of 200, and %d again", accepted.Load(), again.Load())
	if accepted.Load() != 200 || again.Load() != 0 {
		t.Errorf("accepted %d of 200, and %d again", accepted.Load(), again.Load())
	}
}

// client makes a connection of its own for each request, so that the kernel chooses the process anew.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}

func waitForProcesses(t *testing.T, addr string, want int, ended <-chan error, output fmt.Stringer) {
	t.Helper()
	seen := map[string]bool{}
	for limit := time.Now().Add(time.Minute); len(seen) < want; time.Sleep(10 * time.Millisecond) {
		select {
		case err := <-ended:
			t.Fatalf("ended: %v\n%s", err, output)
		default:
		}
		if time.Now().After(limit) {
			t.Fatalf("only %d processes answer\n%s", len(seen), output)
		}
		response, err := client.Get("http://" + addr + "/process")
		if err != nil {
			continue
		}
		pid, _ := io.ReadAll(response.Body)
		response.Body.Close()
		seen[string(pid)] = true
	}
}

func post(t *testing.T, addr, key, answer string) (status int) {
	t.Helper()
	response, err := client.PostForm("http://"+addr+"/", url.Values{"captcha_key": {key}, "captcha_value": {answer}})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// The demo runs where only approved cryptography is allowed: it issues, accepts and refuses, and nothing panics.
func TestApprovedCryptographyOnly(t *testing.T) {
	s := server.Start(t, "GODEBUG=fips140=only", "CAPTCHA_SECRETS="+secret)
	guard := captcha.New(captcha.Config{Secrets: []string{secret}})
	message := func(key, value string) (int, string) {
		response, err := http.PostForm(s.URL+"/api/contact", url.Values{"name": {"Ada"}, "email": {"ada@example.org"},
			"message": {"Hello"}, "captcha_key": {key}, "captcha_value": {value}})
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(body)
	}
	challenge, err := guard.IssueTo(context.Background(), captcha.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	answer := captchatest.Solve(t, guard, challenge.Key)
	for _, want := range []int{201, 400} {
		if status, body := message(challenge.Key, answer); status != want {
			t.Errorf("%d %s, want %d", status, body, want)
		}
	}
	// A key of the first version can't be opened there. It counts as an unknown key, and nothing panics.
	first := "FJrfUWmeAOpV79CVH-3pNQgnKTme_JD4X-Wm4Dz5JrqOQ8jO5AHmIE7ZYC80ptUS"
	if status, body := message(first, "WA2R"); status != 400 || !strings.Contains(body, "Invalid or expired") {
		t.Errorf("%d %s", status, body)
	}
	for _, path := range []string{"/", "/contact", "/signup", "/login", "/playground"} {
		response, err := http.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		if response.Body.Close(); response.StatusCode != 200 {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
}
