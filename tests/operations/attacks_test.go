package ops_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/handlers/kept"
	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/measure"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// What attackers tried on the running site, one test each. To see what another version makes of them:
//
//	SERVER_BINARY=/tmp/other go test ./tests/operations -run TestAttack -count=1 -v -strict

// master opens every challenge, for an attacker who has people or a network to solve them.
const master = "MASTER_CAPTCHA=masterkey:AAAA"

func masterForm(fields ...string) string {
	form := url.Values{"captcha_key": {"masterkey"}, "captcha_value": {"AAAA"}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return form.Encode()
}

// worksForOthers tries what must never be refused for what visitors store: to sign up, to log in, to answer a captcha.
func worksForOthers(t *testing.T, s *server.Server) {
	t.Helper()
	v := newVisitor(s.URL)
	for _, row := range []struct {
		what, path, body string
		status           int
	}{
		{"signing up", "/signup",
			masterForm("email", "visitor@example.com", "password", "correct horse battery"), http.StatusSeeOther},
		{"logging in", "/login",
			url.Values{"email": {"visitor@example.com"}, "password": {"correct horse battery"}}.Encode(), http.StatusSeeOther},
		{"a wrong password", "/login",
			url.Values{"email": {"other@example.com"}, "password": {"wrong"}}.Encode(), http.StatusUnprocessableEntity},
	} {
		if r := mustDo(t, v, "POST", row.path, row.body); r.status != row.status {
			t.Errorf("%s: status %d, want %d", row.what, r.status, row.status)
		}
	}
	key, r, err := v.challenge()
	if err != nil || key == "" {
		t.Fatalf("a challenge: status %d, %v", r.status, err)
	}
	if _, r, err = v.send(key, "????", "A guess."); err != nil || r.status != http.StatusBadRequest {
		t.Errorf("an answer: status %d, %v, want 400", r.status, err)
	}
	if r := mustDo(t, v, "GET", "/readyz", ""); r.status != http.StatusOK {
		t.Errorf("/readyz: status %d", r.status)
	}
}

// Messages fill the room that there is for them, and nothing else is refused.
func TestAttackMessages(t *testing.T) {
	s := server.Start(t, master, "STORAGE_URL=memory://?bytes=4194304", "LOG_LEVEL=error")
	v := newVisitor(s.URL)
	message := masterForm("name", "A. Bot", "email", "bot@example.com", "message", strings.Repeat("x", 5000))
	taken, refused := 0, reply{}
	for range 3000 {
		if r := mustDo(t, v, "POST", "/contact", message); r.status != http.StatusSeeOther {
			refused = r
			break
		}
		taken++
	}
	t.Logf("%d messages of 5,000 characters are taken, then status %d", taken, refused.status)
	if refused.status != http.StatusServiceUnavailable || !strings.Contains(refused.body, strings.Repeat("x", 5000)) ||
		!strings.Contains(refused.body, "no room for more messages") {
		t.Errorf("status %d, want 503 and a form that has what was typed", refused.status)
	}
	worksForOthers(t, s)
}

// Wrong answers leave marks, which take room of their own.
func TestAttackWrongAnswers(t *testing.T) {
	s := server.Start(t, master, "STORAGE_URL=memory://?entries=2000", "LOG_LEVEL=error")
	v := newVisitor(s.URL)
	for range 4000 {
		key, _, err := v.challenge()
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := v.send(key, "????", "A guess."); err != nil {
			t.Fatal(err)
		}
	}
	worksForOthers(t, s)
}

// formChallenge asks for a form's challenge.
func formChallenge(t testing.TB, v *visitor, purpose string) (key string) {
	t.Helper()
	r := mustDo(t, v, "POST", "/api/captcha?purpose="+purpose, "")
	var fields struct {
		Key string `json:"captcha_key"`
	}
	if err := json.Unmarshal([]byte(r.body), &fields); err != nil || fields.Key == "" {
		t.Fatalf("no challenge: status %d, %v", r.status, err)
	}
	return fields.Key
}

// A Redis that has little memory keeps most of it for what must never be refused, whatever visitors store and however
// many challenges are answered wrongly.
func TestAttackSmallRedis(t *testing.T) {
	const room = 8 << 20
	redis := redisserver.Own(t, "--maxmemory", strconv.Itoa(room), "--maxmemory-policy", "noeviction")
	s := server.Start(t, master, "STORAGE_URL="+redis.URL(), "STORAGE_TIMEOUT="+patience.String(),
		"LIMIT_KEPT=none", "LIMIT_ISSUE=none", "LIMIT_SUBMIT=none", "LOG_LEVEL=error")
	v := newVisitor(s.URL)
	message := masterForm("name", "A. Bot", "email", "bot@example.com", "message", strings.Repeat("😀", 5000))
	taken, last := 0, reply{status: http.StatusSeeOther}
	for ; last.status == http.StatusSeeOther && taken < 3000; taken++ {
		last = mustDo(t, v, "POST", "/contact", message)
	}
	if last.status != http.StatusServiceUnavailable || !strings.Contains(last.body, "no room for more messages") {
		t.Errorf("after %d messages status %d, want 503 and a page that says that there is no room", taken, last.status)
	}
	wrong := 0
	for ; wrong < 2000; wrong++ {
		key, _, err := v.challenge()
		if err != nil {
			t.Fatal(err)
		}
		if _, r, err := v.send(key, "????", "A guess."); err != nil || r.status != http.StatusBadRequest {
			t.Errorf("wrong answer %d: status %d, %v", wrong, r.status, err)
			break
		}
	}
	// The reply to a form is kept for ten seconds. For a wrong answer, that is a page.
	for range 500 {
		key, answer := formChallenge(t, v, "contact"), "????"
		form := url.Values{"captcha_key": {key}, "captcha_value": {answer}, "name": {"A. Bot"}, "email": {"bot@example.com"},
			"message": {strings.Repeat("x", 5000)}}.Encode()
		if r := mustDo(t, v, "POST", "/contact", form); r.status != http.StatusUnprocessableEntity {
			t.Fatalf("wrong answer to the form: status %d", r.status)
		}
	}
	used := usedMemory(t, redis)
	t.Logf("%d messages of 20 KB and %d wrong answers later %.1f of %.1f MiB are used",
		taken-1, wrong, mib(used), mib(room))
	if used > room*3/4 {
		t.Errorf("%.1f MiB are used", mib(used))
	}
	worksForOthers(t, s)
}

func usedMemory(t *testing.T, redis *redisserver.Server) int {
	t.Helper()
	for line := range strings.Lines(redis.Do("INFO", "memory")) {
		if text, found := strings.CutPrefix(line, "used_memory:"); found {
			n, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("redis does not say how much memory it uses")
	return 0
}

// One network may leave only so much in a day, whichever of its addresses it has.
func TestAttackMessagesOfOneNetwork(t *testing.T) {
	s := server.Start(t, master, "TRUSTED_PROXIES=127.0.0.1", "LIMIT_KEPT=20/day", "LOG_LEVEL=error")
	taken := 0
	for i := range 60 {
		v := newVisitor(s.URL)
		v.forwarded = fmt.Sprintf("2001:db8:0:%x::1", i)
		message := masterForm("name", "A. Bot", "email", "bot@example.com", "message", "Buy!")
		if r := mustDo(t, v, "POST", "/contact", message); r.status == http.StatusSeeOther {
			taken++
		}
	}
	t.Logf("%d of 60 messages from 60 /64s of a /56 are taken", taken)
	if taken != 20 {
		t.Errorf("%d are taken, want 20", taken)
	}
}

// A message takes as much room as it has characters, whichever they are.
func TestAttackEscapes(t *testing.T) {
	redis := redisserver.Own(t)
	s := server.Start(t, master, "STORAGE_URL="+redis.URL(), "STORAGE_TIMEOUT="+patience.String())
	store, err := storage.Open(t.Context(), redis.URL(), storage.Config{Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	v := newVisitor(s.URL)
	for _, character := range []string{"<", "\"", "\x01", "é", "\u2028", "😀"} {
		text := strings.Repeat(character, 5000)
		message := masterForm("name", "A. Bot", "email", "bot@example.com",
			"message", "a"+text[:len(text)-2*len(character)]+"z")
		r := mustDo(t, v, "POST", "/contact", message)
		value, err := store.Get(kept.Place(strings.TrimPrefix(r.header.Get("Location"), "/contact/")))
		t.Logf("5,000 times %q take %d bytes", character, len(value))
		if err != nil || len(value) < 4900*len(character) || len(value) > len(text)+150 {
			t.Errorf("which is more than they have, or an error: %v", err)
		}
	}
}

// from is a client at another loopback address, which is not a trusted proxy's.
func from(t *testing.T, address, to string) net.Conn {
	t.Helper()
	conn, err := dial(address, to)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func dial(address, to string) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: 10 * time.Second}
	return dialer.Dial("tcp", to)
}

func loginFrom(address string, n int) string {
	body := fmt.Sprintf("email=nobody%d%%40example.com&password=wrong+guess", n)
	return fmt.Sprintf("POST /login HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: %s\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", address, len(body), body)
}

// 300 logins from 300 /64s of one /48, sent and abandoned, do not keep another visitor's login waiting, and few of them
// are worked on. A site that is told to end while they queue ends in time.
func TestAttackLogins(t *testing.T) {
	s := server.Start(t, "TRUSTED_PROXIES=127.0.0.1", "LIMIT_LOGIN=10/min", "STOP_DELAY=1s", "GOMAXPROCS=2")
	flood := func(block int) {
		for i := range 300 {
			conn := from(t, "127.0.0.1", s.Addr)
			if _, err := io.WriteString(conn, loginFrom(fmt.Sprintf("2001:db8:%x:%x::1", block, i), 1000*block+i)); err != nil {
				t.Fatal(err)
			}
			_ = conn.Close()
		}
	}
	answered := func(status int) int { return strings.Count(s.Log(), fmt.Sprintf("route=/login status=%d", status)) }
	flood(1)
	v := newVisitor(s.URL)
	v.forwarded = "192.0.2.1"
	r := mustDo(t, v, "POST", "/login", "email=visitor%40example.com&password=wrong+guess")
	t.Logf("the visitor: status %d", r.status)
	if r.status != http.StatusUnprocessableEntity && r.status != http.StatusServiceUnavailable {
		t.Errorf("status %d", r.status)
	}
	within(t, "a visitor's login", r.took, 2*time.Second)
	await(t, "an answer to all of them", func() bool { return answered(422)+answered(429)+answered(503) >= 301 })
	t.Logf("of 300 logins of one /48 %d were looked at, %d found no place and %d were over the limit",
		answered(422), answered(503), answered(429))
	if looked := answered(422); looked > 60 {
		t.Errorf("%d were looked at", looked)
	}
	flood(2)
	start := time.Now()
	if code := s.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	within(t, "the end after SIGTERM", time.Since(start), 21*time.Second)
}

// A visitor who gets a 503 because too many wait keeps the solved captcha, in a page's form and in the API: sent again
// as it was, the form makes the account.
func TestAttackSignups(t *testing.T) {
	s := server.Start(t, "TRUSTED_PROXIES=127.0.0.1", "LIMIT_ISSUE=none", "LIMIT_SUBMIT=none", "LIMIT_KEPT=none",
		"CAPTCHA_SECRETS="+secret, "LOG_LEVEL=warn", "GOMAXPROCS=2")
	guard := modes[0].guard(t, "")
	const visitors = 40
	shown := regexp.MustCompile(`name="captcha_key"[^>]* value="([^"]+)"`)
	var all sync.WaitGroup
	var refused, joined atomic.Int64
	ready := make(chan struct{})
	for i := range visitors {
		v := newVisitor(s.URL)
		v.forwarded = "192.0.2.1" // all of them behind one address
		email := fmt.Sprintf("visitor%d@example.com", i)
		path, form, done, key := "/api/signup", "", http.StatusCreated, ""
		if i%2 == 0 {
			var answer string
			key, answer = mustChallenge(t, v, guard)
			form = fmt.Sprintf(`{"email":%q,"password":"correct horse battery","captcha_key":%q,"captcha_value":%q}`,
				email, key, answer)
		} else {
			path, done = "/signup", http.StatusSeeOther
			found := shown.FindStringSubmatch(mustDo(t, v, "GET", path, "").body)
			if found == nil {
				t.Fatal("the page shows no challenge")
			}
			key = found[1]
			form = url.Values{"email": {email}, "password": {"correct horse battery"}, "captcha_key": {key},
				"captcha_value": {captchatest.Solve(t, guard.For("signup"), key)}}.Encode()
		}
		all.Go(func() {
			<-ready
			for {
				r, err := v.do("POST", path, form)
				if err == nil && r.status == done {
					joined.Add(1)
					return
				}
				if err != nil || r.status != http.StatusServiceUnavailable {
					t.Errorf("%s: status %d, %v: %s", path, r.status, err, r.body)
					return
				}
				if path == "/signup" && !strings.Contains(r.body, key) {
					t.Error("the page of a 503 shows another challenge")
				}
				within(t, "a 503", r.took, 2*time.Second)
				refused.Add(1)
			}
		})
	}
	close(ready)
	all.Wait()
	t.Logf("%d of %d signed up, after %d answers of 503", joined.Load(), visitors, refused.Load())
	if joined.Load() != visitors || refused.Load() == 0 {
		t.Error("some lost what they had solved, or nobody had to wait")
	}
}

// attackMemory bounds what a process holds at any time of the attack with bodies, in bytes.
const attackMemory = 150 << 20

// Thousands of connections of one address, each with most of a large body, take little memory and hold up nobody. They
// come from the address itself, or through a trusted proxy.
func TestAttackBodies(t *testing.T) {
	long(t)
	for name, address := range map[string]string{"direct": "127.0.0.2", "through a proxy": "127.0.0.1"} {
		t.Run(name, func(t *testing.T) {
			s := server.Start(t, "TRUSTED_PROXIES=127.0.0.1", "LIMIT_SUBMIT=60/min", "LIMIT_ISSUE=none",
				"LIMIT_CONNECTIONS=128", "LOG_LEVEL=error")
			visit := func(v *visitor) error {
				if _, r, err := v.challenge(); err != nil || r.status != http.StatusOK {
					return fmt.Errorf("challenge: status %d, %w", r.status, err)
				}
				r, err := v.do("POST", "/contact", "name=A.+Visitor&captcha_key=k&captcha_value=v")
				if err != nil || r.status != http.StatusUnprocessableEntity {
					return fmt.Errorf("form: status %d, %w", r.status, err)
				}
				return nil
			}
			before := startVisits(t, s.URL, visit)
			await(t, "100 visitors before it", func() bool { return before.count() >= 100 })
			t.Logf("without the attack, 99th percentile of ordinary visitors: %s", before.stop(t).Round(10*time.Microsecond))
			visits := startVisits(t, s.URL, visit)
			attacker := startAttack(t, address, s.Addr)
			opened, sent := attacker.wait(t)
			within(t, "99th percentile of ordinary visitors", visits.stop(t), 100*time.Millisecond)
			attacker.end(t)
			peak := memory(t, s, "VmHWM")
			t.Logf("%d connections, %.0f MiB sent; at most %.1f MiB resident", opened, mib(sent), mib(peak))
			if peak > attackMemory {
				t.Errorf("%.1f MiB resident, bound is %.1f", mib(peak), mib(attackMemory))
			}
		})
	}
}

// The attack with bodies runs in a process of its own, with the lowest priority: a real attacker would bring a
// processor along, so visitors should wait for the site only. These variables say which address it attacks, from where,
// and how many connections it keeps open.
const (
	attackTo    = "ATTACK_TO"
	attackFrom  = "ATTACK_FROM"
	attackCount = "ATTACK_COUNT"
)

type attacker struct {
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

func startAttack(t *testing.T, address, to string) *attacker {
	t.Helper()
	a := &attacker{process: exec.Command("nice", "-n", "19", os.Args[0])}
	a.process.Env = append(os.Environ(),
		attackTo+"="+to, attackFrom+"="+address, fmt.Sprint(attackCount, "=", *connections))
	a.process.Stderr = os.Stderr
	out, err := a.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	a.out = bufio.NewReader(out)
	if a.in, err = a.process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := a.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.process.Process.Kill() })
	return a
}

// wait returns when all connections have sent what they could.
func (a *attacker) wait(t *testing.T) (connections, sent int) {
	t.Helper()
	if _, err := fmt.Fscanln(a.out, &connections, &sent); err != nil {
		t.Fatalf("the attacker: %v", err)
	}
	return connections, sent
}

// end closes the connections.
func (a *attacker) end(t *testing.T) {
	t.Helper()
	_ = a.in.Close()
	if err := a.process.Wait(); err != nil {
		t.Errorf("the attacker: %v", err)
	}
}

// attackBodies sends most of a body on each of many connections, 64 at a time and four times as many in all as may stay
// open.
func attackBodies(to string) {
	count, err := strconv.Atoi(os.Getenv(attackCount))
	if err != nil {
		log.Fatal(err)
	}
	request := "POST /contact HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 198.51.100.1\r\n" +
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 250000\r\n\r\n" + strings.Repeat("x", 240_000)
	var all sync.WaitGroup
	var sent, begun atomic.Int64
	var mu sync.Mutex
	var open []net.Conn
	for range 64 {
		all.Go(func() {
			for begun.Add(1) <= int64(4*count) {
				conn, err := dial(os.Getenv(attackFrom), to)
				if err != nil {
					log.Print(err)
					continue
				}
				mu.Lock()
				open = append(open, conn)
				mu.Unlock()
				_ = conn.SetWriteDeadline(time.Now().Add(3 * time.Second))
				n, _ := io.WriteString(conn, request)
				sent.Add(int64(n))
			}
		})
	}
	all.Wait()
	fmt.Println(len(open), sent.Load())
	_, _ = io.Copy(io.Discard, os.Stdin) // the connections stay open until the test ends them
	runtime.KeepAlive(open)
}

// A client that asks whether to send ten gigabytes is refused, and not told to continue.
func TestAttackExpect(t *testing.T) {
	s := server.Start(t)
	conn := from(t, "127.0.0.1", s.Addr)
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	fmt.Fprint(conn, "POST /api/contact HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"+
		"Content-Length: 10000000000\r\nExpect: 100-continue\r\n\r\n")
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(line, " 413 ") {
		t.Errorf("answered %q, %v; want 413", line, err)
	}
}

// An object of very many members, each of which would take work, is refused at little cost.
func TestAttackMembers(t *testing.T) {
	const requests = 200
	s := server.Start(t)
	v := newVisitor(s.URL)
	body := "{" + strings.Repeat(`"":1,`, 49_999) + `"":1}`
	cpu := func() time.Duration {
		took, err := measure.CPUTime([]int{s.Pid()})
		if err != nil {
			t.Fatal(err)
		}
		return took
	}
	before := cpu()
	for range requests {
		if r := mustDo(t, v, "POST", "/api/contact", body); r.status != http.StatusBadRequest {
			t.Fatalf("status %d", r.status)
		}
	}
	within(t, "the processor's time for 250 KB of members", (cpu()-before)/requests, 3*time.Millisecond)
}

// crossSite is what a browser says of a request that a page of another site makes.
func crossSite(mode, dest string) (headers []string) {
	return []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", mode, "Sec-Fetch-Dest", dest}
}

// If another site shows a page of this one as a picture, that costs the visitors of that site nothing.
func TestAttackAllowance(t *testing.T) {
	s := server.Start(t, "TRUSTED_PROXIES=127.0.0.1", "LIMIT_ISSUE=5/hour", "LIMIT_SUBMIT=5/hour",
		"LIMIT_AUDIO=5/hour", "LIMIT_LOGIN=5/hour")
	v := newVisitor(s.URL)
	v.forwarded = "192.0.2.1"
	for _, path := range []string{"/", "/contact", "/signup", "/login", "/developers", "/playground"} {
		for range 10 {
			r := mustDo(t, v, "GET", path, "", crossSite("no-cors", "image")...)
			if r.status != http.StatusForbidden || strings.Contains(r.body, "captcha_key") {
				t.Errorf("%s as a picture: status %d", path, r.status)
				break
			}
			r = mustDo(t, v, "GET", path, "", crossSite("no-cors", "empty")...)
			if r.status != http.StatusForbidden {
				t.Errorf("%s by another site's script: status %d", path, r.status)
				break
			}
		}
	}
	if r := mustDo(t, v, "POST", "/api/captcha/", "", crossSite("no-cors", "empty")...); r.status != http.StatusForbidden {
		t.Errorf("a challenge for another site's script: status %d", r.status)
	}
	for _, row := range []struct{ method, path, mode string }{
		{"POST", "/api/contact", "no-cors"}, {"POST", "/api/contact", "navigate"},
		{"POST", "/contact", "navigate"}, {"POST", "/login", "no-cors"},
		{"GET", "/api/captcha/abc/audio.wav", "no-cors"}, {"GET", "/stats", "no-cors"},
	} {
		for range 10 {
			r := mustDo(t, v, row.method, row.path, "", crossSite(row.mode, "empty")...)
			if r.status != http.StatusForbidden {
				t.Errorf("%s %s for another site: status %d", row.method, row.path, r.status)
				break
			}
		}
		if r := mustDo(t, v, row.method, row.path, ""); r.status == http.StatusTooManyRequests {
			t.Errorf("%s %s: another site used up the allowance", row.method, row.path)
		}
	}
	plain := newVisitor(s.URL) // of a site without TLS, to which browsers send no Sec-Fetch-Site
	plain.forwarded = "192.0.2.2"
	for _, path := range []string{"/api/captcha/", "/api/contact", "/api/captcha/receipt/", "/contact"} {
		for range 10 {
			if r := mustDo(t, plain, "POST", path, "", "Origin", "http://elsewhere.example"); r.status != http.StatusForbidden {
				t.Errorf("POST %s by the Origin of another site: status %d", path, r.status)
				break
			}
		}
		r := mustDo(t, plain, "POST", path, "", "Origin", s.URL)
		if r.status == http.StatusTooManyRequests || r.status == http.StatusForbidden {
			t.Errorf("POST %s by the site's own Origin: status %d", path, r.status)
		}
	}
	for range 2 {
		r := mustDo(t, v, "GET", "/contact", "", crossSite("navigate", "document")...)
		if r.status != http.StatusOK || !strings.Contains(r.body, "captcha_key") {
			t.Errorf("by a link on another site: status %d", r.status)
		}
	}
}

// A proxy that was not named is reported, once.
func TestAttackBehindUnnamedProxy(t *testing.T) {
	s := server.Start(t)
	v := newVisitor(s.URL)
	for i := range 10 {
		v.forwarded = fmt.Sprint("192.0.2.", i)
		mustDo(t, v, "GET", "/contact", "")
	}
	s.Stop() // for all of the log
	if n := strings.Count(s.Log(), "TRUSTED_PROXIES"); n != 1 || !strings.Contains(s.Log(), "peer=127.0.0.1") {
		t.Errorf("it is reported %d times", n)
	}
}

// Every route that costs something has a limit, and the site's own address has no metrics.
func TestAttackRoutes(t *testing.T) {
	s := server.Start(t, "TRUSTED_PROXIES=127.0.0.1", "LIMIT_ISSUE=10/hour", "LIMIT_SUBMIT=10/hour",
		"LIMIT_AUDIO=10/hour", "LIMIT_LOGIN=10/hour")
	v := newVisitor(s.URL)
	for i, route := range []string{
		"GET /", "POST /", "GET /playground", "GET /developers", "GET /stats", "GET /contact", "POST /contact",
		"GET /contact/ABCDEFGHIJKLMNOPQRSTUVWXYZ", "GET /signup", "POST /signup", "GET /login", "POST /login",
		"GET /account", "POST /logout", "POST /api/captcha/", "POST /api/captcha/field", "POST /api/captcha/receipt/",
		"GET /api/captcha/abc/audio.wav", "POST /api/contact", "POST /api/signup", "GET /api/openapi.yaml",
	} {
		v.forwarded = fmt.Sprint("192.0.2.", i)
		method, path, _ := strings.Cut(route, " ")
		status := 0
		for range 11 {
			status = mustDo(t, v, method, path, "").status
		}
		if status != http.StatusTooManyRequests {
			t.Errorf("%s: the eleventh time, status %d", route, status)
		}
	}
	if r := mustDo(t, newVisitor(s.URL), "GET", "/metrics", ""); r.status != http.StatusNotFound {
		t.Errorf("/metrics: status %d", r.status)
	}
}
