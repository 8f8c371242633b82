package siteverify_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/port"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// The demo reads its sites from a file, keeps its own pages as they are, and counts what it verified.
func TestDemoServesSites(t *testing.T) {
	const origin = "https://shop.example"
	path := filepath.Join(t.TempDir(), "sites.json")
	list := `[{"key": "shop", "secrets": ["` + shopSecret + `"], "origins": ["` + origin + `"], "demand": "letters"}]`
	if err := os.WriteFile(path, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	guard := captcha.New(captcha.Config{Secrets: []string{sealing}, Logger: slog.New(slog.DiscardHandler)})
	metrics := fmt.Sprint("127.0.0.1:", port.Free(t))
	s := server.Start(t, "CAPTCHA_SITES_FILE="+path, "CAPTCHA_SECRETS="+sealing, "METRICS_ADDR="+metrics, "LIMIT_SUBMIT=3/hour")

	good := response(t, s.URL, guard, origin)
	for secret, want := range map[string]string{shopSecret: `"success":true`, blogSecret: "invalid-input-secret"} {
		for range 5 { // more than a visitor may send forms
			got := post(t, s.URL+"/api/siteverify", "", url.Values{"secret": {secret}, "response": {good}, "idempotency_key": {"one"}})
			if !strings.Contains(got, want) {
				t.Errorf("%s, want %s", got, want)
			}
		}
	}
	if field := post(t, s.URL+"/api/captcha/field?purpose=site_shop", origin, nil); strings.Contains(field, "data-work=") {
		t.Error("work counts where letters are demanded")
	}
	reply, err := http.Get("http://" + metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	counted, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`captcha_siteverify_total{result="ok",site="shop"} 5`, `captcha_siteverify_total{result="invalid-input-secret",site=""} 5`} {
		if !strings.Contains(string(counted), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	for _, row := range []struct{ method, path, from string }{{"GET", "/contact", "none"}, {"POST", "/api/captcha/", "same-origin"}} {
		r, err := http.NewRequest(row.method, s.URL+row.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Sec-Fetch-Site", row.from)
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if reply.StatusCode != 200 || reply.Header.Get("Access-Control-Allow-Origin") != "" || reply.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s %s: %s %v", row.method, row.path, reply.Status, reply.Header)
		}
	}
}
