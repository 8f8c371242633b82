package storage_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

func TestRedisOverTLS(t *testing.T) {
	t.Parallel()
	certificate, key, authorities := mustCertify(t)
	port := redisserver.FreePort(t)
	redisserver.Own(t, "--tls-port", fmt.Sprint(port), "--tls-auth-clients", "no",
		"--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate)
	url := fmt.Sprintf("rediss://127.0.0.1:%d", port)

	s := mustOpen(t, url, storage.Config{Timeout: patient, TLS: &tls.Config{RootCAs: authorities}})
	mustAdd(t, s, "key", time.Hour, true)
	mustAdd(t, s, "key", time.Hour, false)
	mustHold(t, s, "key", "added!")

	_, err := storage.Open(t.Context(), url, storage.Config{Wait: 3 * time.Second})
	mustSay(t, err, "certificate")
}

// mustCertify makes a certificate for 127.0.0.1 that vouches for itself.
func mustCertify(t *testing.T) (certificate, key string, authorities *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	authorities = x509.NewCertPool()
	authorities.AddCert(parsed)
	return mustWritePEM(t, "CERTIFICATE", der), mustWritePEM(t, "PRIVATE KEY", privateDER), authorities
}

func mustWritePEM(t *testing.T, kind string, der []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "it.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
