package ops_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// The storage goes away in five ways under mixed traffic. Whatever happens, no wrong and no used answer may be
// accepted, no accepted message may be lost, and every visitor who is refused because of it gets a 503.
func TestOutage(t *testing.T) {
	t.Parallel()
	long(t)
	faults := []struct {
		name       string
		refuses    bool // somebody has to be refused before it ends
		begin, end func(t *testing.T, redis *redisserver.Server, line *redisserver.Line)
	}{
		{"killed", true,
			func(_ *testing.T, redis *redisserver.Server, _ *redisserver.Line) { redis.Kill() },
			func(_ *testing.T, redis *redisserver.Server, _ *redisserver.Line) { redis.Restart() }},
		{"frozen", true,
			func(_ *testing.T, redis *redisserver.Server, _ *redisserver.Line) { redis.Freeze() },
			func(_ *testing.T, redis *redisserver.Server, _ *redisserver.Line) { redis.Continue() }},
		{"restarted", false,
			func(_ *testing.T, redis *redisserver.Server, _ *redisserver.Line) { redis.Restart() },
			func(*testing.T, *redisserver.Server, *redisserver.Line) {}},
		{"full", true,
			func(t *testing.T, redis *redisserver.Server, _ *redisserver.Line) { setMaxMemory(t, redis, "1") },
			func(t *testing.T, redis *redisserver.Server, _ *redisserver.Line) { setMaxMemory(t, redis, "0") }},
		{"slow, within the time limit", false,
			func(_ *testing.T, _ *redisserver.Server, line *redisserver.Line) {
				line.SlowReplies(100 * time.Millisecond)
			},
			func(_ *testing.T, _ *redisserver.Server, line *redisserver.Line) { line.SlowReplies(0) }},
		{"slow, beyond it", true,
			func(_ *testing.T, _ *redisserver.Server, line *redisserver.Line) { line.SlowReplies(3 * time.Second) },
			func(_ *testing.T, _ *redisserver.Server, line *redisserver.Line) { line.SlowReplies(0) }},
	}
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			t.Parallel()
			redis := redisserver.Own(t, "--appendfsync", "always", "--maxmemory-policy", "noeviction") // as in docker-compose.yml
			line := redis.Line(t)
			env := append([]string{"STORAGE_URL=" + line.URL(), "LOG_LEVEL=warn"}, mode.env...)
			servers := []*server.Server{server.Start(t, env...), server.Start(t, env...)}
			guard := mode.guard(t, redis.URL())
			for _, fault := range faults {
				t.Run(fault.name, func(t *testing.T) {
					traffic := startTraffic(t, guard, servers)
					defer traffic.stop()
					time.Sleep(*outage / 3)
					before := traffic.unavailable.Load()
					fault.begin(t, redis, line)
					time.Sleep(*outage)
					if fault.refuses {
						await(t, "a 503", func() bool { return traffic.unavailable.Load() > before })
					}
					fault.end(t, redis, line)
					returned := time.Now()
					for _, s := range servers {
						v := newVisitor(s.URL)
						await(t, "recovery", func() bool { return accepted(t, v, guard) })
					}
					within(t, "recovery", time.Since(returned), 2*time.Second)
					time.Sleep(*outage / 3)
				})
			}
		})
	}
}

// accepted reports whether a visitor's message is taken now.
func accepted(t testing.TB, v *visitor, guard *captcha.Guard) bool {
	key, _, err := v.challenge()
	if err != nil || key == "" {
		return false
	}
	answer, ok := solve(t, guard, key)
	if !ok {
		return false
	}
	reference, _, err := v.send(key, answer, "Back again.")
	return err == nil && reference != ""
}

func setMaxMemory(t *testing.T, server *redisserver.Server, bytes string) {
	t.Helper()
	options, err := redis.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	if err := client.ConfigSet(t.Context(), "maxmemory", bytes).Err(); err != nil {
		t.Fatal(err)
	}
}

// traffic is some 200 requests a second of many kinds, and a record of what became of them.
type traffic struct {
	t        *testing.T
	guard    *captcha.Guard
	visitors []*visitor
	done     chan struct{}
	all      sync.WaitGroup

	sent, ok, refused, unavailable, replayed atomic.Int64
	slowestRefusal                           atomic.Int64

	mu       sync.Mutex
	used     []submission      // accepted: none of them may be accepted again
	unknown  []submission      // ended in a 503: accepted at most once in all
	messages map[string]string // by reference
	taken    map[string]int    // how often a key was accepted
}

type submission struct{ key, answer string }

const perSecond = 110 // visits, of about two requests each

func startTraffic(t *testing.T, guard *captcha.Guard, servers []*server.Server) *traffic {
	w := &traffic{t: t, guard: guard, done: make(chan struct{}), messages: make(map[string]string), taken: make(map[string]int)}
	for _, s := range servers {
		w.visitors = append(w.visitors, newVisitor(s.URL))
	}
	kinds := []func(v, other *visitor, n int){w.visit, w.visit, w.visit, w.guess, w.replay, w.retry, w.page, w.look}
	w.all.Go(func() {
		tick := time.NewTicker(time.Second / perSecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-w.done:
				return
			case <-tick.C:
				kind := kinds[rand.IntN(len(kinds))]
				v, other := w.visitors[n%len(w.visitors)], w.visitors[rand.IntN(len(w.visitors))]
				w.all.Go(func() { kind(v, other, n) })
			}
		}
	})
	return w
}

// stop waits for the last answers and closes the book.
func (w *traffic) stop() {
	close(w.done)
	w.all.Wait()
	lost := 0
	for reference, message := range w.messages {
		if r := w.receipt(reference); !r.shows(message) {
			w.t.Errorf("%q was accepted, and is lost: status %d", message, r.status)
			lost++
		}
	}
	for key, times := range w.taken {
		if times > 1 {
			w.t.Errorf("the key %s was accepted %d times", key, times)
		}
	}
	w.t.Logf("%d requests: %d good, %d refused for what they were, %d answered 503; %d messages accepted, %d lost; %d used answers sent again",
		w.sent.Load(), w.ok.Load(), w.refused.Load(), w.unavailable.Load(), len(w.messages), lost, w.replayed.Load())
	within(w.t, "slowest 503", time.Duration(w.slowestRefusal.Load()), 2*time.Second)
	if len(w.messages) == 0 || w.replayed.Load() == 0 || w.refused.Load() == 0 {
		w.t.Error("the traffic had nothing in it to go wrong")
	}
}

// receipt asks for one until the storage is fast enough to say what became of it.
func (w *traffic) receipt(reference string) (r reply) {
	w.t.Helper()
	await(w.t, "a receipt", func() bool {
		var err error
		r, err = w.visitors[0].do("GET", "/contact/"+reference, "")
		return err == nil && r.status != http.StatusServiceUnavailable
	})
	return r
}

// count notes an answer, and complains of one that nobody should get.
func (w *traffic) count(what string, r reply, err error) {
	w.sent.Add(1)
	switch {
	case err != nil:
		w.t.Errorf("%s: %v", what, err)
	case r.status == http.StatusServiceUnavailable:
		w.unavailable.Add(1)
		if r.header.Get("Retry-After") == "" {
			w.t.Errorf("%s: 503 without Retry-After", what)
		}
		for {
			slowest := w.slowestRefusal.Load()
			if int64(r.took) <= slowest || w.slowestRefusal.CompareAndSwap(slowest, int64(r.took)) {
				break
			}
		}
	case r.status >= 500:
		w.t.Errorf("%s: status %d: %s", what, r.status, r.body)
	case r.status >= 400:
		w.refused.Add(1)
	default:
		w.ok.Add(1)
	}
}

// challenge returns one with its answer, if there is one to be had.
func (w *traffic) challenge(v *visitor) (s submission, ok bool) {
	key, r, err := v.challenge()
	w.count("challenge", r, err)
	if key == "" {
		return s, false
	}
	answer, ok := solve(w.t, w.guard, key)
	return submission{key, answer}, ok
}

// send posts an answer and keeps the book.
func (w *traffic) send(what string, v *visitor, s submission, message string) reply {
	reference, r, err := v.send(s.key, s.answer, message)
	w.count(what, r, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case reference != "":
		w.messages[reference] = message
		w.taken[s.key]++
		w.used = append(w.used, s)
	case r.status == http.StatusServiceUnavailable:
		w.unknown = append(w.unknown, s)
	}
	return r
}

// visit is somebody who reads the picture well.
func (w *traffic) visit(v, other *visitor, n int) {
	if s, ok := w.challenge(v); ok {
		w.send("right answer", other, s, fmt.Sprintf("Message %d.", n))
	}
}

// guess is somebody who misreads the picture and then reads it well, but too late.
func (w *traffic) guess(v, other *visitor, n int) {
	s, ok := w.challenge(v)
	if !ok {
		return
	}
	_, r, err := v.send(s.key, "?"+s.answer[1:], "Guessed.")
	w.count("wrong answer", r, err)
	if r.status == http.StatusCreated {
		w.t.Errorf("a wrong answer was accepted: %s", r.body)
	}
	if err == nil && r.status == http.StatusBadRequest {
		if r := w.send("right answer after a wrong one", other, s, fmt.Sprintf("Late message %d.", n)); r.status == http.StatusCreated {
			w.t.Error("a right answer was accepted after a wrong one")
		}
	}
}

// replay is somebody who sends an answer that was accepted, once more.
func (w *traffic) replay(v, _ *visitor, n int) {
	if s, ok := w.pick(&w.used, false); ok {
		w.replayed.Add(1)
		w.send("used answer", v, s, fmt.Sprintf("Repeated message %d.", n))
	}
}

// retry is somebody who was told 503 and tries again, as the page says.
func (w *traffic) retry(v, _ *visitor, n int) {
	if s, ok := w.pick(&w.unknown, true); ok {
		w.send("answer again after 503", v, s, fmt.Sprintf("Second try %d.", n))
	}
}

func (w *traffic) pick(from *[]submission, remove bool) (s submission, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(*from) == 0 {
		return s, false
	}
	i := rand.IntN(len(*from))
	s = (*from)[i]
	if remove {
		*from = append((*from)[:i], (*from)[i+1:]...)
	}
	return s, true
}

// page is somebody with a browser: a form, its sound, and the form sent as a page with a wrong answer.
func (w *traffic) page(v, other *visitor, _ int) {
	r, err := v.do("GET", "/contact", "")
	w.count("form", r, err)
	match := hiddenKey.FindStringSubmatch(r.body)
	if match == nil {
		return
	}
	sound, err := other.do("GET", "/api/captcha/"+match[1]+"/audio.wav", "")
	w.count("sound", sound, err)
	form := url.Values{"name": {"A. Visitor"}, "email": {"visitor@example.com"}, "message": {"Typed with care."},
		"captcha_key": {match[1]}, "captcha_value": {"????"}}
	sent, err := other.do("POST", "/contact", form.Encode())
	w.count("page sent", sent, err)
	if sent.status == http.StatusSeeOther {
		w.t.Error("a wrong answer was accepted as a page")
	}
}

// look is somebody who reads an earlier receipt, or tries to log in.
func (w *traffic) look(v, _ *visitor, n int) {
	if n%2 == 0 {
		form := url.Values{"email": {fmt.Sprintf("nobody%d@example.com", n)}, "password": {"correct horse battery"}}
		r, err := v.do("POST", "/login", form.Encode())
		w.count("login", r, err)
		return
	}
	w.mu.Lock()
	reference := ""
	for reference = range w.messages {
		break
	}
	w.mu.Unlock()
	if reference != "" {
		r, err := v.do("GET", "/contact/"+reference, "")
		w.count("receipt", r, err)
	}
}
