package demo_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// A visitor without script clicks Send twice: both are answered alike, whichever replica each comes to, and the message
// is there once.
func TestSentTwice(t *testing.T) {
	for _, mode := range []string{"sealed", "stored"} {
		t.Run(mode, func(t *testing.T) {
			redis := redisserver.Start(t)
			env := []string{"STORAGE_URL=" + redis, "LIMIT_KEPT=none"}
			cfg := captcha.Config{Secrets: []string{secret}}
			if mode == "stored" {
				store, err := storage.Open(t.Context(), redis, storage.Config{Timeout: 10 * time.Second})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = store.Close() })
				env, cfg = append(env, "CAPTCHA_STORED=true"), captcha.Config{Storage: store, Stored: true}
			}
			servers := []*server.Server{start(t, env...), start(t, env...)}
			one, other := visit(t, servers[0]), visit(t, servers[1])
			one.guard = captcha.New(cfg)
			// On a machine that is busy, Redis may be too slow for the step that tells copies apart. The log says so.
			slow, slowest := 0, 3
			for round := 0; round < 50+slow; round++ {
				before := complaints(servers)
				form := one.get("/contact")
				typed := map[string]string{
					"name": "Ada", "email": "ada@example.org", "message": "Hello", "captcha_value": one.solve(form),
				}
				got := make([]page, 2)
				var both sync.WaitGroup
				for i, v := range []*visitor{one, other} {
					both.Go(func() { got[i] = v.submit(form, typed) })
				}
				both.Wait()
				location, again := got[0].Header.Get("Location"), got[1].Header.Get("Location")
				if got[0].StatusCode != http.StatusSeeOther || got[1].StatusCode != http.StatusSeeOther ||
					location != again || !strings.HasPrefix(location, "/contact/") {
					if slow < slowest && complaints(servers) > before {
						slow++
						continue
					}
					t.Fatalf("round %d: %s to %q, and %s to %q", round, got[0].Status, location, got[1].Status, again)
				}
			}
		})
	}
}

// complaints returns how often the servers said that the storage failed when they looked for copies of a form.
func complaints(servers []*server.Server) (n int) {
	for _, s := range servers {
		n += strings.Count(s.Log(), "once: the storage failed")
	}
	return n
}

// A visitor who signs up with two clicks is signed in, although the browser shows the reply to the second.
func TestSignedUpTwice(t *testing.T) {
	s := start(t)
	first, second := visit(t, s), visit(t, s)
	form := first.get("/signup")
	typed := map[string]string{"email": "ada@example.org", "password": "correct horse", "captcha_value": first.solve(form)}
	first.want(first.submit(form, typed), http.StatusSeeOther)
	if welcome := second.follow(second.submit(form, typed)); !strings.Contains(welcome.words(), "ada@example.org") {
		t.Errorf("%s", welcome.words())
	}
	typed["password"] = "correct horse battery"
	if p := visit(t, s).submit(form, typed); p.StatusCode != http.StatusUnprocessableEntity || len(p.Cookies()) > 0 {
		t.Errorf("with another password: %s, %v", p.Status, p.Cookies())
	}
}

// The replica that handles the first copy is killed, so that nobody knows what became of it. The reply to the second
// copy says so.
func TestSentTwiceAndTheFirstIsKilled(t *testing.T) {
	redis := redisserver.Own(t)
	line := redis.Line(t)
	one, other := start(t, "STORAGE_URL="+line.URL()), start(t, "STORAGE_URL="+redis.URL())
	v := visit(t, one)
	form := v.get("/contact")
	typed := map[string]string{
		"name": "Ada", "email": "ada@example.org", "message": "Hello", "captcha_value": v.solve(form),
	}
	line.SlowRequests(100 * time.Millisecond) // long enough to be seen at work
	sent := make(chan error, 1)
	go func() {
		_, body := encodings["urlencoded"](with(typed, "captcha_key", form.field("captcha_key")))
		reply, err := v.client.Post(v.base+"/contact", "application/x-www-form-urlencoded", strings.NewReader(body))
		if err == nil {
			_ = reply.Body.Close()
		}
		sent <- err
	}()
	redisserver.Within(t, "the first is marked", func() bool {
		return strings.Contains(redis.Do("KEYS", "*once_*"), "once_")
	})
	one.Kill()
	if err := <-sent; err == nil {
		t.Fatal("the first was answered before its process was killed")
	}
	_, body := encodings["urlencoded"](with(typed, "captcha_key", form.field("captcha_key")))
	w := visit(t, other)
	p := w.do(w.request(http.MethodPost, "/contact", "application/x-www-form-urlencoded", body))
	if p.StatusCode != http.StatusConflict || !strings.Contains(p.words(), "whether the first copy arrived") {
		t.Errorf("%s: %s", p.Status, p.words())
	}
}

func with(fields map[string]string, name, text string) map[string]string {
	all := map[string]string{name: text}
	for name, text := range fields {
		all[name] = text
	}
	return all
}
