package demo_test

import (
	"bytes"
	"encoding/json"
	"image/png"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// refusal is a row of the API page's table.
type refusal struct {
	status int
	body   string
	spent  bool
}

func refusals(t *testing.T, v *visitor) map[string]refusal {
	t.Helper()
	table := find(v.get("/developers").root, func(n *html.Node) bool { return attr(n, "class") == "refusals" })
	rows := make(map[string]refusal)
	for _, row := range all(table, func(n *html.Node) bool { return n.Data == "tr" && n.Parent.Data == "tbody" }) {
		var cells []string
		for _, cell := range all(row, func(n *html.Node) bool { return n.Data == "th" || n.Data == "td" }) {
			cells = append(cells, text(cell))
		}
		status, err := strconv.Atoi(cells[1])
		if err != nil {
			t.Fatal(err)
		}
		rows[cells[0]] = refusal{status, cells[2], cells[3] == "yes"}
	}
	return rows
}

// The table of refusals is what the server says, to the letter, and tells which of them use a challenge up.
func TestAPIPageTellsEachRefusal(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := visit(t, s)
	rows := refusals(t, v)
	check := func(when string, send func(v *visitor, key, answer string) page) {
		t.Helper()
		key, answer := v.challenge()
		reply := send(v, key, answer)
		want, ok := rows[when]
		delete(rows, when)
		if !ok || reply.StatusCode != want.status || reply.text != want.body {
			t.Errorf("%s: %d %s, and the table says %d %s", when, reply.StatusCode, reply.text, want.status, want.body)
		}
		again := v.post("/api/contact", "json", messageWith(key, answer))
		if spent := again.StatusCode != http.StatusCreated; spent != want.spent {
			t.Errorf("%s: used up %v, and the table says %v", when, spent, want.spent)
		}
	}
	spoilt := func(when, spoilt string) {
		t.Helper()
		check(when, func(v *visitor, key, answer string) page {
			fields := map[string]any{}
			for name, text := range messageWith(key, answer) {
				fields[name] = text
			}
			var other map[string]any
			if err := json.Unmarshal([]byte(spoilt), &other); err != nil {
				t.Fatal(err)
			}
			maps.Copy(fields, other)
			if fields["captcha_value"] == "absent" {
				delete(fields, "captcha_value")
			}
			return v.do(v.request("POST", "/api/contact", "application/json", jsonText(fields)))
		})
	}
	spoilt("A field is absent", `{"captcha_value": "absent"}`)
	spoilt("A field is null", `{"captcha_value": null}`)
	spoilt("A field is blank", `{"captcha_value": " "}`)
	spoilt("A field is not a string", `{"captcha_value": 1234}`)
	spoilt("The answer is too long", `{"captcha_value": "ABCDEFGHI"}`)
	spoilt("One of the form's own fields is wrong", `{"email": "ada"}`)
	spoilt("The key is unknown, used or expired", `{"captcha_key": "unknown"}`)
	spoilt("The answer is wrong", `{"captcha_value": "WRONG"}`)
	spoilt("The work is wrong", `{"captcha_work": "`+strings.Repeat("0", 64)+`"}`)
	spoilt("The work can't be read", `{"captcha_work": "0"}`)
	spoilt("The receipt is unknown, used or expired", `{"captcha_receipt": "unknown"}`)
	spoilt("ALTCHA's field can't be read", `{"altcha": "e30="}`)
	send := func(method, contentType, body string) func(*visitor, string, string) page {
		return func(v *visitor, _, _ string) page { return v.do(v.request(method, "/api/contact", contentType, body)) }
	}
	check("The body is not JSON", send("POST", "application/json", `{"name": "Ada"`))
	check("A field is given twice", func(v *visitor, key, answer string) page {
		body := strings.TrimSuffix(jsonText(messageWith(key, answer)), "}") + `,"captcha_value":"ABCD"}`
		return v.do(v.request("POST", "/api/contact", "application/json", body))
	})
	check("The method is not POST", send("GET", "", ""))
	check("The body is too large", send("POST", "application/json", `{"name": "`+strings.Repeat("x", 300<<10)+`"}`))
	check("The media type is not accepted", send("POST", "text/plain", "hello"))

	busy := visit(t, server.Start(t, "LIMIT_SUBMIT=1/s"))
	check("Too many requests", func(_ *visitor, key, answer string) (reply page) {
		for range 100 { // On a machine that is busy, a second may pass between two requests.
			reply = busy.post("/api/contact", "json", messageWith(key, answer))
			if reply.StatusCode == http.StatusTooManyRequests {
				break
			}
		}
		return reply
	})
	redis := redisserver.Own(t)
	down := visit(t, start(t, "STORAGE_URL="+redis.URL()))
	redis.Kill()
	check("The storage can't be reached", func(_ *visitor, key, answer string) page {
		return down.post("/api/contact", "json", messageWith(key, answer))
	})
	for when := range rows {
		t.Errorf("the table has a row that is not tested: %s", when)
	}
}

func messageWith(key, answer string) map[string]string {
	return map[string]string{
		"name": "Ada", "email": "ada@example.org", "message": "Hello", "captcha_key": key, "captcha_value": answer,
	}
}

// What the page shows as an example of a refusal is what the server replies to what it shows as the request.
func TestAPIPageShowsARealRefusal(t *testing.T) {
	t.Parallel()
	t.Run("default names", func(t *testing.T) { compareRefusal(t, visit(t, start(t))) })
	t.Run("own names", func(t *testing.T) { compareRefusal(t, visit(t, start(t, renamed...))) })
}

func compareRefusal(t *testing.T, v *visitor) {
	p := v.get("/developers")
	_, body, _ := strings.Cut(p.under("request-4"), "\n\n")
	head, shown, _ := strings.Cut(p.under("reply-4"), "\n\n")
	reply := v.do(v.request("POST", "/api/contact", "application/json", body))
	var want, got any
	if json.Unmarshal([]byte(shown), &want) != nil || json.Unmarshal([]byte(reply.text), &got) != nil ||
		jsonText(want) != jsonText(got) {
		t.Errorf("the server replies %s, and the page shows %s", reply.text, shown)
	}
	if !strings.HasPrefix(head, "HTTP/1.1 "+reply.Status) {
		t.Errorf("the server replies %s, and the page shows %s", reply.Status, head)
	}
}

// The lines for curl work as they stand when they are pasted into a shell one after the other; only the answer is
// filled in.
func TestCurlLinesWork(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("REQUIRE_CURL") == "1" {
			t.Fatalf("%v, and REQUIRE_CURL is set", err)
		}
		t.Skipf("this pastes lines for curl: %v", err)
	}
	t.Run("default names", func(t *testing.T) { pasteCurlLines(t, visit(t, start(t)), "captcha_key") })
	t.Run("own names", func(t *testing.T) { pasteCurlLines(t, visit(t, start(t, renamed...)), "id") })
}

func pasteCurlLines(t *testing.T, v *visitor, keyField string) {
	p, dir := v.get("/developers"), t.TempDir()
	shell := func(lines string) string {
		t.Helper()
		command := exec.Command("sh", "-eu")
		command.Dir, command.Stdin = dir, strings.NewReader(lines)
		output, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s\n%v\n%s", lines, err, output)
		}
		return string(output)
	}
	var challenge map[string]string
	if output := shell(p.under("curl-1")); json.Unmarshal([]byte(output), &challenge) != nil {
		t.Fatalf("not a challenge: %s", output)
	}
	shell(p.under("curl-2") + "\n" + p.under("curl-3"))
	picture, err := os.ReadFile(filepath.Join(dir, "challenge.png"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(picture)); err != nil {
		t.Error(err)
	}
	sound, err := os.ReadFile(filepath.Join(dir, "challenge.wav"))
	if err != nil || !bytes.HasPrefix(sound, []byte("RIFF")) {
		t.Errorf("the sound is not one: %v", err)
	}
	send := strings.Replace(p.under("curl-4"), "XXXX", captchatest.Solve(t, v.guard, challenge[keyField]), 1)
	if output := shell(send); !strings.HasPrefix(output, "HTTP/1.1 201 ") {
		t.Errorf("%s\n%s", send, output)
	}
	shell(p.under("curl-1")) // the first challenge is used up
	solve := server.BuildOther(t, "../tools/solve")
	work := strings.Replace(p.under("curl-work"), "go run ./tests/tools/solve", solve, 1)
	if output := shell(work); !strings.Contains(output, `"keyPrefix"`) || !strings.Contains(output, "HTTP/1.1 201 ") {
		t.Errorf("%s\n%s", work, output)
	}
	if output := shell(p.under("curl-5")); !strings.HasPrefix(output, "HTTP/1.1 400 ") {
		t.Errorf("%s", output)
	}
}

// Whoever sends the request chooses its Host, so none of it may get into lines that are pasted into a shell.
func TestCurlLinesAreSafeToPaste(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t))
	for _, host := range []string{"a';id;'", "a$(id)", "a`id`", "a\"b", "a b"} {
		r := v.request("GET", "/developers", "", "")
		r.Host = host
		response, err := v.client.Do(r)
		if err != nil {
			continue // The client or the server does not take such a Host at all.
		}
		page, err := html.Parse(response.Body)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range all(page, func(n *html.Node) bool { return n.Data == "textarea" }) {
			if strings.Contains(text(line), host) {
				t.Errorf("with the Host %s the page tells to paste %s", host, text(line))
			}
		}
	}
}

func TestBrowserTakesTheStepsOfTheAPI(t *testing.T) {
	t.Parallel()
	b := surf(t, start(t))
	b.open("/developers")
	b.Axe()
	said := func(step, status string) {
		t.Helper()
		b.Await("document.getElementById('said-" + step + "').textContent === 'The server answered " + status + ".'")
	}
	key := b.value("captcha_key")
	b.Click("#ask button")
	said("1", "200 OK")
	if b.value("captcha_key") == key {
		t.Error("the new challenge's key is not in the form")
	}
	b.Await("document.getElementById('picture').complete && document.getElementById('picture').naturalWidth > 0")
	src := browser.Value[string](b.Page, "document.getElementById('sound').src")
	if !strings.Contains(src, b.value("captcha_key")) {
		t.Errorf("the sound is %s", src)
	}
	b.solve()
	b.Click("#send button")
	said("3", "201 Created")
	shows := func(id, want string) {
		t.Helper()
		got := browser.Value[string](b.Page, "document.getElementById('"+id+"').textContent")
		if !strings.Contains(got, want) {
			t.Errorf("%s shows %s, not %s", id, got, want)
		}
	}
	shows("request-3", `"captcha_key": "`+b.value("captcha_key"))
	shows("reply-3", `"url": "/contact/`)
	for _, row := range []struct{ refusal, want string }{
		{"again", "Invalid or expired captcha key"},
		{"missing", "This field is required."},
		{"unread", "JSON parse error"},
	} {
		b.Click("[data-refusal=" + row.refusal + "]")
		said("4", "400 Bad Request")
		b.Await("document.getElementById('reply-4').textContent.includes('" + row.want + "')")
	}
	b.Click("#ask button")
	b.Await("document.querySelector('[name=captcha_value]').value === ''")
	said("1", "200 OK")
	b.Click("[data-refusal=wrong]")
	b.Await("document.getElementById('reply-4').textContent.includes('Invalid captcha value')")
	for _, url := range b.Requests() {
		if !strings.HasPrefix(url, b.base+"/") && !strings.HasPrefix(url, "data:") {
			t.Errorf("the page asks for %s", url)
		}
	}
}

func TestBrowserTakesTheStepsOfTheAPIUnderOwnNames(t *testing.T) {
	t.Parallel()
	b := surf(t, start(t, renamed...))
	b.open("/developers")
	key, picture := b.value("id"), browser.Value[string](b.Page, "document.getElementById('picture').src")
	b.Click("#ask button")
	b.Await("document.getElementById('said-1').textContent === 'The server answered 200 OK.'")
	b.Await("document.getElementById('picture').src.startsWith('data:image/png;base64,iVBOR')")
	if b.value("id") == key || browser.Value[string](b.Page, "document.getElementById('picture').src") == picture {
		t.Error("the new challenge is not shown")
	}
	b.write("captcha_value", captchatest.Solve(t, solver(), b.value("id")))
	b.Click("#send button")
	b.Await("document.getElementById('said-3').textContent === 'The server answered 201 Created.'")
	b.quiet()
}

// The page comes without a challenge while none can be made, and gets one when they can be made again.
func TestBrowserTakesTheStepsOfTheAPIAfterAnOutage(t *testing.T) {
	t.Parallel()
	redis := redisserver.Own(t)
	b := surf(t, start(t, "STORAGE_URL="+redis.URL(), "CAPTCHA_STORED=true"))
	redis.Kill()
	b.open("/developers")
	if b.value("captcha_key") != "" {
		t.Fatal("there is a challenge without a storage")
	}
	redis.Restart()
	b.Click("#ask button")
	b.Await("document.getElementById('picture')?.naturalWidth > 0 && " +
		"document.querySelector('[name=captcha_key]').value !== ''")
}

func TestBrowserTakesTheStepsOfTheAPIWithoutScript(t *testing.T) {
	t.Parallel()
	b := surf(t, start(t))
	b.Scripts(false)
	b.open("/developers")
	if browser.Value[bool](b.Page, "document.getElementById('refuse').offsetHeight > 0") {
		t.Error("buttons that need script are shown without")
	}
	b.solve()
	b.Submit("#send button")
	got := browser.Value[string](b.Page, "document.body.innerText")
	if b.at() != "/api/contact" || !strings.Contains(got, `"reference":`) {
		t.Errorf("%s shows %s", b.at(), got)
	}
	b.open("/developers")
	b.Submit("#ask button")
	if got := browser.Value[string](b.Page, "document.body.innerText"); !strings.Contains(got, `"captcha_key":`) {
		t.Errorf("%s shows %s", b.at(), got)
	}
	b.quiet()
}
