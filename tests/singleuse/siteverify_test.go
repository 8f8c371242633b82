package singleuse_test

import (
	"io"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/siteverify"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

const (
	shopOrigin = "https://shop.example"
	shopSecret = "0123456789abcdef0123456789abcdef"
)

// verifier is an app that verifies for a shop.
type verifier struct {
	app   *fiber.App
	guard *captcha.Guard
}

func newVerifier(cfg captcha.Config) verifier {
	guard, app := captcha.New(cfg), fiber.New()
	siteverify.New(siteverify.Config{Guard: guard, Sites: []siteverify.Site{
		{Key: "shop", Secrets: []string{shopSecret}, Origins: []string{shopOrigin}},
	}}).Register(app)
	guard.Register(app)
	return verifier{app, guard}
}

func (v verifier) post(t *testing.T, path string, fields url.Values) string {
	r := httptest.NewRequest("POST", path, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", fiber.MIMEApplicationForm)
	r.Header.Set("Origin", shopOrigin)
	response, err := v.app.Test(r, -1)
	if err != nil {
		t.Error(err)
		return ""
	}
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != fiber.StatusOK {
		t.Errorf("%s: %s %s %v", path, response.Status, text, err)
	}
	return string(text)
}

// response returns a response for a challenge that was issued on v and met on met.
func (v verifier) response(t *testing.T, met verifier) string {
	t.Helper()
	field := v.post(t, "/api/captcha/field?purpose=site_shop", nil)
	after := func(text, begin string) string {
		_, rest, _ := strings.Cut(text, begin)
		found, _, ok := strings.Cut(rest, `"`)
		if !ok {
			t.Fatalf("no %s in %s", begin, text)
		}
		return found
	}
	purpose, key := after(field, "preset=field&amp;purpose="), after(field, `name="captcha_key" type="hidden" value="`)
	answer := captchatest.Solve(t, met.guard.For(purpose), key)
	given := met.post(t, "/api/siteverify/response?purpose="+purpose, url.Values{"captcha_key": {key}, "captcha_value": {answer}})
	return after(given, `"response":"`)
}

// race verifies a response 200 times at once, on each verifier in turn, and returns how often each reply was given.
func race(t *testing.T, verifiers []verifier, response string, key func(i int) string) map[string]int {
	t.Helper()
	replies := make(map[string]int)
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			reply := verifiers[i%len(verifiers)].post(t, "/api/siteverify", url.Values{
				"secret": {shopSecret}, "response": {response}, "idempotency_key": {key(i)},
			})
			mu.Lock()
			defer mu.Unlock()
			replies[reply]++
		})
	}
	all.Wait()
	return replies
}

const duplicate = `{"success":false,"error-codes":["timeout-or-duplicate"]}`

// Of 200 calls at once with one response one is accepted. With one idempotency key, all 200 get the same success. With
// two keys, only the calls with one of them do.
func raceInEachWay(t *testing.T, verifiers []verifier) {
	for round := range *rounds {
		response := func() string {
			return verifiers[round%len(verifiers)].response(t, verifiers[(round+1)%len(verifiers)])
		}
		for name, way := range map[string]struct {
			key      func(i int) string
			accepted int
		}{
			"no key":   {func(int) string { return "" }, 1},
			"one key":  {func(int) string { return "one" }, 200},
			"two keys": {func(i int) string { return []string{"one", "two"}[i/3%2] }, 0},
		} {
			replies := race(t, verifiers, response(), way.key)
			refused := replies[duplicate]
			delete(replies, duplicate)
			accepted := 0
			for reply, n := range replies {
				accepted = n
				if !strings.Contains(reply, `"success":true`) || !strings.Contains(reply, `"hostname":"shop.example"`) {
					t.Errorf("%s: %s", name, reply)
				}
			}
			half := name == "two keys" && (accepted == 99 || accepted == 101)
			if len(replies) != 1 || accepted+refused != 200 || accepted != way.accepted && !half {
				t.Fatalf("round %d, %s: %d accepted, %d refused, %d other replies", round, name, accepted, refused, len(replies)-1)
			}
		}
	}
}

func TestSiteverifyOverReplicas(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config, server *redisserver.Server) {
		var replicas []verifier
		for range 3 {
			cfg.Storage = mustOpen(t, server.URL())
			replicas = append(replicas, newVerifier(cfg))
		}
		raceInEachWay(t, replicas)
	})
}

func TestSiteverifyInMemory(t *testing.T) {
	for name, stored := range map[string]bool{"sealed": false, "stored": true} {
		t.Run(name, func(t *testing.T) {
			raceInEachWay(t, []verifier{newVerifier(captcha.Config{Storage: mustOpen(t, "memory://"), Stored: stored})})
		})
	}
}
