package ops_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/storage"
)

// secret seals the challenges of every process, so that a guard in the test can solve them.
const secret = "0123456789abcdef0123456789abcdef"

// patience is how long Redis may take in tests that are not about that: it waits for the disk, which may be busy.
const patience = 10 * time.Second

// mode is one of the two ways of keeping challenges.
type mode struct {
	name string
	env  []string // of a process
}

var modes = []mode{
	{"sealed", []string{"CAPTCHA_SECRETS=" + secret}},
	{"stored", []string{"CAPTCHA_STORED=true"}},
}

// guard returns a guard that knows the answers to the processes' challenges, of which Redis keeps the stored ones.
func (m mode) guard(t testing.TB, redisURL string) *captcha.Guard {
	t.Helper()
	// A guard accepts no key that lives longer than its own.
	cfg := captcha.Config{Logger: slog.New(slog.DiscardHandler), Expiration: 24 * time.Hour}
	if m.name == "sealed" {
		cfg.Secrets = []string{secret}
		return captcha.New(cfg)
	}
	store, err := storage.Open(t.Context(), redisURL, storage.Config{Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	cfg.Storage, cfg.Stored = store, true
	return captcha.New(cfg)
}

// solve returns the answer to a challenge, or false if the challenge has expired or its storage is away.
func solve(t testing.TB, guard *captcha.Guard, key string) (answer string, ok bool) {
	defer func() {
		if problem := recover(); problem != nil && problem != unsolved {
			panic(problem)
		}
	}()
	return captchatest.Solve(tolerant{t}, guard, key), true
}

// tolerant lets a test go on without an answer.
type tolerant struct{ testing.TB }

const unsolved = "unsolved"

func (tolerant) Fatalf(string, ...any) { panic(unsolved) }

// visitor is somebody with an HTTP client, with an address of their own if the site trusts the test as a proxy.
type visitor struct {
	client    *http.Client
	base      string
	forwarded string
	slowest   atomic.Int64 // the time of the slowest answer
}

func newVisitor(base string) *visitor {
	transport := &http.Transport{MaxIdleConns: 1000, MaxIdleConnsPerHost: 1000}
	return &visitor{base: base, client: &http.Client{
		Transport:     transport,
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

type reply struct {
	status int
	header http.Header
	body   string
	took   time.Duration

	closing bool // this was the connection's last reply
}

// do makes a request of the body's kind: none for "", JSON for "{...", else a form's.
func (v *visitor) do(method, path, body string, headers ...string) (reply, error) {
	request, err := http.NewRequest(method, v.base+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	switch {
	case strings.HasPrefix(body, "{"):
		request.Header.Set("Content-Type", "application/json")
	case body != "":
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if v.forwarded != "" {
		request.Header.Set("X-Forwarded-For", v.forwarded)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	start := time.Now()
	response, err := v.client.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	took := time.Since(start)
	for {
		slowest := v.slowest.Load()
		if int64(took) <= slowest || v.slowest.CompareAndSwap(slowest, int64(took)) {
			break
		}
	}
	return reply{response.StatusCode, response.Header, string(text), took, response.Close}, err
}

// challenge asks for a challenge. A status other than 200 is no error.
func (v *visitor) challenge() (key string, r reply, err error) {
	r, err = v.do("POST", "/api/captcha", "")
	if err != nil || r.status != http.StatusOK {
		return "", r, err
	}
	var fields struct {
		Key string `json:"captcha_key"`
	}
	err = json.Unmarshal([]byte(r.body), &fields)
	return fields.Key, r, err
}

// send posts a message over the API. The reference is empty unless it was accepted.
func (v *visitor) send(key, answer, message string) (reference string, r reply, err error) {
	body, err := json.Marshal(map[string]string{"name": "A. Visitor", "email": "visitor@example.com", "message": message,
		"captcha_key": key, "captcha_value": answer})
	if err != nil {
		return "", reply{}, err
	}
	r, err = v.do("POST", "/api/contact", string(body))
	if err != nil || r.status != http.StatusCreated {
		return "", r, err
	}
	var fields struct{ Reference string }
	err = json.Unmarshal([]byte(r.body), &fields)
	return fields.Reference, r, err
}

// mustChallenge returns a challenge and its answer.
func mustChallenge(t testing.TB, v *visitor, guard *captcha.Guard) (key, answer string) {
	t.Helper()
	key, r, err := v.challenge()
	if err != nil || key == "" {
		t.Fatalf("no challenge: status %d, %v: %s", r.status, err, r.body)
	}
	return key, captchatest.Solve(t, guard, key)
}

// mustSend sends a message that has to be accepted, and returns its reference.
func mustSend(t testing.TB, v *visitor, guard *captcha.Guard, message string) (reference string) {
	t.Helper()
	key, answer := mustChallenge(t, v, guard)
	reference, r, err := v.send(key, answer, message)
	if err != nil || reference == "" {
		t.Fatalf("not accepted: status %d, %v: %s", r.status, err, r.body)
	}
	return reference
}

// mustKeep asks for what was accepted.
func mustKeep(t testing.TB, v *visitor, reference, message string) {
	t.Helper()
	r, err := v.do("GET", "/contact/"+reference, "")
	if err != nil || !r.shows(message) {
		t.Errorf("message %q was accepted, and is not there: status %d, %v", message, r.status, err)
	}
}

// shows reports whether this is the receipt of a message.
func (r reply) shows(message string) bool {
	return r.status == http.StatusOK && strings.Contains(r.body, message)
}

func mustDo(t testing.TB, v *visitor, method, path, body string, headers ...string) reply {
	t.Helper()
	r, err := v.do(method, path, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}
