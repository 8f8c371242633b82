// Package work_test runs package captcha/work against the published parts of ALTCHA, its library under Node and its
// widget in a browser, and against its own script in a browser.
package work_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

// library runs ALTCHA's library, which "npm ci --prefix tests" installs. Without it or Node the test is skipped, or
// fails if REQUIRE_BROWSER=1 is set.
func library[T any](t *testing.T, what string, input any) (output T) {
	t.Helper()
	_, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat("../node_modules/altcha-lib")
	}
	if err != nil {
		if os.Getenv("REQUIRE_BROWSER") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	text, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	node := exec.Command("node", "library.mjs", what)
	node.Stdin, node.Stderr = bytes.NewReader(text), os.Stderr
	text, err = node.Output()
	if err == nil {
		err = json.Unmarshal(text, &output)
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", what, err, text)
	}
	return output
}

// challenge is what ALTCHA's library and ours send.
type challenge struct {
	Parameters json.RawMessage `json:"parameters"`
	Signature  string          `json:"signature"`
}

// verdict is the library's.
type verdict struct {
	Verified         bool
	InvalidSignature bool
}

// key has characters that JSON can be written with in two ways.
const key = "_-&<>/"

// ours are challenges, each with a seed of its own.
func ours(t *testing.T, w *work.Work, n int) (challenges []challenge, seeds [][32]byte) {
	t.Helper()
	for range n {
		var seed [32]byte
		rand.Read(seed[:])
		text, err := w.Altcha(t.Context(), seed, 0, key, time.Now().Add(time.Hour), nil)
		if err != nil {
			t.Fatal(err)
		}
		var c challenge
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatal(err)
		}
		challenges, seeds = append(challenges, c), append(seeds, seed)
	}
	return challenges, seeds
}

func TestTheirLibrarySolvesOurs(t *testing.T) {
	t.Parallel()
	w := work.New(work.Config{Range: 50})
	challenges, seeds := ours(t, w, 20)
	for i, field := range library[[]string](t, "solve", challenges) {
		named, open, ok := w.ReadAltcha(field)
		if !ok || named != key {
			t.Errorf("what their library submits can't be read: %s", field)
			continue
		}
		solution, ok := open(seeds[i], 0)
		if !ok || !w.Check(seeds[i], 0, solution) {
			t.Errorf("their library's solution is refused; the parameters are unaltered: %v", ok)
		}
	}
}

func TestTheirLibraryVerifiesOurs(t *testing.T) {
	t.Parallel()
	w := work.New(work.Config{Range: 50})
	challenges, seeds := ours(t, w, 20)
	var submissions []map[string]any
	for i, c := range challenges {
		var parameters work.Challenge
		if err := json.Unmarshal(c.Parameters, &parameters); err != nil {
			t.Fatal(err)
		}
		counter, derived, err := parameters.Search(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// The secret never leaves a server; here it is derived once more, from the seed.
		secrets, err := hkdf.Expand(sha256.New, seeds[i][:], "fibercaptcha work 0", 104)
		if err != nil {
			t.Fatal(err)
		}
		submissions = append(submissions, map[string]any{
			"challenge":           c,
			"solution":            map[string]any{"counter": counter, "derivedKey": derived},
			"hmacSignatureSecret": hex.EncodeToString(secrets[72:]),
		})
	}
	for _, v := range library[[]verdict](t, "verify", submissions) {
		if !v.Verified {
			t.Errorf("their library says %+v", v)
		}
	}
}

func TestWeSolveTheirs(t *testing.T) {
	t.Parallel()
	const secret = "secret"
	var options []map[string]any
	for _, prefix := range []string{"0", "00", "0a", "000"} {
		options = append(options, map[string]any{"keyPrefix": prefix})
	}
	for _, counter := range []int{0, 1, 255, 256, 700} {
		options = append(options, map[string]any{"counter": counter}, map[string]any{"counter": counter, "keyLength": 24})
	}
	for _, o := range options {
		o["algorithm"], o["cost"], o["hmacSignatureSecret"] = "PBKDF2/SHA-256", 100, secret
		o["expiresAt"], o["data"] = time.Now().Add(time.Hour).Unix(), map[string]any{"b": "1", "a": "2"}
	}
	var submissions []map[string]any
	for _, c := range library[[]challenge](t, "create", options) {
		var parameters work.Challenge
		if err := json.Unmarshal(c.Parameters, &parameters); err != nil {
			t.Fatal(err)
		}
		counter, derived, err := parameters.Search(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		submissions = append(submissions, map[string]any{
			"challenge":           c,
			"solution":            map[string]any{"counter": counter, "derivedKey": derived},
			"hmacSignatureSecret": secret,
		})
	}
	for i, v := range library[[]verdict](t, "verify", submissions) {
		if !v.Verified {
			t.Errorf("%v: their library says %+v", options[i], v)
		}
	}
}

// What their library made and signed is not ours.
func TestTheirChallengesAreRefused(t *testing.T) {
	t.Parallel()
	w := work.New()
	theirs := library[[]challenge](t, "create", []map[string]any{{
		"algorithm": "PBKDF2/SHA-256", "cost": 1, "keyPrefix": "0", "hmacSignatureSecret": "x", "data": map[string]any{"key": key},
	}})
	field := library[[]string](t, "solve", theirs)[0]
	named, open, ok := w.ReadAltcha(field)
	if !ok || named != key {
		t.Fatalf("their submission can't be read: %s", field)
	}
	if _, ok := open([32]byte{}, 0); ok {
		text, _ := base64.StdEncoding.DecodeString(field)
		t.Errorf("taken for ours: %s", text)
	}
}
