package siteverify_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/siteverify"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// paths are the addresses that the libraries call, by the hosts that are fixed in them.
var paths = map[string]string{
	"hcaptcha.com":              "/siteverify",
	"www.google.com":            "/recaptcha/api/siteverify",
	"challenges.cloudflare.com": "/turnstile/v0/siteverify",
}

// standIn serves HTTPS under those names, with a certificate of an authority of the test's own, and passes on to a
// captcha server. It returns its port and a file with the authority's certificate.
func standIn(t *testing.T, base string) (port, authority string) {
	t.Helper()
	target, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.URL.Path = "/api/siteverify"
	}}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, _ := strings.Cut(r.Host, ":"); paths[host] != r.URL.Path || r.TLS.ServerName != host {
			t.Errorf("a library asks %s%s with a connection to %s", r.Host, r.URL.Path, r.TLS.ServerName)
			http.NotFound(w, r)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	certificate, pemFile := certify(t)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()[len("127.0.0.1:"):], pemFile
}

// certify makes an authority and a certificate of it for the names.
func certify(t *testing.T) (certificate tls.Certificate, authority string) {
	t.Helper()
	sign := func(template, parent *x509.Certificate, signer *ecdsa.PrivateKey) ([]byte, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if signer == nil {
			signer = key
		}
		template.SerialNumber = big.NewInt(time.Now().UnixNano())
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
		if err != nil {
			t.Fatal(err)
		}
		return der, key
	}
	root := &x509.Certificate{
		Subject: pkix.Name{CommonName: "Test"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	rootDER, rootKey := sign(root, root, nil)
	leaf := &x509.Certificate{Subject: pkix.Name{CommonName: "Stand-in"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for name := range paths {
		leaf.DNSNames = append(leaf.DNSNames, name)
	}
	leafDER, leafKey := sign(leaf, root, rootKey)
	authority = filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: leafKey}, authority
}

// call is one that a library makes.
type call struct {
	Library  string `json:"library"`
	Secret   string `json:"secret"`
	Response string `json:"response"`
	Key      string `json:"key"` // of idempotency; turnstile's alone knows it
}

// verdict is what the library makes of the reply.
type verdict struct {
	OK       bool
	Hostname string
	Codes    []string
	Moment   string
}

// The three services' published libraries, unmodified, accept our replies as those of their own servers.
func TestPublishedLibraries(t *testing.T) {
	var later atomic.Int64 // nanoseconds that have passed
	began := time.Now()
	now := func() time.Time { return began.Add(time.Duration(later.Load())) }
	guard := captcha.New(captcha.Config{Now: now, Logger: slog.New(slog.DiscardHandler)})
	const page = "https://shop.example"
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	siteverify.New(siteverify.Config{Guard: guard, Now: now, Sites: []siteverify.Site{
		{Key: "shop", Secrets: []string{shopSecret}, Origins: []string{page}},
		{Key: "blog", Secrets: []string{blogSecret}, Origins: []string{"https://blog.example"}},
	}}).Register(app)
	guard.Register(app)
	base := server.Inside(t, app)
	port, authority := standIn(t, base)

	verify := func(t *testing.T, calls ...call) (verdicts []verdict) {
		t.Helper()
		input, err := json.Marshal(calls)
		if err != nil {
			t.Fatal(err)
		}
		program := node(t, []string{"NODE_EXTRA_CA_CERTS=" + authority, "STAND_IN=" + port}, bytes.NewReader(input),
			[]string{"hcaptcha", "express-recaptcha", "turnstile-verify"}, "--require", "./names.cjs", "libraries.cjs")
		if err := json.Unmarshal([]byte(line(t, program)), &verdicts); err != nil {
			t.Fatal(err)
		}
		return verdicts
	}
	for _, library := range []string{"hcaptcha", "recaptcha", "turnstile"} {
		t.Run(library, func(t *testing.T) {
			fresh := func() string { return response(t, base, guard, page) }
			good, old := fresh(), fresh()
			of := func(secret, response, key string) call { return call{library, secret, response, key} }
			got := verify(t,
				of(shopSecret, good, "one"),
				of(shopSecret, good, "two"),
				of(shopSecret, "made-up", ""),
				of(shopSecret, old+"x", ""),
				of(strings.Repeat("x", 32), old, ""),
				of(blogSecret, old, ""),
			)
			later.Add(int64(5 * time.Minute))
			got = append(got, verify(t, of(shopSecret, old, ""))...)
			if library == "turnstile" {
				again := fresh()
				got = append(got, verify(t, of(shopSecret, again, "one"), of(shopSecret, again, "one"), of(shopSecret, again, "two"))...)
			}
			want := []string{"true", "timeout-or-duplicate", "invalid-input-response", "invalid-input-response", "invalid-input-secret",
				"invalid-input-response", "timeout-or-duplicate", "true", "true", "timeout-or-duplicate"}[:len(got)]
			if library == "hcaptcha" {
				want[5] = "sitekey-secret-mismatch" // this library sends the site's key along
			}
			var said []string
			for _, v := range got {
				if v.OK {
					said = append(said, "true")
				} else {
					said = append(said, strings.Join(v.Codes, " "))
				}
			}
			if !reflect.DeepEqual(said, want) {
				t.Errorf("%q\nwant %q", said, want)
			}
			if library != "turnstile" && got[0].Hostname != "shop.example" {
				t.Errorf("the host is %q", got[0].Hostname)
			}
			if library == "hcaptcha" {
				met, err := time.Parse(time.RFC3339, got[0].Moment)
				if gone := now().Sub(met); err != nil || gone < 5*time.Minute || gone > 6*time.Minute {
					t.Errorf("met at %s, %v ago: %v", got[0].Moment, gone, err)
				}
			}
			t.Log(fmt.Sprint(said))
		})
	}
}
