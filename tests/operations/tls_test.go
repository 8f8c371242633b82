package ops_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

// The site behind a proxy that terminates TLS: forms go through with the check for forgery on, cookies stay on TLS, and
// a visitor's own headers do not change the limit.
func TestBehindTLS(t *testing.T) {
	t.Parallel()
	redis := redisserver.Own(t)
	env := append([]string{"TRUSTED_PROXIES=127.0.0.1", "LIMIT_LOGIN=6/hour"}, modes[0].env...)
	replicas := startReplicas(t, redis.URL(), env...)
	guard := modes[0].guard(t, "")
	pool, file := newCertificate(t)
	base := "https://" + startBalancer(t, file, replicas)
	v := newVisitor(base)
	v.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}

	home := mustDo(t, v, "GET", "/contact", "")
	if home.header.Get("Strict-Transport-Security") == "" {
		t.Error("no Strict-Transport-Security")
	}
	sendForm(t, v, v, func(key string) string { return captchatest.Solve(t, guard.For("contact"), key) })

	page := mustDo(t, v, "GET", "/signup", "")
	key := hiddenKey.FindStringSubmatch(page.body)[1]
	answer := captchatest.Solve(t, guard.For("signup"), key)
	account := url.Values{"email": {"Visitor@Example.com"}, "password": {"correct horse battery"}, "captcha_key": {key}, "captcha_value": {answer}}
	if r := mustDo(t, v, "POST", "/signup", account.Encode(), "Origin", "https://elsewhere.example"); r.status != http.StatusForbidden {
		t.Errorf("a form from another site: status %d, want 403", r.status)
	}
	if r := mustDo(t, v, "POST", "/signup", account.Encode(), "Origin", strings.Replace(base, "https", "http", 1), "Sec-Fetch-Site", "cross-site"); r.status != http.StatusForbidden {
		t.Errorf("a form from the same host without TLS: status %d, want 403", r.status)
	}
	if r := mustDo(t, v, "POST", "/signup", account.Encode(), "Origin", base); r.status != http.StatusSeeOther {
		t.Fatalf("signing up: status %d:\n%s", r.status, r.body)
	}
	login := url.Values{"email": {"visitor@example.com"}, "password": {"correct horse battery"}}
	r := mustDo(t, v, "POST", "/login", login.Encode(), "Origin", base)
	if r.status != http.StatusSeeOther {
		t.Fatalf("logging in: status %d:\n%s", r.status, r.body)
	}
	cookie := r.header.Get("Set-Cookie")
	for _, attribute := range []string{"secure", "httponly", "samesite=lax", "path=/"} {
		if !strings.Contains(strings.ToLower(cookie), attribute) {
			t.Errorf("Set-Cookie is %q, without %s", cookie, attribute)
		}
	}

	// Three replicas let through up to three times the limit, whatever address is claimed.
	throttled := 0
	for i := range 40 {
		claimed := net.IPv4(198, 51, 100, byte(i)).String()
		r := mustDo(t, v, "POST", "/login", "email=a", "X-Forwarded-For", claimed, "Forwarded", "for="+claimed, "X-Real-Ip", claimed)
		if r.status == http.StatusTooManyRequests {
			throttled++
		}
	}
	if throttled < 40-3*6 {
		t.Errorf("%d of 40 logins were throttled under claimed addresses, want all but 18 at least", throttled)
	}
}

// newCertificate returns a certificate for 127.0.0.1 that a client trusts, and a file of it with its key, as haproxy
// wants.
func newCertificate(t *testing.T) (pool *x509.CertPool, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	file = filepath.Join(t.TempDir(), "site.pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return pool, file
}
