package ops_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

func TestReplicasTakeEachOthersForms(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			redis := redisserver.Own(t)
			replicas := startReplicas(t, redis.URL(), mode.env...)
			guard := mode.guard(t, redis.URL()).For("contact")
			balanced := newVisitor("http://" + startBalancer(t, "", replicas))
			for i := range replicas {
				from, to := newVisitor(replicas[i].URL), newVisitor(replicas[(i+1)%3].URL)
				reference := sendForm(t, from, to, func(key string) string { return captchatest.Solve(t, guard, key) })
				mustKeep(t, newVisitor(replicas[(i+2)%3].URL), reference, "From one to another.")
				mustKeep(t, balanced, reference, "From one to another.")
			}
			sendForm(t, balanced, balanced, func(key string) string { return captchatest.Solve(t, guard, key) })
		})
	}
}

var hiddenKey = regexp.MustCompile(`name="captcha_key"[^>]* value="([^"]+)"`)

// sendForm opens the contact form as a browser does, posts it elsewhere, and returns the message's reference.
func sendForm(t testing.TB, from, to *visitor, solve func(key string) string) (reference string) {
	t.Helper()
	page := mustDo(t, from, "GET", "/contact", "")
	match := hiddenKey.FindStringSubmatch(page.body)
	if match == nil {
		t.Fatalf("status %d, no key in the page:\n%s", page.status, page.body)
	}
	form := url.Values{"name": {"A. Visitor"}, "email": {"visitor@example.com"}, "message": {"From one to another."},
		"captcha_key": {match[1]}, "captcha_value": {solve(match[1])}}
	sent := mustDo(t, to, "POST", "/contact", form.Encode(), "Origin", to.base, "Sec-Fetch-Site", "same-origin")
	reference, ok := strings.CutPrefix(sent.header.Get("Location"), "/contact/")
	if sent.status != http.StatusSeeOther || !ok {
		t.Fatalf("status %d, Location %q:\n%s", sent.status, sent.header.Get("Location"), sent.body)
	}
	return reference
}

// 200 concurrent posts of one right answer, to three processes: one of them is accepted, in every round.
func TestReplicasAcceptAnAnswerOnce(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			redis := redisserver.Own(t)
			replicas := startReplicas(t, redis.URL(), mode.env...)
			guard := mode.guard(t, redis.URL())
			visitors := [3]*visitor{newVisitor(replicas[0].URL), newVisitor(replicas[1].URL), newVisitor(replicas[2].URL)}
			n := *rounds
			if testing.Short() {
				n = 2
			}
			for round := range n {
				key, answer := mustChallenge(t, visitors[round%3], guard)
				var accepted, refused atomic.Int32
				var all sync.WaitGroup
				start := make(chan struct{})
				for i := range 200 {
					all.Go(func() {
						<-start
						_, r, err := visitors[i%3].send(key, answer, "Once.")
						switch {
						case err == nil && r.status == http.StatusCreated:
							accepted.Add(1)
						case err == nil && r.status == http.StatusBadRequest && strings.Contains(r.body, "Invalid or expired captcha key"):
							refused.Add(1)
						default:
							t.Errorf("status %d, %v: %s", r.status, err, r.body)
						}
					})
				}
				close(start)
				all.Wait()
				if accepted.Load() != 1 || refused.Load() != 199 {
					t.Errorf("round %d: %d accepted and %d refused, want 1 and 199", round, accepted.Load(), refused.Load())
				}
			}
			t.Logf("%d rounds of 200 posts to three processes: one accepted in each", n)
		})
	}
}
