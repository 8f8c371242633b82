package ops_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// addresses is the number of addresses that a flood comes from.
const addresses = 100_000

// floodMemory bounds what a process holds at any time of a flood when challenges are sealed, in bytes.
const floodMemory = 96 << 20

// Sealed challenges cost nothing to keep. However many are asked for, nobody is refused, and each challenge that was
// shown before, during or after the flood can be answered once.
func TestFloodSealed(t *testing.T) {
	long(t)
	s := server.Start(t, floodEnv(modes[0].env...)...)
	guard := modes[0].guard(t, "")
	ordinary := newVisitor(s.URL)
	ordinary.forwarded = "192.0.2.1"
	var shown []string
	show := func(n int) {
		for range n {
			key, _ := mustChallenge(t, ordinary, guard)
			shown = append(shown, key)
		}
	}
	show(20)
	visits := startVisits(t, s.URL, func(v *visitor) error {
		key, r, err := v.challenge()
		if err != nil || key == "" {
			return fmt.Errorf("challenge: status %d, %w", r.status, err)
		}
		answer := captchatest.Solve(t, guard, key)
		if reference, r, err := v.send(key, answer, "In between."); reference == "" {
			return fmt.Errorf("message: status %d, %w: %s", r.status, err, r.body)
		}
		return nil
	})
	result := runFlood(t, s.Addr, *flood)
	within(t, "99th percentile of ordinary visitors", visits.stop(t), 50*time.Millisecond)
	show(20)

	if result.ok != *flood {
		t.Errorf("%d of %d were given a challenge", result.ok, *flood)
	}
	for i, key := range append(shown, result.sample...) {
		v := newVisitor(s.URL)
		v.forwarded = fmt.Sprintf("198.51.%d.%d", i/256, i%256)
		answer := captchatest.Solve(t, guard, key)
		if reference, r, err := v.send(key, answer, "Shown in a flood."); reference == "" {
			t.Errorf("challenge %d was not accepted: status %d, %v: %s", i, r.status, err, r.body)
		}
		if reference, _, _ := v.send(key, answer, "Again."); reference != "" {
			t.Errorf("challenge %d was accepted twice", i)
		}
		v.client.CloseIdleConnections()
	}
	peak := memory(t, s, "VmHWM")
	t.Logf("%d challenges to %d addresses in %s, %.0f a second; at most %.1f MiB resident; %d shown before, during and after accepted once",
		*flood, addresses, result.took.Round(time.Millisecond), float64(*flood)/result.took.Seconds(), mib(peak), len(shown)+len(result.sample))
	if peak > floodMemory {
		t.Errorf("%.1f MiB resident, bound is %.1f", mib(peak), mib(floodMemory))
	}
}

// Stored challenges fill the storage. The storage refuses the rest and forgets none: every challenge that was shown can
// still be answered.
func TestFloodStoredInMemory(t *testing.T) {
	long(t)
	room := *flood / 2
	// One entry more is the secret that receipts are sealed with.
	s := server.Start(t, floodEnv("CAPTCHA_STORED=true", fmt.Sprintf("CAPTCHA_CACHE=memory://?entries=%d", room+1))...)
	ordinary := newVisitor(s.URL)
	ordinary.forwarded = "192.0.2.1"
	var shown []string
	for range 20 {
		key, r, err := ordinary.challenge()
		if err != nil || key == "" {
			t.Fatalf("status %d, %v", r.status, err)
		}
		shown = append(shown, key)
	}
	result := runFlood(t, s.Addr, *flood)
	if issued := result.ok + len(shown); issued != room || result.unavailable != *flood-result.ok {
		t.Errorf("%d issued and %d answered 503, want %d and the rest", issued, result.unavailable, room)
	}
	for i, key := range append(shown, result.sample...) {
		v := newVisitor(s.URL)
		v.forwarded = fmt.Sprintf("198.51.%d.%d", i/256, i%256)
		// The server calls an answer wrong only if the challenge is still there.
		if _, r, err := v.send(key, "????", "Guessed."); err != nil || !strings.Contains(r.body, "Invalid captcha value") {
			t.Errorf("challenge %d is not there: status %d, %v: %s", i, r.status, err, r.body)
		}
		v.client.CloseIdleConnections()
	}
	t.Logf("%d challenges asked for, room for %d: %d issued, %d answered 503, none of those shown forgotten; at most %.1f MiB resident",
		*flood, room, result.ok, result.unavailable, mib(memory(t, s, "VmHWM")))
}

func floodEnv(env ...string) []string {
	return append([]string{"TRUSTED_PROXIES=127.0.0.1", "LIMIT_ISSUE=600/min", "LIMIT_SUBMIT=600/min", "CAPTCHA_TIMEOUT=3600",
		"LOG_LEVEL=error"}, env...)
}

type floodResult struct {
	ok, throttled, unavailable, other int
	sample                            []string // some of the keys
	took                              time.Duration
}

// runFlood asks for challenges from very many addresses, as fast as a machine can that also has to answer them.
func runFlood(t *testing.T, addr string, n int) (result floodResult) {
	const workers = 8
	client := &fasthttp.HostClient{Addr: addr, MaxConns: workers}
	var next, ok, throttled, unavailable, other atomic.Int64
	var mu sync.Mutex
	var all sync.WaitGroup
	start := time.Now()
	for range workers {
		all.Go(func() {
			request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			request.SetRequestURI("http://" + addr + "/api/captcha")
			request.Header.SetMethod("POST")
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				from := i % addresses
				request.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", from>>16, from>>8&255, from&255))
				if err := client.Do(request, response); err != nil {
					t.Error(err)
					return
				}
				switch response.StatusCode() {
				case http.StatusOK:
					ok.Add(1)
					if i%max(1, n/200) == 0 {
						var fields struct {
							Key string `json:"captcha_key"`
						}
						if err := json.Unmarshal(response.Body(), &fields); err != nil {
							t.Error(err)
						}
						mu.Lock()
						result.sample = append(result.sample, fields.Key)
						mu.Unlock()
					}
				case http.StatusTooManyRequests:
					throttled.Add(1)
				case http.StatusServiceUnavailable:
					unavailable.Add(1)
				default:
					other.Add(1)
				}
			}
		})
	}
	all.Wait()
	result.took = time.Since(start)
	result.ok, result.throttled = int(ok.Load()), int(throttled.Load())
	result.unavailable, result.other = int(unavailable.Load()), int(other.Load())
	if result.throttled+result.other > 0 {
		t.Errorf("%d throttled, %d answered in other ways", result.throttled, result.other)
	}
	return result
}

// visits are those of ordinary people, twenty a second, each from an address of its own, and how long their requests
// take.
type visits struct {
	done  chan struct{}
	all   sync.WaitGroup
	mu    sync.Mutex
	times []time.Duration
}

func startVisits(t *testing.T, url string, visit func(v *visitor) error) *visits {
	v := &visits{done: make(chan struct{})}
	v.all.Go(func() {
		client := newVisitor(url).client
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-v.done:
				return
			case <-tick.C:
			}
			v.all.Go(func() {
				somebody := &visitor{client: client, base: url, forwarded: fmt.Sprintf("203.0.%d.%d", n/256%256, n%256)}
				err := visit(somebody)
				if err != nil {
					t.Errorf("an ordinary visitor: %v", err)
				}
				v.mu.Lock()
				v.times = append(v.times, time.Duration(somebody.slowest.Load()))
				v.mu.Unlock()
			})
		}
	})
	return v
}

// count returns how many have been there.
func (v *visits) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.times)
}

// stop ends the visits. It returns the 99th percentile of how long each visitor's slower request took.
func (v *visits) stop(t *testing.T) (p99 time.Duration) {
	t.Helper()
	close(v.done)
	v.all.Wait()
	if len(v.times) == 0 {
		t.Fatal("nobody came")
	}
	slices.Sort(v.times)
	t.Logf("%d ordinary visitors", len(v.times))
	return v.times[len(v.times)*99/100]
}

// memory returns what the kernel says of a process: VmRSS, resident now, or VmHWM, resident at most so far; in bytes.
func memory(t testing.TB, s *server.Server, name string) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Pid()))
	if err != nil {
		t.Skipf("this system does not tell a process's memory: %v", err)
	}
	_, after, _ := strings.Cut(string(text), name+":")
	line, _, _ := strings.Cut(after, "kB")
	kib, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return kib << 10
}

func mib(bytes int) float64 { return float64(bytes) / (1 << 20) }
