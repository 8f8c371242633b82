package demo_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/measure"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

var paths = []string{
	"/", "/contact", "/signup", "/login", "/account", "/playground", "/stats", "/developers", "/nothing",
}

// heaviest is what a page may weigh with all that it loads, uncompressed, in bytes.
const heaviest = 72_000

func TestPagesAreLight(t *testing.T) {
	t.Parallel()
	s := start(t)
	in := visit(t, s)
	form := in.get("/signup")
	in.want(in.submit(form, map[string]string{
		"email": "ada@example.org", "password": password, "captcha_value": in.solve(form),
	}), http.StatusSeeOther)
	for _, path := range paths {
		v := in
		if path == "/login" || path == "/signup" {
			v = visit(t, s) // a visitor who is logged in is sent elsewhere
		}
		p := v.get(path)
		own := medianWeight(v, path)
		weight, parts := own, 0
		for _, n := range all(p.root, func(n *html.Node) bool {
			return n.Data == "link" || n.Data == "script" || n.Data == "img"
		}) {
			if address := attr(n, "src") + attr(n, "href"); strings.HasPrefix(address, "/") {
				part := v.get(address)
				v.want(part, http.StatusOK)
				if !strings.Contains(part.Header.Get("Cache-Control"), "immutable") {
					t.Errorf("%s is not kept by browsers", address)
				}
				weight += len(part.text)
				parts++
			}
		}
		t.Logf("%s: %d bytes, %d of them the page, the others in %d parts", path, weight, own, parts)
		if weight > heaviest || parts < 2 {
			t.Errorf("%s weighs %d bytes in %d parts, want at most %d in at least 2", path, weight, parts, heaviest)
		}
	}
}

// medianWeight returns what a page weighs by itself, in bytes: the median of nine, for each has another picture, and
// pictures weigh up to 15 KB.
func medianWeight(v *visitor, path string) int {
	v.t.Helper()
	weights := make([]int, 9)
	for i := range weights {
		weights[i] = len(v.get(path).text)
	}
	slices.Sort(weights)
	return weights[len(weights)/2]
}

// The head of every page, even of an error, says who is logged in and links to the logout, or links to the login and
// the signup.
func TestEveryPageSaysWhoIsLoggedIn(t *testing.T) {
	s := start(t)
	in, out := visit(t, s), visit(t, s)
	form := in.get("/signup")
	in.follow(in.submit(form, map[string]string{
		"email": "ada@example.org", "password": password, "captcha_value": in.solve(form),
	}))
	refused := func(v *visitor) page {
		return v.submit(v.get("/contact"), map[string]string{"name": "", "email": "", "message": ""})
	}
	reads := func(p page) string {
		return text(find(p.root, func(n *html.Node) bool {
			return n.Data == "nav" && attr(n, "aria-label") == "Account"
		}))
	}
	for _, row := range []struct {
		v           *visitor
		has, hasNot []string
	}{
		{in, []string{"ada@example.org", "Log out"}, []string{"/login", "/signup"}},
		{out, []string{"Sign up", "Log in"}, []string{"/account", "/logout"}},
	} {
		pages := []page{refused(row.v)}
		for _, path := range []string{"/", "/contact", "/playground", "/stats", "/developers", "/nothing"} {
			pages = append(pages, row.v.get(path))
		}
		if row.v == in {
			pages = append(pages, in.get("/account"))
		} else {
			pages = append(pages, out.get("/login"), out.get("/signup"))
		}
		for _, p := range pages {
			for _, words := range row.has {
				if got := reads(p); !strings.Contains(got, words) {
					t.Errorf("%s %s: no %q in %q", p.Status, p.Request.URL.Path, words, got)
				}
			}
			for _, address := range row.hasNot {
				if p.has("a", "href", address) || p.has("form", "action", address) && address == "/logout" {
					t.Errorf("%s %s offers %s", p.Status, p.Request.URL.Path, address)
				}
			}
		}
	}
	if p := in.get("/signup"); p.Header.Get("Location") != "/account" {
		t.Errorf("who is logged in may sign up: %s", p.Status)
	}
}

// A page has one title, one heading, and no style or script but from the site's own files.
func TestPagesAreWellFormed(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t))
	titles := map[string]string{}
	for _, path := range paths {
		p := v.get(path)
		if path == "/account" {
			continue // a redirection
		}
		for element, want := range map[string]int{"title": 1, "h1": 1, "main": 1} {
			if got := len(all(p.root, func(n *html.Node) bool {
				return n.Namespace == "" && n.Data == element
			})); got != want {
				t.Errorf("%s: %d elements %s, want %d", path, got, element, want)
			}
		}
		title := text(find(p.root, func(n *html.Node) bool { return n.Data == "title" }))
		if other := titles[title]; other != "" {
			t.Errorf("%s and %s have the same title %q", path, other, title)
		}
		titles[title] = path
		for _, n := range all(p.root, func(n *html.Node) bool { return true }) {
			if attr(n, "style") != "" || n.Data == "style" || n.Data == "script" && attr(n, "src") == "" {
				t.Errorf("%s: %s with a style or script in the page", path, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s: %s has %s", path, n.Data, a.Key)
				}
			}
		}
		for _, link := range all(p.root, func(n *html.Node) bool {
			return n.Data == "a" && strings.HasPrefix(attr(n, "href"), "/")
		}) {
			if r := v.get(attr(link, "href")); r.StatusCode >= 400 {
				t.Errorf("%s links to %s: %s", path, attr(link, "href"), r.Status)
			}
		}
	}
}

// The program on the home page works: it builds as it stands there, shows its field, and accepts an answer once.
func TestProgramOfTheHomePage(t *testing.T) {
	t.Parallel()
	program := visit(t, start(t)).get("/").under("program")
	address := "127.0.0.1:" + jsonText(redisserver.FreePort(t))
	program = strings.Replace(program, `":8080"`, jsonText(address), 1)
	program = strings.Replace(program, "captcha.Config{", "captcha.Config{Secrets: []string{"+jsonText(secret)+"}, ", 1)
	source, binary := filepath.Join(t.TempDir(), "main.go"), filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(source, []byte(program+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	process := exec.Command(binary)
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	for limit := time.Now().Add(30 * time.Second); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
		if response, err := http.Get("http://" + address); err == nil {
			_ = response.Body.Close()
			break
		}
	}
	v := visitAt(t, "http://"+address)
	form := v.get("/")
	answer := map[string]string{"captcha_value": captchatest.Solve(t, v.guard, form.field("captcha_key"))}
	if p := v.submit(form, answer); p.StatusCode != http.StatusOK || p.text != "You are human." {
		t.Errorf("the right answer: %s %s", p.Status, p.text)
	}
	v.want(v.submit(form, answer), http.StatusBadRequest)
	v.want(v.get("/api/captcha/assets/field.js"), http.StatusOK)
}

func jsonText(value any) string {
	var b bytes.Buffer
	_ = json.NewEncoder(&b).Encode(value)
	return strings.TrimSpace(b.String())
}

// BenchmarkPages says what a page costs the server in CPU time, over HTTP. The playground keeps what it has drawn, so
// the last requests have settings that it has not seen yet.
func BenchmarkPages(b *testing.B) {
	s, n := start(b), 0
	for _, path := range append(paths,
		"/playground?rotation_max=30.", "/playground?scale=2&rotation_max=30.",
		"/playground?filter=smooth&rotation_max=30.") {
		b.Run(path, func(b *testing.B) {
			v := visit(b, s)
			before, err := measure.CPUTime([]int{s.Pid()})
			if err != nil {
				b.Skip(err) // only Linux tells
			}
			for b.Loop() {
				address := path
				if strings.HasSuffix(path, ".") {
					n++
					address += strconv.Itoa(n)
				}
				v.get(address)
			}
			after, err := measure.CPUTime([]int{s.Pid()})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64((after-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}
