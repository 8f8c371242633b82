package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// eachShared runs a test in each browser that pages share.
func eachShared(t *testing.T, test func(t *testing.T, open func() *Page)) {
	t.Run("chromium", func(t *testing.T) { test(t, func() *Page { return newPage(t, openChromium(t)) }) })
	t.Run("firefox", func(t *testing.T) { test(t, func() *Page { return newPage(t, openFirefox(t)) }) })
}

// plain serves a page with a text field, and counts how often something is asked for that may be kept for an hour.
func plain(t *testing.T) (url string, asked *atomic.Int32) {
	asked = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/kept" {
			asked.Add(1)
			w.Header().Set("Cache-Control", "max-age=3600")
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><title>Plain</title><link rel="icon" href="data:,">
<input onfocus="this.dataset.focused = 1">`)
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func TestPagesKnowNothingOfEachOther(t *testing.T) {
	eachShared(t, func(t *testing.T, open func() *Page) {
		url, asked := plain(t)
		one, two := open(), open()
		const kept = `[document.cookie, localStorage.mark ?? "", sessionStorage.mark ?? ""].join()`
		for n, p := range []*Page{one, two} {
			p.Visit(url)
			if got := Value[string](p, kept); got != ",," {
				t.Errorf("page %d finds %s", n, got)
			}
			Value[bool](p, fmt.Sprintf(`(document.cookie = localStorage.mark = sessionStorage.mark = "mark=%d", true)`, n))
			Value[bool](p, `fetch("/kept").then((reply) => reply.ok)`)
		}
		for n, p := range []*Page{one, two} {
			if got, want := Value[string](p, kept), fmt.Sprintf("mark=%d,mark=%[1]d,mark=%[1]d", n); got != want {
				t.Errorf("page %d finds %s, want %s", n, got, want)
			}
		}
		if n := asked.Load(); n != 2 {
			t.Errorf("two pages asked %d times for what each may keep", n)
		}
		one.Requests()
		two.Requests()
		Value[bool](one, `(console.warn("a fault"), fetch("/absent"), true)`)
		one.Await(`performance.getEntriesByName(location.origin + "/absent").length`)
		if got := strings.Join(one.Problems(), "\n"); !strings.Contains(got, "a fault") {
			t.Errorf("the problems are %q", got)
		}
		if got := strings.Join(one.Requests(), "\n"); !strings.Contains(got, "/absent") {
			t.Errorf("the requests are %q", got)
		}
		if got := append(two.Problems(), two.Requests()...); len(got) > 0 {
			t.Errorf("the other page is said to have %q", got)
		}
	})
}

// A page that another was opened after is seen, is drawn, has timers that don't wait, and can be typed into.
func TestEveryPageIsInFront(t *testing.T) {
	eachShared(t, func(t *testing.T, open func() *Page) {
		url, _ := plain(t)
		one, two := open(), open()
		for _, p := range []*Page{one, two, one} {
			p.Visit(url)
		}
		for n, p := range []*Page{one, two} {
			if Value[bool](p, `document.hidden`) {
				t.Errorf("page %d is hidden", n)
			}
			err := p.inFront(func() error {
				if focused, err := p.evaluate(`document.hasFocus()`); string(focused) != "true" {
					return fmt.Errorf("it has no focus: %s, %v", focused, err)
				}
				return nil
			})
			if err != nil {
				t.Errorf("page %d in front: %v", n, err)
			}
			// A page in the background has a timer a second, or fewer, and no frames.
			if ms := Value[float64](p, `new Promise((done) => {
				const begin = performance.now();
				let n = 0;
				(function next() { ++n === 30 ? done(performance.now() - begin) : setTimeout(next, 1) })();
			})`); ms > 20_000 {
				t.Errorf("page %d needs %.0f ms for 30 timers", n, ms)
			}
			Value[bool](p, `(window.drawn = 0, requestAnimationFrame(function next() {
				++drawn < 10 && requestAnimationFrame(next);
			}), true)`)
			p.Await(`drawn === 10`)
		}
		for _, text := range []string{"a", "b"} {
			one.Type("input", "1"+text)
			two.Type("input", "2"+text)
		}
		for p, want := range map[*Page]string{one: "1a1b", two: "2a2b"} {
			if got := Value[string](p, `document.querySelector("input").value`); got != want {
				t.Errorf("the field has %q, want %q", got, want)
			}
			if !Value[bool](p, `"focused" in document.querySelector("input").dataset`) {
				t.Errorf("the field with %q was never told of the focus", want)
			}
		}
	})
}

// A page that never comes to rest delays no other.
func TestHungPageHurtsNoOther(t *testing.T) {
	eachShared(t, func(t *testing.T, open func() *Page) {
		url, _ := plain(t)
		hung, other := open(), open()
		hung.Visit(url)
		Value[bool](hung, `setTimeout(() => { for (;;); }, 0) > 0`)
		other.Visit(url)
		other.Type("input", "a")
		other.Await(`document.querySelector("input").value === "a"`)
		third := open()
		third.Visit(url)
	})
}

func TestCrashedBrowserIsReplaced(t *testing.T) {
	eachShared(t, func(t *testing.T, open func() *Page) {
		url, _ := plain(t)
		p := open()
		p.Visit(url)
		switch e := p.engine.(type) {
		case *chromium:
			_ = chromedp.FromContext(e.ctx).Browser.Process().Kill()
		case *firefox:
			_ = e.process.command.Process.Kill()
		}
		for limit := time.Now().Add(awaitLimit); p.visit(url) == nil; {
			if time.Now().After(limit) {
				t.Fatal("a browser that was killed goes on")
			}
		}
		open().Visit(url)
	})
}

// A program that is killed leaves no browser and no profile.
func TestNothingIsLeft(t *testing.T) {
	url, _ := plain(t)
	if os.Getenv("LEAVE") != "" {
		eachShared(t, func(t *testing.T, open func() *Page) { open().Visit(url) })
		fmt.Println("the pages are open")
		select {}
	}
	folder := t.TempDir()
	command := exec.Command(os.Args[0], "-test.run=^TestNothingIsLeft$")
	command.Env = append(os.Environ(), "LEAVE=1", "TMPDIR="+folder)
	output, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	heard := make([]byte, 1)
	_, err = output.Read(heard)
	if err != nil || len(browsersIn(t, folder)) < 2 {
		t.Errorf("before: %v, %q", err, browsersIn(t, folder))
	}
	_ = command.Process.Kill()
	_ = command.Wait()
	for limit := time.Now().Add(awaitLimit); ; time.Sleep(awaitPause) {
		profiles, err := filepath.Glob(filepath.Join(folder, "browser-profile-*"))
		if err != nil {
			t.Fatal(err)
		}
		left := append(profiles, browsersIn(t, folder)...)
		if len(left) == 0 {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("still there: %q", left)
		}
	}
}

// browsersIn returns the commands of the processes whose profile is in a folder.
func browsersIn(t *testing.T, folder string) (commands []string) {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		command, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(command), folder) { // or it has ended meanwhile
			commands = append(commands, strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return commands
}
