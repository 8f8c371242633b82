package captcha_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
)

// Mistakes that were seen in other libraries, unless another test here is about them.

// Of many different guesses at one challenge, sent together, one is judged.
func TestConcurrentGuessesAreOneGuess(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		guard := captcha.New(cfg)
		key := mustGenerate(t, guard)
		var judged atomic.Int32
		var wait sync.WaitGroup
		for i := range 50 {
			wait.Go(func() {
				err := verify(guard, key, fmt.Sprintf("%04d", i))
				if !errors.Is(err, captcha.ErrUnknownKey) {
					judged.Add(1)
				}
			})
		}
		wait.Wait()
		if n := judged.Load(); n != 1 {
			t.Errorf("%d guesses were judged", n)
		}
	})
}

// Requests for challenges push nobody's challenge out.
func TestAFloodEvictsNoChallenge(t *testing.T) {
	t.Parallel()
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		guard := captcha.New(cfg)
		key := mustGenerate(t, guard)
		answer := captchatest.Solve(t, guard, key)
		for range 1000 {
			if err := captcha.IssueUndrawn(guard); err != nil {
				t.Fatal(err)
			}
		}
		wantErr(t, verify(guard, key, answer), nil)
	})
}

// Two processes that share nothing but a secret accept each other's challenges.
func TestWorkersWithLocalMemoryKnowEachOthersChallenges(t *testing.T) {
	one, two := captcha.New(captcha.Config{Secrets: []string{secretA}}), captcha.New(captcha.Config{Secrets: []string{secretA}})
	for range 20 {
		key := mustGenerate(t, one)
		wantErr(t, verify(two, key, captchatest.Solve(t, one, key)), nil)
	}
}
