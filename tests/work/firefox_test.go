package work_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

// Firefox has its own cryptography, workers and policy. It is only opened here, on pages that need nobody to click.
// Without a Firefox the test is skipped, or fails if REQUIRE_BROWSER=1 is set.
func TestFirefox(t *testing.T) {
	t.Parallel()
	needWidget(t)
	var path string
	for _, name := range []string{"firefox-esr", "firefox"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("REQUIRE_BROWSER") == "1" {
			t.Fatal("there is no Firefox, and REQUIRE_BROWSER is set")
		}
		t.Skip("there is no Firefox")
	}
	for name, page := range map[string]string{"our worker": "/work.html#alone", "ALTCHA's widget": "/altcha.html#alone"} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, work.New())
			firefox := exec.CommandContext(t.Context(), path, "--headless", "--no-remote", "--profile", t.TempDir(), s.URL+page)
			firefox.Cancel = func() error { return firefox.Process.Signal(os.Interrupt) }
			firefox.WaitDelay = 20 * time.Second
			if err := firefox.Start(); err != nil {
				t.Fatal(err)
			}
			defer firefox.Wait()
			defer firefox.Process.Signal(os.Interrupt)
			select {
			case got := <-s.results:
				if got != "right" {
					t.Errorf("the work is %s", got)
				}
			case <-time.After(2 * time.Minute):
				t.Error("nothing was submitted in two minutes")
			}
		})
	}
}
