package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/fiberv3"
	"github.com/gofiber/fiber/v3"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
)

// serve listens until the test ends, and returns the app's URL.
func serve(t *testing.T, app *fiber.App) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true}) }()
	t.Cleanup(func() {
		_ = listener.Close()
		_ = app.ShutdownWithTimeout(time.Second)
		<-served
	})
	return "http://" + listener.Addr().String()
}

// A visitor asks for other letters, mistypes them, types them and is done.
func TestForm(t *testing.T) {
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		guard := fiberv3.New(fiberv3.Config{Config: captcha.Config{Audio: audio.New()}})
		p.Visit(serve(t, newApp(guard)))
		const key, picture = `document.querySelector("[name=captcha_key]").value`, `document.querySelector(".captcha-picture")`
		p.Await(picture + `.naturalWidth > 0`)
		first := browser.Value[[]string](p, `[`+key+`, `+picture+`.src]`)
		p.Type("[name=words]", "Hello")
		p.Click(".captcha-refresh")
		p.Await(`document.querySelector("[role=status]").textContent === "New characters are ready."`)
		second := browser.Value[[]string](p, `[`+key+`, `+picture+`.src]`)
		if first[0] == second[0] || first[1] == second[1] {
			t.Error("the challenge stayed")
		}
		if sound := browser.Value[int](p, `fetch(document.querySelector("audio").src).then((response) => response.status)`); sound != 200 {
			t.Errorf("the sound: %d", sound)
		}
		p.WantNoProblems()

		p.Type("[name=captcha_value]", "no")
		p.Submit("[name=sign]")
		refused := browser.Value[[]string](p, `[`+key+`, document.querySelector(".captcha-error").textContent, document.querySelector("[name=words]").value]`)
		if refused[0] == second[0] || refused[1] == "" || refused[2] != "Hello" {
			t.Errorf("after a wrong answer: %q", refused)
		}
		p.Problems() // The status of a refused form is one.
		p.Type("[name=captcha_value]", strings.ToLower(captchatest.Solve(t, guard.Guard, refused[0])))
		p.Submit("[name=sign]")
		p.Await(`document.querySelector("h1")?.textContent === "Thanks"`)
		p.WantNoProblems()
	})
}

// TestSize prints what the captcha adds to a binary on Fiber v3, and how much of that is Fiber v2, which captcha's own
// types bring along. With its tables, Fiber v2 is some 440 KiB: that is what a stub with the few things that captcha
// uses would save.
func TestSize(t *testing.T) {
	with, without := build(t, "."), build(t, "./bare")
	added := size(t, with) - size(t, without)
	if added <= 0 {
		t.Fatalf("the captcha adds %d bytes", added)
	}
	t.Logf("importing captcha/fiberv3 adds %d KiB to a binary of %d KiB (both stripped)", added>>10, size(t, without)>>10)

	var symbols, bytes int64
	unstripped := filepath.Join(t.TempDir(), "app")
	run(t, "go", "build", "-trimpath", "-o", unstripped, ".")
	line := regexp.MustCompile(`^\s*[0-9a-f]+\s+(\d+)\s+\S\s+(?:type:[^ ]*)?\S*github\.com/gofiber/fiber/v2`)
	for symbol := range strings.SplitSeq(run(t, "go", "tool", "nm", "-size", unstripped), "\n") {
		if match := line.FindStringSubmatch(symbol); match != nil {
			symbols++
			bytes += number(match[1])
		}
	}
	if symbols == 0 {
		t.Error("Fiber v2 is not linked, which the manual says it is")
	}
	t.Logf("of Fiber v2 there are %d symbols, of %d KiB", symbols, bytes>>10)
}

func number(digits string) (n int64) {
	for _, digit := range digits {
		n = n*10 + int64(digit-'0')
	}
	return n
}

func build(t *testing.T, pkg string) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "app")
	run(t, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, pkg)
	return binary
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
