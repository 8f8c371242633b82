// Screenshots takes pictures of the demo's pages in a headless Chromium. By default it takes those in README.md and
// handlers/README.md and those of the three ways to meet a challenge, and draws the README's table of prices as a plot:
//
//	go run ./tests/tools/screenshots
//	go run ./tests/tools/screenshots -all -out /tmp/pages
//	go run ./tests/tools/screenshots -field -out /tmp/field
//
// The second command takes every page, narrow and wide, light and dark, with and without errors, for you to look at.
// The third takes the form field in pages of several styles, widths and pixel densities. It needs the style sheets that
// "npm ci --prefix tests" installs.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// shot is a picture of one page.
type shot struct {
	file, path string
	width      int // CSS pixels
	height     int // CSS pixels; 0 is the whole page
	scheme     string

	dense  float64 // device pixels per CSS pixel; 0 is 1
	forced bool    // whether the visitor's own colours are forced on the page
	plain  bool    // without script
	print  bool    // as it is printed
	touch  bool    // the first text field has the focus, and a moment goes by
	send   bool    // the form was sent as it is, past the browser's own checks
	script string  // what is done on the page before a moment goes by
}

// readme are the pictures of the demo in the README and in handlers/README.md, as large as these show them.
var readme = []shot{
	{file: "form", path: "/contact", width: 760, height: 830, scheme: "light"},
	{file: "playground", path: "/playground", width: 1100, height: 900, scheme: "light"},
	{file: "api", path: "/developers", width: 1100, height: 900, scheme: "light"},
	{file: "phone", path: "/signup", width: 390, height: 790, scheme: "light", dense: 2},
}

var pages = []string{"/", "/contact", "/signup", "/login", "/playground", "/developers", "/stats", "/nowhere"}

var forms = []string{"/", "/contact", "/signup", "/login"}

func everything() []shot {
	var shots []shot
	for _, page := range pages {
		name := cmp.Or(strings.Trim(page, "/"), "home")
		for _, width := range []int{360, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				shots = append(shots, shot{file: fmt.Sprintf("%s-%d-%s", name, width, scheme), path: page, width: width, scheme: scheme})
			}
			if slices.Contains(forms, page) {
				shots = append(shots, shot{file: fmt.Sprintf("%s-%d-errors", name, width), path: page, width: width, height: 800, send: true})
			}
		}
	}
	return append(shots,
		shot{file: "stats-forced", path: "/stats", width: 1280, forced: true},
		shot{file: "playground-360-window", path: "/playground#scale", width: 360, height: 740},
		shot{file: "playground-1280-window", path: "/playground#scale", width: 1280, height: 740},
		shot{file: "contact-print", path: "/contact", width: 800, print: true},
		shot{file: "developers-print", path: "/developers", width: 800, print: true})
}

func main() {
	out := flag.String("out", ".readme", "folder to write the pictures to")
	home := flag.String("home", "static", "folder to write the picture on the site's home page to")
	all := flag.Bool("all", false, "take every page, narrow and wide, light and dark")
	field := flag.Bool("field", false, "take the form field, in pages of several styles")
	flag.Parse()
	shots, site := readme, start
	switch {
	case *all:
		shots = everything()
	case *field:
		shots, site = fieldShots(), startHosts
	}
	err := run(shots, site, *out)
	if err == nil && !*all && !*field {
		err = errors.Join(run(figures, startFigures, *out), lighten(filepath.Join(*out, "ways.png"), filepath.Join(*home, "ways.png")))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func run(shots []shot, start func() (url string, stop func(), err error), out string) error {
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
	_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(s.width), Height: int64(cmp.Or(s.height, 800)), DeviceScaleFactor: cmp.Or(s.dense, 1),
	})
	if err != nil {
		return err
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.scheme},
		{Name: "forced-colors", Value: map[bool]string{true: "active", false: "none"}[s.forced]}}}
	if s.print {
		media.Media = "print"
	}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
		return err
	}
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: s.plain}); err != nil {
		return err
	}
	if err := do(ctx, chromedp.Navigate(site+s.path)); err != nil {
		return err
	}
	if err := s.act(ctx); err != nil {
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

// moment is the longest that a page takes to react to a visitor.
const moment = 2 * time.Second

// act does what a visitor does before the picture is taken.
func (s shot) act(ctx context.Context) error {
	script := s.script
	switch {
	case script != "":
	case s.touch:
		script = `document.querySelector("form input").focus(), document.querySelector("form input").dispatchEvent(new Event("input", {bubbles: true}))`
	case s.send:
		script = `document.querySelector("main form").submit()`
	default:
		return nil
	}
	_, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: script, UserGesture: new(true)})
	time.Sleep(moment)
	return err
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
