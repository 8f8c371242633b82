package work_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

// small is work that a test has done at once.
func small() *work.Work { return work.New(work.Config{Cost: 500, Range: 20}) }

func seed(n int) (seed [32]byte) {
	seed[0], seed[1] = byte(n), byte(n>>8)
	return seed
}

func mustChallenge(t testing.TB, w *work.Work, seed [32]byte, level uint8) (c work.Challenge) {
	t.Helper()
	text, err := w.Challenge(t.Context(), seed, level)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func mustSolve(t testing.TB, c work.Challenge) string {
	t.Helper()
	solution, err := c.Solve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return solution
}

func TestSolvedOnce(t *testing.T) {
	w := small()
	for n := range 50 {
		solution := mustSolve(t, mustChallenge(t, w, seed(n), 0))
		if len(solution) != work.SolutionLength || !w.WellFormed(solution) {
			t.Fatalf("a solution is %q", solution)
		}
		if !w.Check(seed(n), 0, solution) {
			t.Errorf("seed %d: its solution is refused", n)
		}
		if w.Check(seed(n+1), 0, solution) || w.Check(seed(n), 1, solution) {
			t.Errorf("seed %d: its solution is good for another seed or level", n)
		}
	}
}

func TestSameSeedSameChallenge(t *testing.T) {
	first, err1 := small().Challenge(t.Context(), seed(1), 2)
	again, err2 := small().Challenge(t.Context(), seed(1), 2)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, again) {
		t.Errorf("asked twice, the work is %s and %s", first, again)
	}
	one, two := mustChallenge(t, small(), seed(1), 0), mustChallenge(t, small(), seed(1), 1)
	if one.Nonce == two.Nonce || one.Salt == two.Salt || one.Seal == two.Seal {
		t.Error("two levels share what only one may have")
	}
}

// Replicas with other settings check what one of them asked for.
func TestCheckedWithoutTheSettings(t *testing.T) {
	solution := mustSolve(t, mustChallenge(t, small(), seed(1), 0))
	if !work.New().Check(seed(1), 0, solution) {
		t.Error("refused with other settings")
	}
}

func TestWrongSolutions(t *testing.T) {
	w := small()
	c := mustChallenge(t, w, seed(1), 0)
	right := mustSolve(t, c)
	other := mustSolve(t, mustChallenge(t, w, seed(2), 0))
	for name, wrong := range map[string]string{
		"empty":                   "",
		"too short":               right[1:],
		"too long":                right + "0",
		"in capitals":             strings.ToUpper(right),
		"no digits":               strings.Repeat("x", len(right)),
		"the half that is public": c.KeyPrefix + c.Seal,
		"another's half":          other[:32] + right[32:],
		"another's seal":          right[:32] + other[32:],
		"the seal alone":          strings.Repeat("0", 32) + c.Seal,
	} {
		if w.Check(seed(1), 0, wrong) {
			t.Errorf("%s: accepted", name)
		}
	}
	for i := range right {
		digit := byte('0')
		if right[i] == digit {
			digit = '1'
		}
		if w.Check(seed(1), 0, right[:i]+string(digit)+right[i+1:]) {
			t.Errorf("accepted with digit %d changed", i)
		}
	}
}

func TestLevelDoubles(t *testing.T) {
	w := small()
	for level := range uint8(work.MaxLevel + 1) {
		if got := mustChallenge(t, w, seed(1), level).Range; got != 20<<level {
			t.Errorf("level %d has %d counters", level, got)
		}
	}
	if _, err := w.Challenge(t.Context(), seed(1), work.MaxLevel+1); err == nil {
		t.Error("there is a level above the highest")
	}
}

func TestSearchEnds(t *testing.T) {
	c := mustChallenge(t, small(), seed(1), 0)
	c.KeyPrefix = strings.Repeat("0", 32)
	if solution, err := c.Solve(t.Context()); err == nil {
		t.Errorf("what has no solution has %q", solution)
	}
	c.Range = 0 // up to 2^32
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Solve(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a search that was called off ends with %v", err)
	}
	c.Algorithm = "SHA-256"
	if _, err := c.Solve(t.Context()); err == nil {
		t.Error("another algorithm is taken for ours")
	}
}

func TestImpossibleSettings(t *testing.T) {
	for _, row := range []struct {
		config work.Config
		want   string
	}{
		{work.Config{Cost: 499}, "setting Cost is 499; accepted: 500 to 20000"},
		{work.Config{Cost: 20_001}, "setting Cost is 20001; accepted: 500 to 20000"},
		{work.Config{Range: -1}, "setting Range is -1; accepted: 1 to 1000000"},
		{work.Config{Range: 1_000_001}, "setting Range is 1000001; accepted: 1 to 1000000"},
		{work.Config{Parallel: -1}, "setting Parallel is -1; accepted: 1 to 1024"},
	} {
		_, err := work.Build(row.config)
		var refused *setting.Error
		if !errors.As(err, &refused) || err.Error() != row.want {
			t.Errorf("%+v: %v", row.config, err)
		}
		func() {
			defer func() {
				if got := recover(); got != "work: "+row.want {
					t.Errorf("New(%+v) panics with %v", row.config, got)
				}
			}()
			work.New(row.config)
		}()
	}
	if c := mustChallenge(t, work.New(), seed(1), 0); c.Cost != 1000 || c.Range != 2000 {
		t.Errorf("by default a challenge has %d iterations and %d counters", c.Cost, c.Range)
	}
}

func TestRandomTextsAreRefused(t *testing.T) {
	w, random := small(), rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		text := make([]byte, work.SolutionLength)
		for i := range text {
			text[i] = "0123456789abcdef"[random.IntN(16)]
		}
		if w.Check(seed(1), 0, string(text)) {
			t.Fatalf("%s is accepted", text)
		}
	}
}
