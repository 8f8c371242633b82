package ops_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// The log says what happened, and nothing private.
func TestLogKeepsSecrets(t *testing.T) {
	s := server.Start(t, append([]string{"LOG_FORMAT=json", "LOG_LEVEL=debug", "TRUSTED_PROXIES=127.0.0.1", "CAPTCHA_LENGTH=10"}, modes[0].env...)...)
	guard := modes[0].guard(t, "")
	v := newVisitor(s.URL)
	v.forwarded = "203.0.113.77"
	reference := mustSend(t, v, guard, "For your eyes only.")
	mustKeep(t, v, reference, "For your eyes only.")
	key, answer := mustChallenge(t, v, guard)
	mustDo(t, v, "GET", "/api/captcha/"+key+"/audio.wav", "")
	account := url.Values{"email": {"visitor@example.com"}, "password": {"correct horse battery"}, "captcha_key": {key}, "captcha_value": {answer}}
	mustDo(t, v, "POST", "/signup", account.Encode())
	mustDo(t, v, "POST", "/login", account.Encode())
	mustDo(t, v, "GET", "/contact/"+reference+"x?email=visitor@example.com", "")
	v.forwarded = "2001:db8:1:2:3:4:5:77"
	mustDo(t, v, "GET", "/contact", "")

	s.Stop() // for all of the log
	ids := make(map[string]bool)
	for line := range strings.Lines(s.Log()) {
		var entry struct {
			Msg    string
			ID     string `json:"request_id"`
			Client string
			Route  string
			Status int
			Took   float64 `json:"took_ms"`
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("not JSON: %s", line)
		}
		if entry.Msg != "request" {
			continue
		}
		if entry.ID == "" || ids[entry.ID] {
			t.Errorf("the id is missing or was there before: %s", line)
		}
		ids[entry.ID] = true
		if entry.Route == "" || entry.Status == 0 || entry.Took <= 0 || entry.Client != "203.0.113.0/24" && entry.Client != "2001:db8:1::/48" {
			t.Errorf("route, status, time or client's network is missing: %s", line)
		}
	}
	if len(ids) < 8 {
		t.Errorf("%d requests in the log:\n%s", len(ids), s.Log())
	}
	for what, text := range map[string]string{"the answer": answer, "the key": key, "the password": "correct horse", "the address": "203.0.113.77",
		"the IPv6 address": ":4:5:77", "the e-mail address": "visitor@", "the reference": reference, "the sealing secret": secret, "the message": "your eyes"} {
		if strings.Contains(s.Log(), text) {
			t.Errorf("%s is in the log", what)
		}
	}
}

func TestMetrics(t *testing.T) {
	redis := redisserver.Own(t)
	addr := fmt.Sprint("127.0.0.1:", redisserver.FreePort(t))
	s := server.Start(t, append([]string{"METRICS_ADDR=" + addr, "STORAGE_URL=" + redis.URL(), "STORAGE_TIMEOUT=" + patience.String(), "CAPTCHA_STYLE=hollow"}, modes[0].env...)...)
	guard := modes[0].guard(t, "")
	v := newVisitor(s.URL)
	mustSend(t, v, guard, "Counted.")
	key, answer := mustChallenge(t, v, guard)
	if _, _, err := v.send(key, "????", "Counted."); err != nil {
		t.Fatal(err)
	}
	if _, _, err := v.send(key, answer, "Counted."); err != nil {
		t.Fatal(err)
	}
	mustChallenge(t, v, guard)
	mustDo(t, v, "GET", "/contact", "")
	redis.Kill()
	key, answer = mustChallenge(t, v, guard)
	if _, r, err := v.send(key, answer, "Not counted."); err != nil || r.status != http.StatusServiceUnavailable {
		t.Fatalf("status %d, %v", r.status, err)
	}

	if r := mustDo(t, v, "GET", "/metrics", ""); r.status != http.StatusNotFound {
		t.Errorf("/metrics at the site's own address: status %d, want 404", r.status)
	}
	metrics := mustDo(t, newVisitor("http://"+addr), "GET", "/metrics", "").body
	for _, line := range []string{
		`captcha_challenges_total{done="issued",purpose="",result="ok",way=""} 4`,
		`captcha_challenges_total{done="verified",purpose="",result="ok",way="letters"} 1`,
		`captcha_challenges_total{done="verified",purpose="",result="wrong_answer",way="letters"} 1`,
		`captcha_challenges_total{done="verified",purpose="",result="unknown_key",way="letters"} 1`,
		`captcha_challenges_total{done="verified",purpose="",result="storage_failed",way="letters"} 1`,
		`captcha_challenges_total{done="issued",purpose="contact",result="ok",way=""} 1`,
		`captcha_answer_seconds_count 2`,
		`captcha_styles_issued_total{style="hollow"} 5`,
		`captcha_letters_seconds_count{result="ok",style="hollow"} 1`,
		`captcha_letters_seconds_count{result="wrong_answer",style="hollow"} 1`,
		`storage_failures_total{operation="add"} 1`,
		`http_requests_total{method="POST",route="/api/contact",status="201"} 1`,
		`http_requests_total{method="POST",route="/api/contact",status="503"} 1`,
		`http_requests_total{method="GET",route="none",status="404"} 1`,
		`http_request_duration_seconds_count{route="/api/captcha"} 4`,
	} {
		if !strings.Contains(metrics, line+"\n") {
			t.Errorf("no %s", line)
		}
	}
	if t.Failed() {
		t.Log(metrics)
	}
}
