package demo_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/measure"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

const password = "correct horse"

// account signs somebody up, with a program that keeps no session.
func account(t *testing.T, s *server.Server, email string) {
	t.Helper()
	v := visit(t, s)
	key, answer := v.challenge()
	v.want(v.post("/api/signup", "json", map[string]string{
		"email": email, "password": password, "captcha_key": key, "captcha_value": answer,
	}), http.StatusCreated)
}

// login tries a password, with the captcha's answer where the form has a captcha.
func (v *visitor) login(email, password string) page {
	v.t.Helper()
	form := v.get("/login")
	fields := map[string]string{"email": email, "password": password}
	if form.field("captcha_key") != "" {
		fields["captcha_value"] = v.solve(form)
	}
	return v.submit(form, fields)
}

func asked(p page) bool { return p.has("captcha-field", "lang", "en") }

func TestLogInAndOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	account(t, s, "ada@example.org")
	v := visit(t, s)
	if got := v.get("/account").Header.Get("Location"); got != "/login" {
		t.Errorf("a stranger at /account is sent to %q", got)
	}
	in := v.login("ADA@example.org", password)
	inside := v.follow(in)
	if !strings.Contains(inside.words(), "ada@example.org") {
		t.Errorf("the account says %s", inside.words())
	}
	if got := v.get("/login").Header.Get("Location"); got != "/account" {
		t.Errorf("who is logged in is sent from /login to %q", got)
	}
	cookie := in.Cookies()[0]
	if cookie.Name != "session" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode ||
		cookie.Path != "/" || cookie.Secure {
		t.Errorf("cookie %s", cookie)
	}

	if !inside.has("form", "action", "/logout") {
		t.Error("the page of who is logged in has no way out")
	}
	out := v.do(v.request("POST", "/logout", "", ""))
	v.want(v.follow(out), 200)
	if got := v.get("/account").Header.Get("Location"); got != "/login" {
		t.Errorf("after logging out, /account leads to %q", got)
	}
	thief := visit(t, s)
	r := thief.request("GET", "/account", "", "")
	r.AddCookie(cookie)
	if got := thief.do(r).Header.Get("Location"); got != "/login" {
		t.Errorf("the cookie of a session that was ended leads to %q", got)
	}
}

// A session id that somebody planted before the login is not the one after it, and no cookie reaches other things in
// the storage than sessions.
func TestPlantedSessions(t *testing.T) {
	t.Parallel()
	s := start(t)
	account(t, s, "ada@example.org")
	attacker := visit(t, s)
	attackers := attacker.login("ada@example.org", password).Cookies()[0]

	victim := visit(t, s)
	contentType, body := encodings["urlencoded"](map[string]string{"email": "ada@example.org", "password": password})
	r := victim.request("POST", "/login", contentType, body)
	r.AddCookie(attackers)
	in := victim.do(r)
	victim.want(in, http.StatusSeeOther)
	if in.Cookies()[0].Value == attackers.Value {
		t.Error("the session's id is the one from before the login")
	}
	r = attacker.request("GET", "/account", "", "")
	if got := attacker.do(r).Header.Get("Location"); got != "/login" {
		t.Errorf("the planted session is still alive: %q", got)
	}

	for _, id := range []string{"account_ada@example.org", "x", strings.Repeat("a", 3000), "../account_ada@example.org"} {
		r := visit(t, s).request("GET", "/account", "", "")
		r.AddCookie(&http.Cookie{Name: "session", Value: id})
		if got := visit(t, s).do(r).Header.Get("Location"); got != "/login" {
			t.Errorf("cookie %q: sent to %q", id, got)
		}
	}
}

func TestSecureCookieBehindTLS(t *testing.T) {
	t.Parallel()
	s := start(t, "TRUSTED_PROXIES=127.0.0.1")
	account(t, s, "ada@example.org")
	v := visit(t, s)
	contentType, body := encodings["urlencoded"](map[string]string{"email": "ada@example.org", "password": password})
	r := v.request("POST", "/login", contentType, body)
	r.Header.Set("X-Forwarded-Proto", "https")
	cookie := v.do(r).Cookies()[0]
	if cookie.Name != "__Host-session" || !cookie.Secure || cookie.Path != "/" || cookie.Domain != "" {
		t.Errorf("cookie %s", cookie)
	}
}

// After three failures for an address, from wherever they come, the captcha is asked for, whether or not there is an
// account.
func TestCaptchaAfterThreeFailuresOfAnAccount(t *testing.T) {
	t.Parallel()
	s := start(t, "TRUSTED_PROXIES=127.0.0.1")
	account(t, s, "there@example.org")
	for _, email := range []string{"there@example.org", "absent@example.org"} {
		var pages []string
		for n := range 5 {
			v := visit(t, s)
			contentType, body := encodings["urlencoded"](map[string]string{
				"email": strings.ToUpper(email), "password": "wrong guess",
			})
			r := v.request("POST", "/login", contentType, body)
			r.Header.Set("X-Forwarded-For", fmt.Sprint("192.0.2.", len(email)*10+n)) // another address each time
			p := v.do(r)
			v.want(p, http.StatusUnprocessableEntity)
			if want := n >= 2; asked(p) != want {
				t.Errorf("%s: a captcha after failure %d: %v, want %v", email, n+1, asked(p), want)
			}
			pages = append(pages, p.under("password-error"))
		}
		// From the fourth on the password is not looked at without an answer.
		want := "Check your email address and your password. No account has both."
		if got := strings.Join(pages, "|"); got != strings.Join([]string{want, want, want, "", ""}, "|") {
			t.Errorf("%s: %s", email, got)
		}
	}
}

// The server works as hard to refuse a password if there is no account as if there is one, so that the time of a reply
// does not tell. Hashing is nearly all of that work: without it next to nothing would be left.
func TestRefusalsCostTheSame(t *testing.T) {
	s := start(t, "TRUSTED_PROXIES=127.0.0.1")
	account(t, s, "there@example.org")
	attempts, costs := 0, map[string]time.Duration{}
	for range 3 {
		for name, try := range map[string]map[string]string{
			"an account":       {"email": "there@example.org", "password": "wrong guess"},
			"no account":       {"email": "absent@example.org", "password": "wrong guess"},
			"no such password": {"email": "absent2@example.org", "password": strings.Repeat("p", 73)},
		} {
			v := visit(t, s)
			contentType, body := encodings["urlencoded"](try)
			r := v.request("POST", "/login", contentType, body)
			r.Header.Set("X-Forwarded-For", fmt.Sprint("192.0.2.", attempts))
			attempts++
			before, err := measure.CPUTime([]int{s.Pid()})
			if err != nil {
				t.Skipf("this system does not tell a process's time: %v", err)
			}
			v.want(v.do(r), http.StatusUnprocessableEntity)
			after, err := measure.CPUTime([]int{s.Pid()})
			if err != nil {
				t.Fatal(err)
			}
			costs[name] += after - before
		}
	}
	for name, cost := range costs {
		if 3*cost < costs["an account"] {
			t.Errorf("%s costs %s of CPU, and an account %s", name, cost, costs["an account"])
		}
	}
	t.Log(costs)
}

// After twenty tries from a network, whatever the accounts, the captcha is asked for there and nowhere else.
func TestCaptchaAfterTwentyTriesFromANetwork(t *testing.T) {
	t.Parallel()
	s := start(t, "TRUSTED_PROXIES=127.0.0.1")
	account(t, s, "ada@example.org")
	from := func(address, email, password string) page {
		v := visit(t, s)
		contentType, body := encodings["urlencoded"](map[string]string{"email": email, "password": password})
		r := v.request("POST", "/login", contentType, body)
		r.Header.Set("X-Forwarded-For", address)
		return v.do(r)
	}
	for n := range 20 {
		p := from(fmt.Sprintf("2001:db8:0:%x::1", n), fmt.Sprintf("nobody%d@example.org", n), "wrong guess")
		if asked(p) != (n == 19) {
			t.Errorf("failure %d: asked %v", n+1, asked(p))
		}
	}
	// From anywhere in that network, the right password alone is no longer enough.
	p := from("2001:db8:0:ff::ffff", "ada@example.org", password)
	if p.StatusCode != http.StatusUnprocessableEntity || !asked(p) {
		t.Errorf("from the same network: %s", p.Status)
	}
	if p := from("2001:db8:0:100::1", "ada@example.org", password); p.StatusCode != http.StatusSeeOther {
		t.Errorf("from another network: %s", p.Status)
	}
}

// A success gives an account its free tries back, and no other account.
func TestSuccessesDoNotCount(t *testing.T) {
	t.Parallel()
	s := start(t)
	account(t, s, "ada@example.org")
	for range 5 {
		visit(t, s).want(visit(t, s).login("ada@example.org", password), http.StatusSeeOther)
	}
	for n := range 3 {
		p := visit(t, s).login("other@example.org", "wrong guess")
		if asked(p) != (n == 2) {
			t.Errorf("failure %d: asked %v", n+1, asked(p))
		}
		if n < 2 {
			visit(t, s).want(visit(t, s).login("ada@example.org", password), http.StatusSeeOther)
		}
	}
	// With the captcha solved, the right password still opens, and a wrong one doesn't.
	visit(t, s).want(visit(t, s).login("ada@example.org", "wrong guess"), http.StatusUnprocessableEntity)
	visit(t, s).want(visit(t, s).login("ada@example.org", password), http.StatusSeeOther)
}

// Of many guesses at the same moment, at three replicas, no more than three are looked at without a captcha.
func TestGuessesAtTheSameMoment(t *testing.T) {
	t.Parallel()
	env := []string{"STORAGE_URL=" + redisserver.Own(t).URL(), "TRUSTED_PROXIES=127.0.0.1"}
	visitors := []*visitor{visit(t, start(t, env...)), visit(t, start(t, env...)), visit(t, start(t, env...))}
	for round := range 10 {
		contentType, body := encodings["urlencoded"](map[string]string{
			"email": fmt.Sprintf("ada%d@example.org", round), "password": "wrong guess",
		})
		gate := make(chan struct{})
		var looked atomic.Int32
		var all sync.WaitGroup
		for n := range 60 {
			v := visitors[n%3]
			r := v.request("POST", "/login", contentType, body)
			r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.0.%d.%d", round, n)) // the account is what is counted
			all.Go(func() {
				<-gate
				if v.do(r).under("password-error") != "" {
					looked.Add(1)
				}
			})
		}
		close(gate)
		all.Wait()
		// Fewer, if a busy machine had no time for a guess's hash.
		if n := looked.Load(); n < 1 || n > 3 {
			t.Errorf("round %d: %d guesses were looked at, want 1 to 3", round, n)
		}
	}
}

// A password that is longer than what is hashed does not match by its beginning.
func TestOverlongPassword(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := visit(t, s)
	key, answer := v.challenge()
	long := strings.Repeat("p", 72)
	v.want(v.post("/api/signup", "json", map[string]string{
		"email": "p@example.org", "password": long, "captcha_key": key, "captcha_value": answer,
	}), http.StatusCreated)
	v.want(v.login("p@example.org", long+"q"), http.StatusUnprocessableEntity)
	v.want(v.login("p@example.org", long), http.StatusSeeOther)
}

// Accounts and sessions are on every replica, and outlast the processes.
func TestReplicasShareSessions(t *testing.T) {
	t.Parallel()
	redis := "STORAGE_URL=" + redisserver.Own(t).URL()
	one, two := start(t, redis), start(t, redis)
	account(t, one, "ada@example.org")
	v := visit(t, one)
	v.want(v.login("ada@example.org", password), http.StatusSeeOther)
	one.Stop()
	v.base = two.URL
	if p := v.get("/account"); p.StatusCode != http.StatusOK {
		t.Errorf("on the other replica: %s", p.Status)
	}
}

// A storage that answers each call just in time does not keep a visitor waiting for the sum of them: the login is
// refused as if the storage did not answer.
func TestLogInOnSlowStorage(t *testing.T) {
	t.Parallel()
	line := redisserver.Own(t).Line(t)
	v := visit(t, server.Start(t, "STORAGE_URL="+line.URL(), "STORAGE_TIMEOUT=2s"))
	form := v.get("/login")
	wrong := map[string]string{"email": "ada@example.org", "password": "wrong"}
	v.want(v.submit(form, wrong), http.StatusUnprocessableEntity)
	line.SlowReplies(1300 * time.Millisecond)
	v.want(v.submit(form, wrong), http.StatusServiceUnavailable)
	line.SlowReplies(0)
	back := v.submit(form, wrong)
	for range 9 { // as often as the page says to try again
		if back.StatusCode == http.StatusUnprocessableEntity {
			break
		}
		back = v.submit(form, wrong)
	}
	v.want(back, http.StatusUnprocessableEntity)
}

// A visitor who has solved the captcha gets the account, however long the storage takes for each step.
func TestSignUpOnSlowStorage(t *testing.T) {
	t.Parallel()
	line := redisserver.Own(t).Line(t)
	v := visit(t, start(t, "STORAGE_URL="+line.URL(), "STORAGE_TIMEOUT=2s"))
	key, answer := v.challenge()
	line.SlowReplies(700 * time.Millisecond)
	v.want(v.post("/api/signup", "json", map[string]string{
		"email": "ada@example.org", "password": password, "captcha_key": key, "captcha_value": answer,
	}), http.StatusCreated)
}
