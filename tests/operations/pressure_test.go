package ops_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// With the default settings, a client that guesses wrongly has to type longer answers, and nobody else does; the
// operator sees it. An exempt network, and a process without pressure, are asked for the same as always.
func TestPressure(t *testing.T) {
	for name, row := range map[string]struct {
		env     string
		guesser string
		length  int // of the guesser's answers after that
		says    []string
	}{
		"as it comes": {"CAPTCHA_PRESSURE=", "2001:db8:66::1", 10, []string{
			`captcha_issued_under_pressure_total{level="3"} `, `captcha_pressure_networks{level="3"} 1`, `captcha_pressure_alarm 0`,
			`captcha_pressure_failing_networks 0.9`,
		}},
		"exempt":      {"CAPTCHA_PRESSURE_EXEMPT=2001:db8:66::/48", "2001:db8:66::1", 4, []string{`captcha_issued_under_pressure_total{level="0"}`}},
		"off":         {"CAPTCHA_PRESSURE=off", "2001:db8:66::1", 4, nil},
		"held at one": {"CAPTCHA_PRESSURE=1", "2001:db8:66::1", 6, []string{`captcha_issued_under_pressure_total{level="1"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			addr := fmt.Sprint("127.0.0.1:", redisserver.FreePort(t))
			env := []string{"METRICS_ADDR=" + addr, "TRUSTED_PROXIES=127.0.0.1", modes[0].env[0], "CAPTCHA_PRESSURE=auto", row.env}
			s := server.Start(t, env...)
			guard := modes[0].guard(t, "")
			guesser, other := newVisitor(s.URL), newVisitor(s.URL)
			guesser.forwarded, other.forwarded = row.guesser, "203.0.113.7"
			for range 50 {
				key, _ := mustChallenge(t, guesser, guard)
				if _, _, err := guesser.send(key, "????", "Buy now."); err != nil {
					t.Fatal(err)
				}
			}
			if _, answer := mustChallenge(t, guesser, guard); len(answer) != row.length {
				t.Errorf("the guesser is asked for %d letters, want %d", len(answer), row.length)
			}
			if _, answer := mustChallenge(t, other, guard); len(answer) != 4 && row.env != "CAPTCHA_PRESSURE=1" {
				t.Errorf("somebody else is asked for %d letters", len(answer))
			}
			metrics := mustDo(t, newVisitor("http://"+addr), "GET", "/metrics", "").body
			for _, says := range row.says {
				if !strings.Contains(metrics, "\n"+says) {
					t.Errorf("no %s in the metrics", says)
				}
			}
			if strings.Contains(metrics, "captcha_pressure_") != (row.env != "CAPTCHA_PRESSURE=off") {
				t.Error("the metrics tell of a pressure that is off, or not of one that is on")
			}
		})
	}
}
