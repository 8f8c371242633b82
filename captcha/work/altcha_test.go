package work_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

const key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

var expires = time.Unix(2_000_000_000, 999_000_000)

// submission is what ALTCHA's widget sends, as objects that a test can alter.
type submission map[string]any

func (s submission) at(path string) (map[string]any, string) {
	object := map[string]any(s)
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		object = object[name].(map[string]any)
	}
	return object, names[len(names)-1]
}

func (s submission) field(t testing.TB) string {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(text)
}

// solved returns a submission as the widget makes it.
func solved(t testing.TB, w *work.Work, n int) submission {
	t.Helper()
	text, err := w.Altcha(t.Context(), seed(n), 0, key, expires, nil)
	if err != nil {
		t.Fatal(err)
	}
	var challenge struct {
		Parameters work.Challenge
	}
	var raw map[string]any
	if err := json.Unmarshal(text, &challenge); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	counter, derived, err := challenge.Parameters.Search(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return submission{
		"challenge": map[string]any{"parameters": raw["parameters"], "signature": raw["signature"]},
		"solution":  map[string]any{"counter": counter, "derivedKey": derived, "time": 12.5},
	}
}

// verdict is how far a submission comes.
type verdict string

const (
	unreadable verdict = "unreadable"
	altered    verdict = "altered" // refused before the challenge is spent
	wrong      verdict = "wrong"   // refused after it
	right      verdict = "right"
)

func judge(w *work.Work, n int, field string) verdict {
	named, open, ok := w.ReadAltcha(field)
	if !ok {
		return unreadable
	}
	if named != key {
		return altered // it names a challenge that is not this one, or none
	}
	solution, ok := open(seed(n), 0)
	switch {
	case !ok:
		return altered
	case !w.Check(seed(n), 0, solution):
		return wrong
	}
	return right
}

func TestAltchaForm(t *testing.T) {
	text, err := small().Altcha(t.Context(), seed(1), 0, key, expires, map[string]any{
		"codeChallenge": map[string]any{"image": "data:image/png;base64,AA==", "audio": "/a.wav?x=1&y=2", "length": 4},
		"parameters":    "not to be replaced",
	})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		CodeChallenge struct {
			Image, Audio string
			Length       int
		}
		Parameters map[string]any
		Signature  string
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	p := got.Parameters
	for name, want := range map[string]any{
		"algorithm": "PBKDF2/SHA-256", "cost": 500.0, "keyLength": 32.0, "expiresAt": 2e9, "range": 20.0,
	} {
		if p[name] != want {
			t.Errorf("%s is %v", name, p[name])
		}
	}
	for name, length := range map[string]int{"nonce": 32, "salt": 32, "keyPrefix": 32, "seal": 32} {
		if text, _ := p[name].(string); len(text) != length {
			t.Errorf("%s is %v", name, p[name])
		}
	}
	if fmt.Sprint(p["data"]) != fmt.Sprint(map[string]any{"key": key}) || len(got.Signature) != 64 {
		t.Errorf("data is %v, the signature %v", p["data"], got.Signature)
	}
	if got.CodeChallenge.Audio != "/a.wav?x=1&y=2" || got.CodeChallenge.Length != 4 {
		t.Errorf("the code challenge is %+v", got.CodeChallenge)
	}
}

func TestAltchaSolved(t *testing.T) {
	for n := range 50 {
		w := small()
		s := solved(t, w, n)
		if got := judge(w, n, s.field(t)); got != right {
			t.Errorf("seed %d: %s", n, got)
		}
		if got := judge(w, n+1, s.field(t)); got != altered {
			t.Errorf("seed %d: with another's seed it is %s", n, got)
		}
		// Another order of members and white space are the same submission.
		text, err := json.MarshalIndent(s, " ", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if got := judge(w, n, base64.StdEncoding.EncodeToString(text)); got != right {
			t.Errorf("seed %d: indented it is %s", n, got)
		}
	}
}

// Each row alters one member.
func TestAltchaAltered(t *testing.T) {
	w := small()
	other := solved(t, w, 2)
	for _, row := range []struct {
		path  string
		value any
		want  verdict
	}{
		{"challenge.parameters.algorithm", "SHA-256", altered},
		{"challenge.parameters.cost", 1, altered},
		{"challenge.parameters.cost", "1", unreadable},
		{"challenge.parameters.data.key", strings.Repeat("B", 64), altered},
		{"challenge.parameters.data.more", "x", altered},
		{"challenge.parameters.data", nil, unreadable},
		{"challenge.parameters.expiresAt", 2_000_000_001, altered},
		{"challenge.parameters.expiresAt", nil, altered},
		{"challenge.parameters.keyLength", 16, altered},
		{"challenge.parameters.keyPrefix", "00", altered},
		{"challenge.parameters.keyPrefix", "", altered},
		{"challenge.parameters.nonce", strings.Repeat("0", 32), altered},
		{"challenge.parameters.range", 1, altered},
		{"challenge.parameters.salt", strings.Repeat("0", 32), altered},
		{"challenge.parameters.seal", strings.Repeat("0", 32), altered},
		{"challenge.parameters.more", "x", altered},
		{"challenge.parameters.Cost", 500, altered}, // a second spelling of a name
		{"challenge.parameters", nil, unreadable},
		{"challenge.signature", strings.Repeat("0", 64), altered},
		{"challenge.signature", "", altered},
		{"challenge.signature", nil, altered},
		{"challenge", nil, unreadable},
		{"challenge", other["challenge"], altered},
		{"solution.counter", 20, wrong},
		{"solution.counter", -1, unreadable},
		{"solution.counter", int64(1 << 32), unreadable},
		{"solution.counter", 1.5, unreadable},
		{"solution.counter", "1", unreadable},
		{"solution.derivedKey", strings.Repeat("0", 64), wrong},
		{"solution.derivedKey", "", wrong},
		{"solution.derivedKey", 1, unreadable},
		{"solution", nil, wrong},
		{"solution", other["solution"], wrong},
	} {
		s := solved(t, w, 1)
		object, name := s.at(row.path)
		object[name] = row.value
		if got := judge(w, 1, s.field(t)); got != row.want {
			t.Errorf("%s = %v: %s, not %s", row.path, row.value, got, row.want)
		}
	}
	if got := judge(w, 1, solved(t, w, 1).field(t)); got != right {
		t.Fatalf("unaltered it is %s", got)
	}
}

// The first half of a key is public, the second is what was searched for.
func TestAltchaHalves(t *testing.T) {
	w := small()
	for _, half := range []int{0, 32} {
		s := solved(t, w, 1)
		object, name := s.at("solution.derivedKey")
		text := []byte(object[name].(string))
		for i := range 32 {
			text[half+i] = '0'
		}
		object[name] = string(text)
		if got := judge(w, 1, s.field(t)); got != wrong {
			t.Errorf("with digits %d to %d replaced: %s", half, half+31, got)
		}
	}
}

func TestAltchaUnreadable(t *testing.T) {
	w := small()
	field := solved(t, w, 1).field(t)
	text, err := base64.StdEncoding.DecodeString(field)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty":           "",
		"not base64":      "{}",
		"not JSON":        base64.StdEncoding.EncodeToString([]byte("challenge")),
		"nothing in it":   base64.StdEncoding.EncodeToString([]byte("{}")),
		"the test mode's": base64.StdEncoding.EncodeToString([]byte(`{"challenge":null,"solution":null,"test":true}`)),
		"cut":             field[:len(field)-4],
		"URL-safe":        strings.NewReplacer("+", "-", "/", "_").Replace(field) + "-_",
		"too long":        base64.StdEncoding.EncodeToString(append(bytes.Repeat([]byte(" "), work.AltchaLength), text...)),
		"deep":            base64.StdEncoding.EncodeToString([]byte(`{"challenge":{"parameters":` + strings.Repeat("[", 3000))),
	} {
		if got := judge(w, 1, text); got != unreadable {
			t.Errorf("%s: %s", name, got)
		}
	}
	if len(field) > work.AltchaLength/2 {
		t.Errorf("a submission has %d characters", len(field))
	}
}

// Of 10,000 submissions with a bit, a byte or a stretch changed in their JSON none is accepted that says anything else
// than the one that was right.
func TestAltchaDamaged(t *testing.T) {
	w, random := small(), rand.New(rand.NewPCG(3, 4))
	s := solved(t, w, 1)
	solution := s["solution"].(map[string]any)
	delete(solution, "time")
	field := s.field(t)
	whole, err := base64.StdEncoding.DecodeString(field)
	if err != nil {
		t.Fatal(err)
	}
	count := make(map[verdict]int)
	for range 10_000 {
		text := append([]byte(nil), whole...)
		i := random.IntN(len(text))
		switch random.IntN(4) {
		case 0:
			text[i] ^= 1 << random.IntN(8)
		case 1:
			text[i] = byte(random.IntN(256))
		case 2:
			text = append(text[:i], text[min(len(text), i+1+random.IntN(20)):]...)
		case 3:
			text = append(text[:i:i], append([]byte{byte(32 + random.IntN(95))}, text[i:]...)...)
		}
		got := judge(w, 1, base64.StdEncoding.EncodeToString(text))
		count[got]++
		if got == right && !sameMeaning(t, whole, text) {
			t.Fatalf("accepted: %s", text)
		}
	}
	t.Logf("%v", count)
	if count[altered] < 1000 || count[unreadable] < 1000 || count[wrong] < 100 {
		t.Errorf("the ways of refusing are not all tried: %v", count)
	}
}

// sameMeaning reports whether two JSON texts say the same, as an insertion of white space or a change of a letter's
// case in a name that Go's decoder takes either way.
func sameMeaning(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(bytes.ToLower(a), &x); err != nil {
		t.Fatal(err)
	}
	return json.Unmarshal(bytes.ToLower(b), &y) == nil && reflect.DeepEqual(x, y)
}

func FuzzReadAltcha(f *testing.F) {
	w := small()
	whole, err := base64.StdEncoding.DecodeString(solved(f, w, 1).field(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(`{"challenge":{"parameters":{"data":{"key":"x"}},"signature":""},"solution":{"counter":1e3}}`))
	var original any
	if err := json.Unmarshal(whole, &original); err != nil {
		f.Fatal(err)
	}
	parameters := fmt.Sprint(original.(map[string]any)["challenge"])
	f.Fuzz(func(t *testing.T, text []byte) {
		if judge(w, 1, base64.StdEncoding.EncodeToString(text)) != right {
			return
		}
		var got map[string]any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("accepted, and not JSON: %s", text)
		}
		for name, value := range got {
			if strings.EqualFold(name, "challenge") && !strings.EqualFold(fmt.Sprint(value), parameters) {
				t.Fatalf("accepted with another challenge: %s", text)
			}
		}
	})
}
