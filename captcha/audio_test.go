package captcha_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
)

func soundOf(key string) *http.Request {
	return httptest.NewRequest(http.MethodGet, "/api/captcha/"+key+"/audio.wav", nil)
}

func TestSound(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		cfg.Audio = voice
		guard := captcha.New(cfg)
		app := newApp(guard)
		key := mustGenerate(t, guard)
		response, first := mustDo(t, app, soundOf(key))
		if response.StatusCode != 200 || !strings.HasPrefix(first, "RIFF") {
			t.Fatalf("%s %.20q", response.Status, first)
		}
		for name, want := range map[string]string{
			"Content-Type": "audio/wav", "Cache-Control": "no-store", "Accept-Ranges": "bytes",
			"Content-Length": strconv.Itoa(len(first)), "X-Content-Type-Options": "nosniff",
		} {
			if got := response.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if _, again := mustDo(t, app, soundOf(key)); again != first {
			t.Error("asked again, the sound is another")
		}
		if _, other := mustDo(t, app, soundOf(mustGenerate(t, guard))); other == first {
			t.Error("two challenges have one sound")
		}
		wantErr(t, verify(guard, key, captchatest.Solve(t, guard, key)), nil)
		if response, _ := mustDo(t, app, soundOf(key)); response.StatusCode != 404 {
			t.Errorf("the sound of a used challenge: %s", response.Status)
		}
	})
}

// The sound is what the voice makes of the answer, in the challenge's language and no other.
func TestSoundSpeaksTheChallengesLanguage(t *testing.T) {
	spoken := make(chan string, 1)
	guard := captcha.New(captcha.Config{Audio: listened{voice, spoken}, Texts: map[string]captcha.Texts{"tlh": {}}})
	app := newApp(guard)
	for language, want := range map[string]string{"en": "en", "ru": "ru", "pl": "pl", "sv": "en", "tlh": "en"} {
		key := mustChallenge(t, guard, language).Key
		request := soundOf(key)
		request.Header.Set("Accept-Language", "fr")
		mustDo(t, app, request)
		if got := <-spoken; got != captchatest.Solve(t, guard, key)+" in "+want {
			t.Errorf("a challenge in %s: %s", language, got)
		}
	}
}

// listened is a voice that tells what it said.
type listened struct {
	*audio.Voice
	spoken chan<- string
}

func (l listened) Speak(text, language string, longest int, seed [32]byte) ([]byte, error) {
	l.spoken <- text + " in " + language
	return l.Voice.Speak(text, language, longest, seed)
}

func TestSoundIsTheSameOnEveryReplica(t *testing.T) {
	cfg := captcha.Config{Audio: voice, Secrets: []string{strings.Repeat("replica ", 4)}}
	one, two := captcha.New(cfg), captcha.New(cfg)
	key := mustGenerate(t, one)
	_, first := mustDo(t, newApp(one), soundOf(key))
	if _, second := mustDo(t, newApp(two), soundOf(key)); first != second || len(first) < 1000 {
		t.Errorf("%d and %d bytes", len(first), len(second))
	}
}

func TestNoSound(t *testing.T) {
	now := newClock()
	guard := captcha.New(captcha.Config{Audio: voice, Now: now.now, Expiration: time.Minute})
	app := newApp(guard)
	expired := mustGenerate(t, guard)
	now.move(time.Minute)
	mute := captcha.New()
	for name, test := range map[string]struct {
		app *fiber.App
		key string
	}{
		"unknown":       {app, "de67e7f3-72d9-42d8-9677-ea381610363d"},
		"sealed by no":  {app, mustGenerate(t, mute)},
		"expired":       {app, expired},
		"not a key":     {app, "a%20b"},
		"too long":      {app, strings.Repeat("k", 65)},
		"without voice": {newApp(mute), mustGenerate(t, mute)},
	} {
		response, body := mustDo(t, test.app, soundOf(test.key))
		if response.StatusCode != 404 || body != `{"detail":"Not found."}` || response.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s %q", name, response.Status, body)
		}
	}
}

func TestSoundDuringAnOutage(t *testing.T) {
	storage := newPlain()
	guard := captcha.New(captcha.Config{Audio: voice, Storage: atomicPlain{storage}})
	app := newApp(guard)
	key := mustGenerate(t, guard)
	storage.broken = errOutage
	if response, _ := mustDo(t, app, soundOf(key)); response.StatusCode != 503 || response.Header.Get("Retry-After") == "" {
		t.Errorf("%s", response.Status)
	}
	storage.broken = nil
	if response, _ := mustDo(t, app, soundOf(key)); response.StatusCode != 200 {
		t.Errorf("afterwards: %s", response.Status)
	}
}

// A voice need not be able to say the letters in languages that no visitor is addressed in.
func TestLettersOfOneLanguage(t *testing.T) {
	cfg := captcha.Config{Audio: voice, Alphabet: "ÄÖÜ", Language: "de", Logger: quiet}
	guard := captcha.New(cfg)
	if response, _ := mustDo(t, newApp(guard), soundOf(mustGenerate(t, guard))); response.StatusCode != 200 {
		t.Errorf("%s", response.Status)
	}
	for _, language := range []string{"", "fr"} {
		cfg.Language = language
		if _, ok := tryNew(cfg); ok {
			t.Errorf("language %q was accepted, in which nobody can say the letters", language)
		}
	}
}

// A guard that has another alphabet, but the same secret, may have a voice that can't say a letter.
func TestAnswerThatCanNotBeSpokenIsKept(t *testing.T) {
	cfg := captcha.Config{Secrets: []string{secretA}, Alphabet: "ÄÖÜ", Language: "de"}
	key := mustGenerate(t, captcha.New(cfg))
	var reason string
	cfg.Audio, cfg.Alphabet, cfg.Observe = quoting{voice}, "", func(_ context.Context, e captcha.Event) { reason = string(e.Reason) }
	response, body := mustDo(t, newApp(captcha.New(cfg)), soundOf(key))
	if response.StatusCode != 500 || strings.ContainsAny(body, "ÄÖÜ") || !strings.Contains(body, "sound") || reason != "failed" {
		t.Errorf("%s %q, reason %s", response.Status, body, reason)
	}
}

// quoting is a voice that fails and says at what.
type quoting struct{ *audio.Voice }

func (quoting) Speak(text, _ string, _ int, _ [32]byte) ([]byte, error) {
	return nil, fmt.Errorf("no sound for %s", text)
}

func TestSoundIsObserved(t *testing.T) {
	var reasons []string
	guard := captcha.New(captcha.Config{Audio: voice, Observe: func(_ context.Context, e captcha.Event) {
		if e.Kind == captcha.Spoken {
			reasons = append(reasons, string(e.Reason))
		}
	}})
	app := newApp(guard)
	mustDo(t, app, soundOf(mustGenerate(t, guard)))
	mustDo(t, app, soundOf("unknown"))
	if !slices.Equal(reasons, []string{"ok", "unknown_key"}) {
		t.Errorf("%q", reasons)
	}
}

// Ranges as RFC 9110, section 14, has them. N is the file's size.
func TestRanges(t *testing.T) {
	guard := captcha.New(captcha.Config{Audio: voice})
	url := serve(t, newApp(guard)) + "/api/captcha/" + mustGenerate(t, guard) + "/audio.wav"
	_, file := ask(t, http.MethodGet, url, nil)
	n := len(file)
	tests := []struct {
		header string
		status int
		first  int
		last   int
	}{
		{"bytes=0-1", 206, 0, 1},
		{"bytes=0-0", 206, 0, 0},
		{"bytes=100-199", 206, 100, 199},
		{"bytes=0-", 206, 0, n - 1},
		{"bytes=1000-", 206, 1000, n - 1},
		{"bytes=-500", 206, n - 500, n - 1},
		{fmt.Sprintf("bytes=-%d", n), 206, 0, n - 1},
		{fmt.Sprintf("bytes=-%d", n+1), 206, 0, n - 1},
		{"bytes=-99999999999999999999999999", 206, 0, n - 1},
		{fmt.Sprintf("bytes=0-%d", n-1), 206, 0, n - 1},
		{fmt.Sprintf("bytes=0-%d", n), 206, 0, n - 1},
		{"bytes=5-99999999999999999999999999", 206, 5, n - 1},
		{fmt.Sprintf("bytes=%d-", n-1), 206, n - 1, n - 1},
		{"Bytes= 2-3 ", 206, 2, 3},

		{fmt.Sprintf("bytes=%d-", n), 416, 0, 0},
		{fmt.Sprintf("bytes=%d-%d", n+5, n+9), 416, 0, 0},
		{"bytes=-0", 416, 0, 0},
		{"bytes=99999999999999999999999999-", 416, 0, 0},

		{"", 200, 0, n - 1},
		{"bytes=", 200, 0, n - 1},
		{"bytes=-", 200, 0, n - 1},
		{"bytes=5-2", 200, 0, n - 1},
		{"bytes=a-b", 200, 0, n - 1},
		{"bytes=1-b", 200, 0, n - 1},
		{"bytes=+1-2", 200, 0, n - 1},
		{"bytes=--1", 200, 0, n - 1},
		{"bytes=1", 200, 0, n - 1},
		{"bytes", 200, 0, n - 1},
		{"bytes=0-1,3-4", 200, 0, n - 1},
		{"bytes=0-1,", 200, 0, n - 1},
		{"seconds=0-1", 200, 0, n - 1},
	}
	for _, test := range tests {
		response, part := ask(t, http.MethodGet, url, map[string]string{"Range": test.header})
		want, contentRange := file[test.first:test.last+1], ""
		switch test.status {
		case 206:
			contentRange = fmt.Sprintf("bytes %d-%d/%d", test.first, test.last, n)
		case 416:
			want, contentRange = []byte(`{"detail":"The sound has no such part."}`), fmt.Sprintf("bytes */%d", n)
		}
		if response.StatusCode != test.status || response.Header.Get("Content-Range") != contentRange || !bytes.Equal(part, want) ||
			response.ContentLength != int64(len(want)) || response.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("Range %q: %s, %q, %d bytes of %d", test.header, response.Status, response.Header.Get("Content-Range"), len(part), n)
		}
	}

	response, part := ask(t, http.MethodGet, url, map[string]string{"Range": "bytes=0-1", "If-Range": `"another"`})
	if response.StatusCode != 200 || !bytes.Equal(part, file) {
		t.Errorf("If-Range: %s, %d bytes", response.Status, len(part))
	}
	for _, header := range []string{"", "bytes=0-1"} {
		response, part := ask(t, http.MethodHead, url, map[string]string{"Range": header})
		if response.StatusCode != 200 || response.ContentLength != int64(n) || len(part) > 0 {
			t.Errorf("HEAD, Range %q: %s, length %d", header, response.Status, response.ContentLength)
		}
	}
}

// serve lets an app listen until the test ends, and returns its address.
func serve(t *testing.T, app *fiber.App) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = app.Listener(listener) }()
	t.Cleanup(func() { _ = app.ShutdownWithTimeout(time.Second) })
	return "http://" + listener.Addr().String()
}

func ask(t *testing.T, method, url string, header map[string]string) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

// The package captcha/internal/tag has more of these.
func TestLanguage(t *testing.T) {
	guard := captcha.New(captcha.Config{Logger: quiet, Texts: map[string]captcha.Texts{"tlh": {}, "pt-BR": {}}})
	got := ""
	app := fiber.New()
	app.Get("/", func(c *fiber.Ctx) error {
		got = guard.Language(c)
		return nil
	})
	for header, want := range map[string]string{
		"":                                 "en",
		"*":                                "en",
		"de-AT, en;q=0.5":                  "de",
		"tlh":                              "tlh",
		"la, fr;q=0.1":                     "fr",
		"la":                               "en",
		"pt-BR":                            "pt-BR",
		"pt-AO":                            "pt-PT",
		"pt":                               "pt",
		"zh-HK":                            "zh-Hant",
		strings.Repeat("la,", 1000) + "fr": "en",
	} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Header.Set("Accept-Language", header)
		mustDo(t, app, request)
		if got != want {
			t.Errorf("Accept-Language %.40q: %s, want %s", header, got, want)
		}
	}
	for set, want := range map[string]string{"fr": "fr", "pt-BR": "pt", "zh-TW": "zh-Hant", "no": "nb"} {
		guard := captcha.New(captcha.Config{Language: set})
		if got := mustChallenge(t, guard, "de").Language; got != want {
			t.Errorf("Language %s gives %s", set, got)
		}
	}
	fixed := captcha.New(captcha.Config{Language: "fr", Audio: voice})
	if got := mustChallenge(t, fixed).Language; got != "fr" {
		t.Errorf("Language fr gives %s", got)
	}
}

func TestLanguagesAreChecked(t *testing.T) {
	for name, cfg := range map[string]captcha.Config{
		"no such texts":      {Language: "xx"},
		"unspoken letters":   {Audio: voice, Alphabet: "ABC♥"},
		"spoken, no texts":   {Audio: tongues{voice, []string{"tlh"}}},
		"a voice of nothing": {Audio: tongues{voice, nil}},
	} {
		cfg.Logger = quiet
		if _, ok := tryNew(cfg); ok {
			t.Errorf("%s: accepted", name)
		}
	}
}

// tongues is a voice that claims to speak other languages.
type tongues struct {
	*audio.Voice
	languages []string
}

func (s tongues) Languages() []string      { return s.languages }
func (s tongues) Speaks(rune, string) bool { return true }
