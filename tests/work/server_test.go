package work_test

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/waiting"
)

func TestMain(m *testing.M) {
	waiting.SideBySide(4)
	os.Exit(m.Run())
}

// policy is the strictest policy under which ALTCHA's widget and our worker have what they need: everything from this
// address, no inline code, no blob:, no WebAssembly. Pictures are data: URIs.
const policy = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' data:; media-src 'self'; form-action 'self'"

// server has pages on which work is done, and as much of a guard as ALTCHA's widget needs: keys with a seed, each good
// once.
type server struct {
	*httptest.Server
	work    *work.Work
	code    bool          // show the widget a picture and ask for its letters
	expires time.Duration // of a challenge

	mu    sync.Mutex
	seeds map[string][32]byte // of unspent challenges
	met   map[string]bool     // receipts, unspent

	results chan string // of what is submitted
}

func serve(t *testing.T, w *work.Work) *server {
	s := &server{work: w, expires: time.Minute, seeds: make(map[string][32]byte), met: make(map[string]bool)}
	s.results = make(chan string, 100)
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir("page")))
	mux.Handle("/dist/", http.FileServer(http.Dir("../node_modules/altcha")))
	mux.HandleFunc("/work.js", func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		out.Write([]byte(w.Script()))
	})
	mux.HandleFunc("/challenge", s.challenge)
	mux.HandleFunc("/verify", s.verify)
	mux.HandleFunc("/form", s.form)
	mux.HandleFunc("/told", s.told)
	s.Server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		out.Header().Set("Content-Security-Policy", policy)
		mux.ServeHTTP(out, in)
	}))
	t.Cleanup(s.Close)
	return s
}

const pixel = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"

func (s *server) challenge(out http.ResponseWriter, in *http.Request) {
	var seed [32]byte
	rand.Read(seed[:])
	key := hex.EncodeToString(seed[16:]) // says nothing of the seed in this test
	s.mu.Lock()
	s.seeds[key] = seed
	s.mu.Unlock()
	var beside map[string]any
	if s.code {
		beside = map[string]any{
			"codeChallenge": map[string]any{"image": pixel, "audio": "/sound.wav", "length": 4},
			"configuration": map[string]any{"verifyUrl": "/verify"},
		}
	}
	text, err := s.work.Altcha(in.Context(), seed, 0, key, time.Now().Add(s.expires), beside)
	if err != nil {
		http.Error(out, err.Error(), http.StatusServiceUnavailable)
		return
	}
	out.Header().Set("Content-Type", "application/json")
	out.Write(text)
}

// judge takes what the widget submits, once.
func (s *server) judge(field string) string {
	key, open, ok := s.work.ReadAltcha(field)
	if !ok {
		return "unreadable"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	seed, ok := s.seeds[key]
	if !ok {
		return "spent"
	}
	solution, ok := open(seed, 0)
	if !ok {
		return "altered"
	}
	delete(s.seeds, key)
	if !s.work.Check(seed, 0, solution) {
		return "wrong"
	}
	return "right"
}

func (s *server) verify(out http.ResponseWriter, in *http.Request) {
	var asked struct{ Code, Payload string }
	if err := json.NewDecoder(in.Body).Decode(&asked); err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	answer := map[string]any{"verified": false}
	if s.judge(asked.Payload) == "right" && asked.Code == "ABCD" {
		s.mu.Lock()
		s.met["a-receipt"] = true
		s.mu.Unlock()
		answer = map[string]any{"verified": true, "payload": "a-receipt"}
	}
	out.Header().Set("Content-Type", "application/json")
	json.NewEncoder(out).Encode(answer)
}

func (s *server) form(out http.ResponseWriter, in *http.Request) {
	field := in.PostFormValue("altcha")
	s.mu.Lock()
	met := s.met[field]
	delete(s.met, field)
	s.mu.Unlock()
	result := "receipt"
	if !met {
		result = s.judge(field)
	}
	out.Write([]byte(result))
	s.results <- result
}

// told takes what our worker says of the work for a key.
func (s *server) told(_ http.ResponseWriter, in *http.Request) {
	var told struct{ Key, Type, Reason, Solution string }
	if err := json.NewDecoder(in.Body).Decode(&told); err != nil {
		s.results <- err.Error()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	seed, ok := s.seeds[told.Key]
	delete(s.seeds, told.Key)
	switch {
	case !ok:
		s.results <- "spent"
	case told.Type != "solved":
		s.results <- told.Reason
	case !s.work.Check(seed, 0, told.Solution):
		s.results <- "wrong"
	default:
		s.results <- "right"
	}
}

// needWidget skips or fails a test if ALTCHA's widget is not installed, as package browser does if there is no browser.
func needWidget(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("../node_modules/altcha"); err != nil {
		if os.Getenv("REQUIRE_BROWSER") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}
