// Screenshots takes pictures of the demo's pages in a headless Chromium. By default it makes those of the README:
//
//	go run ./tests/tools/screenshots
//	go run ./tests/tools/screenshots -all -out /tmp/pages
//
// The second takes every page, narrow and wide, light and dark, to be looked at.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// shot is a picture of one page.
type shot struct {
	file, path string
	width      int // CSS pixels
	height     int // CSS pixels; 0 is the whole page
	scheme     string
}

// readme are the pictures in the README, as large as it shows them.
var readme = []shot{
	{"form", "/contact", 760, 760, "light"},
	{"playground", "/playground", 1100, 900, "light"},
	{"api", "/developers", 1100, 900, "light"},
}

var pages = []string{"/", "/contact", "/signup", "/login", "/playground", "/developers", "/stats", "/nowhere"}

func everything() []shot {
	var shots []shot
	for _, page := range pages {
		for _, width := range []int{360, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				name := strings.Trim(page, "/")
				if name == "" {
					name = "home"
				}
				shots = append(shots, shot{fmt.Sprintf("%s-%d-%s", name, width, scheme), page, width, 0, scheme})
			}
		}
	}
	return shots
}

func main() {
	out := flag.String("out", ".readme", "folder to write to")
	all := flag.Bool("all", false, "every page, narrow and wide, light and dark")
	flag.Parse()
	shots := readme
	if *all {
		shots = everything()
	}
	if err := run(shots, *out); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func run(shots []shot, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	site, stop, err := start()
	if err != nil {
		return err
	}
	defer stop()

	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.DisableGPU, chromedp.Flag("force-device-scale-factor", "1"))
	if path, err := exec.LookPath("chromium"); err == nil {
		options = append(options, chromedp.ExecPath(path))
	}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's sandbox does not work for root
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	ctx, stopBrowser := chromedp.NewExecAllocator(ctx, options...)
	defer stopBrowser()
	ctx, closeBrowser := chromedp.NewContext(ctx)
	defer closeBrowser()
	for _, s := range shots {
		if err := s.take(ctx, site, out); err != nil {
			return fmt.Errorf("%s: %w", s.file, err)
		}
	}
	return nil
}

func (s shot) take(ctx context.Context, site, out string) error {
	if err := do(ctx, chromedp.EmulateViewport(int64(s.width), int64(max(s.height, 800)))); err != nil {
		return err
	}
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.scheme}},
	})
	if err != nil {
		return err
	}
	if err := do(ctx, chromedp.Navigate(site+s.path)); err != nil {
		return err
	}
	capture := chromedp.CaptureScreenshot()
	if s.height == 0 {
		capture = chromedp.FullScreenshot(100)
	}
	png, err := chromedp.Run(ctx, capture)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, s.file+".png"), png, 0o644)
}

func do(ctx context.Context, action chromedp.Action[chromedp.Void]) error {
	_, err := chromedp.Run(ctx, action)
	return err
}

// start builds the site and runs it, in memory, on a free loopback port.
func start() (url string, stop func(), err error) {
	dir, err := os.MkdirTemp("", "fibercaptcha-")
	if err != nil {
		return "", nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr := listener.Addr().String()
	listener.Close()

	binary := filepath.Join(dir, "fibercaptcha")
	if output, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("go build: %w\n%s", err, output)
	}
	process := exec.Command(binary)
	process.Env = []string{"ADDR=" + addr, "LOG_LEVEL=warn", "LIMIT_ISSUE=none"}
	process.Stderr = os.Stderr
	if err := process.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = process.Process.Kill()
		_ = process.Wait()
		_ = os.RemoveAll(dir)
	}
	for range 100 {
		if response, err := http.Get("http://" + addr + "/readyz"); err == nil {
			response.Body.Close()
			return "http://" + addr, stop, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	return "", nil, errors.New("the site did not start")
}
