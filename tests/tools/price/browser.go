//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/measure"
)

// page solves one challenge after another until the server has no more, and says what each took, in milliseconds.
const page = `(async () => {
  for (;;) {
    const begin = performance.now();
    const reply = await fetch("/next", { cache: "no-store" });
    if (reply.status !== 200) break;
    const challenge = await reply.json();
    const told = await new Promise((done) => {
      const worker = new Worker("/work.js");
      worker.onmessage = ({ data }) => done(data);
      worker.onerror = ({ message }) => done({ type: "failed", reason: message });
      worker.postMessage({ type: "start", challenge, limit: 300000 });
    });
    await fetch("/told", { method: "POST", body: JSON.stringify({ ...told, whole: performance.now() - begin }) });
  }
})();`

// result is what a browser did.
type result struct {
	seconds []float64     // of each challenge
	tries   int           // all together
	search  time.Duration // all together
	cpu     time.Duration // of all the browser's processes, meanwhile
}

func (r result) rate() float64 { return float64(r.tries) / r.search.Seconds() }

// solved is what the page says of one challenge.
type solved struct {
	Type, Reason, Solution string
	Tries                  int
	Time, Whole            float64
}

// visit has a browser solve challenges, so many times slower than it is.
func visit(ctx context.Context, w *work.Work, name string, factor, solves int) (r result, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	next, told := make(chan struct{}, solves), make(chan solved)
	server := httptest.NewServer(handler(w, next, told))
	defer server.Close()
	group, stop, err := start(name, server.URL)
	if err != nil {
		return r, err
	}
	defer stop()

	// The first challenge is for warming up, at full speed: what comes with opening a browser is not the work's.
	next <- struct{}{}
	if _, err := await(ctx, told); err != nil {
		return r, err
	}
	before, err := cpuTimes(group)
	if err != nil {
		return r, err
	}
	defer slowDown(group, factor)()
	for range solves {
		next <- struct{}{}
		s, err := await(ctx, told)
		if err != nil {
			return r, err
		}
		r.seconds = append(r.seconds, s.Whole/1000)
		r.tries += s.Tries
		r.search += time.Duration(s.Time * float64(time.Millisecond))
	}
	after, err := cpuTimes(group)
	for pid, spent := range after {
		r.cpu += spent - before[pid]
	}
	return r, err
}

func await(ctx context.Context, told <-chan solved) (solved, error) {
	select {
	case s := <-told:
		if s.Type != "solved" {
			return s, errors.New("not solved: " + s.Reason)
		}
		return s, nil
	case <-ctx.Done():
		return solved{}, ctx.Err()
	}
}

// handler serves the page, and a challenge for each value of next.
func handler(w *work.Work, next <-chan struct{}, told chan<- solved) http.Handler {
	mux := http.NewServeMux()
	serve := func(path, mediaType, text string) {
		mux.HandleFunc(path, func(out http.ResponseWriter, _ *http.Request) {
			out.Header().Set("Content-Type", mediaType)
			fmt.Fprint(out, text)
		})
	}
	serve("/{$}", "text/html", `<!doctype html><title>Price</title><link rel="icon" href="data:,"><script src="/page.js"></script>`)
	serve("/page.js", "text/javascript", page)
	serve("/work.js", "text/javascript", w.Script())
	mux.HandleFunc("/next", func(out http.ResponseWriter, in *http.Request) {
		select {
		case <-next:
		case <-in.Context().Done():
			return
		}
		var seed [32]byte
		rand.Read(seed[:])
		text, err := w.Challenge(in.Context(), seed, 0)
		if err != nil {
			http.Error(out, err.Error(), http.StatusServiceUnavailable)
			return
		}
		out.Write(text)
	})
	mux.HandleFunc("/told", func(_ http.ResponseWriter, in *http.Request) {
		var s solved
		if err := json.NewDecoder(in.Body).Decode(&s); err != nil {
			s.Reason = err.Error()
		}
		told <- s
	})
	return mux
}

// start opens a page in a headless browser that has a profile and a process group of its own.
func start(name, url string) (group int, stop func(), err error) {
	profile, err := os.MkdirTemp("", "price-")
	if err != nil {
		return 0, nil, err
	}
	var process *exec.Cmd
	if strings.Contains(name, "firefox") {
		process = exec.Command(name, "--headless", "--no-remote", "--profile", profile, url)
	} else {
		process = exec.Command(name, "--headless", "--disable-gpu", "--disable-component-update", "--user-data-dir="+profile, url)
		if os.Geteuid() == 0 {
			process.Args = append(process.Args, "--no-sandbox") // Chromium's sandbox does not work for root
		}
	}
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := process.Start(); err != nil {
		os.RemoveAll(profile)
		return 0, nil, err
	}
	group = process.Process.Pid
	return group, func() {
		_ = syscall.Kill(-group, syscall.SIGKILL)
		_ = process.Wait()
		_ = os.RemoveAll(profile)
	}, nil
}

// slowDown lets a process group run for one part of so many of the time, until the function that it returns is called.
func slowDown(group, factor int) (stop func()) {
	if factor == 1 {
		return func() {}
	}
	const period = 20 * time.Millisecond
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			_ = syscall.Kill(-group, syscall.SIGSTOP)
			time.Sleep(period - period/time.Duration(factor))
			_ = syscall.Kill(-group, syscall.SIGCONT)
			select {
			case <-done:
				return
			case <-time.After(period / time.Duration(factor)):
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// cpuTimes are the CPU times that each process of a group has spent. Those that have ended are left out.
func cpuTimes(group int) (map[int]time.Duration, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	times := make(map[int]time.Duration)
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// After the name in parentheses come state, parent and group.
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if fields[2] != strconv.Itoa(group) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return nil, err
		}
		if spent, err := measure.CPUTime([]int{pid}); err == nil {
			times[pid] = spent
		}
	}
	return times, nil
}
