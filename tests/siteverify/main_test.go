// Package siteverify_test runs the demo as a captcha server for others: a shop on another origin, whose backend is
// Node, and published server libraries of reCAPTCHA, hCaptcha and Turnstile.
package siteverify_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

const (
	shopSecret = "0123456789abcdef0123456789abcdef"
	blogSecret = "fedcba9876543210fedcba9876543210"
	sealing    = "00112233445566778899aabbccddeeff"
)

// start runs the demo for a shop and a blog, and returns it with a guard that can solve its challenges. The shop
// demands "letters" or "work".
func start(t *testing.T, shop, demand string) (*server.Server, *captcha.Guard) {
	t.Helper()
	sites := fmt.Sprintf(`[{"key": "shop", "secrets": [%q], "origins": [%q], "demand": %q},
		{"key": "blog", "secrets": [%q], "origins": ["https://blog.example"]}]`, shopSecret, shop, demand, blogSecret)
	s := server.Start(t, "CAPTCHA_SITES="+sites, "CAPTCHA_SECRETS="+sealing)
	guard := captcha.New(captcha.Config{Secrets: []string{sealing}, Logger: slog.New(slog.DiscardHandler)})
	return s, guard
}

// post sends a form as a page of an origin does.
func post(t *testing.T, address, origin string, fields url.Values) string {
	t.Helper()
	r, err := http.NewRequest("POST", address, strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", origin)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %s, %v", address, response.Status, text, err)
	}
	return string(text)
}

func find(t *testing.T, text, pattern string) string {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if match == nil {
		t.Fatalf("no %s in %s", pattern, text)
	}
	return match[1]
}

// response gets past the captcha for a page of an origin, and returns what its form would bring.
func response(t *testing.T, base string, guard *captcha.Guard, origin string) string {
	t.Helper()
	field := post(t, base+"/api/captcha/field?purpose=site_shop", origin, nil)
	purpose := find(t, field, `data-create="[^"]*purpose=([\w-]+)"`)
	key := find(t, field, `name="captcha_key" type="hidden" value="([^"]+)"`)
	given := post(t, base+"/api/siteverify/response?purpose="+purpose, origin, url.Values{
		"captcha_key": {key}, "captcha_value": {captchatest.Solve(t, guard.For(purpose), key)},
	})
	return find(t, given, `"response":"([^"]+)"`)
}

// node starts a program that reads input, and returns what it prints, line by line, until the test ends. Without Node,
// or what it needs below node_modules, the test is skipped, or fails if REQUIRE_NODE=1 is set.
func node(t *testing.T, env []string, input io.Reader, needs []string, args ...string) *bufio.Scanner {
	t.Helper()
	_, err := exec.LookPath("node")
	for _, module := range needs {
		if _, missing := os.Stat("../node_modules/" + module); missing != nil {
			err = missing
		}
	}
	if err != nil && os.Getenv("REQUIRE_NODE") == "1" {
		t.Fatalf("%v, for REQUIRE_NODE is set", err)
	}
	if err != nil {
		t.Skipf("this needs node and what npm ci --prefix tests installs: %v", err)
	}
	command := exec.CommandContext(t.Context(), "node", args...)
	command.Env, command.Stdin, command.Stderr = append(os.Environ(), env...), input, os.Stderr
	output, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	return bufio.NewScanner(output)
}

// line returns the next line of a program.
func line(t *testing.T, program *bufio.Scanner) string {
	t.Helper()
	if !program.Scan() {
		t.Fatal(fmt.Errorf("the program has ended: %v", program.Err()))
	}
	return program.Text()
}
