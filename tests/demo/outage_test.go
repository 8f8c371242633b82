package demo_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/handlers/kept"
	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// Without its Redis the program waits for as long as it was told, and then ends with one line that says what it could
// not reach.
func TestRedisAwayAtStart(t *testing.T) {
	t.Parallel()
	address := fmt.Sprint("127.0.0.1:", redisserver.FreePort(t))
	code, output := server.Run(t, []string{"STORAGE_URL=redis://:hunter2@" + address, "STORAGE_WAIT=1"})
	if code == 0 || strings.Count(output, "\n") != 1 || !strings.Contains(output, "STORAGE_URL: ") ||
		!strings.Contains(output, address) {
		t.Errorf("code %d, output %q", code, output)
	}
	if strings.Contains(output, "hunter2") {
		t.Error("the password is in the output")
	}
}

// A Redis that comes up while the program waits is used.
func TestRedisLateAtStart(t *testing.T) {
	t.Parallel()
	redis := redisserver.Own(t)
	redis.Kill()
	s := server.Spawn(t, append(unlimited, "STORAGE_URL="+redis.URL())...)
	for range 20 { // for a second, in which it would have come up
		if _, err := http.Get(s.URL); err == nil {
			t.Fatal("it serves without its storage")
		}
		time.Sleep(50 * time.Millisecond)
	}
	redis.Restart()
	s.Await()
	visit(t, s).want(visit(t, s).get("/contact"), http.StatusOK)
}

// While Redis is away, what needs it is 503, as a page with what was typed and as JSON; what doesn't need it goes on.
// And when Redis is back, so is the rest.
func TestRedisLostWhileRunning(t *testing.T) {
	t.Parallel()
	redis := redisserver.Own(t)
	s := start(t, "STORAGE_URL="+redis.URL())
	v := visit(t, s)
	account(t, s, "ada@example.org")
	in := visit(t, s)
	in.follow(in.login("ada@example.org", password))
	contact, signup, login := v.get("/contact"), v.get("/signup"), v.get("/login")
	message := map[string]string{
		"name": "Ada", "email": "ada@example.org", "message": "Don't lose this", "captcha_value": v.solve(contact),
	}
	api := map[string]string{"name": "Ada", "email": "ada@example.org", "message": "Hello"}
	api["captcha_key"], api["captcha_value"] = v.challenge()

	redis.Kill()
	for name, p := range map[string]page{
		"contact": v.submit(contact, message),
		"sign up": v.submit(signup, map[string]string{
			"email": "new@example.org", "password": password, "captcha_value": v.solve(signup),
		}),
		"log in":  v.submit(login, map[string]string{"email": "ada@example.org", "password": password}),
		"login":   in.get("/login"),
		"account": in.get("/account"),
		"receipt": v.get("/contact/ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
		"log out": in.do(in.request("POST", "/logout", "", "")),
		"try":     v.submit(v.get("/"), map[string]string{"captcha_value": "ABCD"}),
		"readyz":  v.get("/readyz"),
		"API":     v.post("/api/contact", "json", api),
		"API sign": v.post("/api/signup", "json", map[string]string{
			"email": "b@example.org", "password": password,
			"captcha_key": api["captcha_key"], "captcha_value": api["captcha_value"],
		}),
	} {
		if p.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: %s", name, p.Status)
		}
		isAPI, isPage := strings.HasPrefix(name, "API"), name != "readyz"
		switch {
		case isAPI:
			detail(t, p)
		case isPage && !strings.Contains(p.words(), "try again in a few seconds"):
			t.Errorf("%s says %s", name, p.words())
		}
		if isPage && p.Header.Get("Retry-After") == "" {
			t.Errorf("%s has no Retry-After", name)
		}
		if strings.Contains(p.text, redis.Address()) || strings.Contains(p.text, "refused") {
			t.Errorf("%s shows the cause: %s", name, p.text)
		}
		if name == "contact" &&
			(p.field("message") != "Don't lose this" || p.field("name") != "Ada" || p.field("captcha_key") == "") {
			t.Errorf("the form came back with %q", p.field("message"))
		}
		if name == "sign up" && (p.field("email") != "new@example.org" || p.field("password") != "") {
			t.Errorf("the form came back with %q", p.field("email"))
		}
	}
	// A form is still shown, because its challenge needs no storage.
	v.want(v.get("/contact"), http.StatusOK)

	redis.Restart()
	untilReady(t, v)
	form := v.get("/contact")
	message["captcha_value"] = v.solve(form)
	v.want(v.submit(form, message), http.StatusSeeOther)
	v.want(in.get("/account"), http.StatusOK)
}

func untilReady(t *testing.T, v *visitor) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		if v.get("/readyz").StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatal("not ready again")
}

// What is broken in the storage is an error of the site's, with a page and the cause in the log.
func TestBrokenRecord(t *testing.T) {
	t.Parallel()
	redis := redisserver.Start(t)
	store, err := storage.Open(t.Context(), redis)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	const broken = "BROKENRECORDBROKENRECORDBR"
	if err := store.Set(kept.Place(broken), []byte(broken+"{"), time.Minute); err != nil {
		t.Fatal(err)
	}
	s := start(t, "STORAGE_URL="+redis)
	p := visit(t, s).get("/contact/BROKENRECORDBROKENRECORDBR")
	if p.StatusCode != http.StatusInternalServerError || !strings.Contains(p.words(), "something went wrong on our side") {
		t.Errorf("%s: %s", p.Status, p.words())
	}
	s.Stop() // for all of the log
	log := s.Log()
	if !strings.Contains(log, "a message in the storage can't be read") || strings.Contains(log, "BROKENRECORD") {
		t.Errorf("the log has not the cause, or the reference: %s", log)
	}
}

// An answer that no replica has recorded is not let through, and the page says that it may be used up.
func TestAnAnswerThatIsNotConfirmed(t *testing.T) {
	t.Parallel()
	master, replica := redisserver.Own(t), redisserver.Own(t)
	replica.Follow(master)
	s := start(t, "STORAGE_URL="+master.URL()+"?confirm=1", "STORAGE_TIMEOUT=2s")
	v := visit(t, s)
	contact := v.get("/contact")
	message := map[string]string{
		"name": "Ada", "email": "ada@example.org", "message": "Don't lose this", "captcha_value": v.solve(contact),
	}
	replica.Freeze()
	p := v.submit(contact, message)
	v.want(p, http.StatusServiceUnavailable)
	if words := p.words(); !strings.Contains(words, "may be used up") || strings.Contains(words, "Nothing is lost") ||
		p.field("message") != "Don't lose this" {
		t.Errorf("%s", words)
	}
	replica.Continue()
}
