package browser_test

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
)

// ear is a testing.TB that records errors and does not fail for them.
type ear struct {
	testing.TB
	heard []string
}

func (e *ear) Helper() {}

func (e *ear) Errorf(format string, args ...any) {
	e.heard = append(e.heard, fmt.Sprintf(format, args...))
}

// A page of faults. Each has to be found: one that is not found here would be found on no page.
const faults = `<!doctype html><html lang="en"><head><title>Faults</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css"></head>
<body><main><h1>Faults</h1><input name="nameless"><p>Pale</p><script src="/throws.js"></script><script>inline()</script>
<img src="/absent.png" alt="absent"></main></body></html>`

// faulty serves that page.
func faulty(t *testing.T) (url string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:")
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, faults)
		case "/page.css":
			w.Header().Set("Content-Type", "text/css")
			fmt.Fprint(w, `body { background: #fff; color: #000 } @media (prefers-color-scheme: dark) { p { color: #eee } }`)
		case "/throws.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, `console.warn("warned"); throw new Error("thrown")`)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestFaultsAreFound(t *testing.T) {
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		p.Visit(faulty(t))
		all := ""
		for _, want := range []string{"warned", "thrown", "Content Security Policy", "absent.png"} {
			// A browser may tell of a fault after the page is loaded.
			for limit := time.Now().Add(20 * time.Second); !strings.Contains(all, want); time.Sleep(20 * time.Millisecond) {
				all += strings.Join(p.Problems(), "\n") + "\n"
				if time.Now().After(limit) {
					t.Errorf("nothing about %q in:\n%s", want, all)
					break
				}
			}
		}
	})
}

func TestInaccessibleIsFound(t *testing.T) {
	listener := &ear{TB: t}
	p := browser.Open(listener)
	p.Visit(faulty(t))
	p.Axe()
	all := strings.Join(listener.heard, "\n")
	for _, want := range []string{"in the light scheme: label:", "in the dark scheme: label:", "in the dark scheme: color-contrast:"} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing about %q in:\n%s", want, all)
		}
	}
	if strings.Contains(all, "in the light scheme: color-contrast") {
		t.Errorf("black on white is called pale:\n%s", all)
	}
}

func TestScreenshotIsOfTheWindow(t *testing.T) {
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		p.Size(700, 500)
		p.Visit(faulty(t))
		shot, err := png.DecodeConfig(bytes.NewReader(p.Screenshot()))
		if err != nil || shot.Width != 700 || shot.Height != 500 {
			t.Errorf("%d x %d: %v", shot.Width, shot.Height, err)
		}
	})
}
