// Package fiberstorages tests guards on storages that know nothing of captcha: Fiber's own drivers, with the five methods
// of fiber.Storage and neither Take nor Add. Both count a time to live in whole seconds.
package fiberstorages

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/storage/badger/v2"
	"github.com/gofiber/storage/memory/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
)

var secrets = []string{"0123456789abcdef0123456789abcdef"}

func openMemory(t *testing.T, _ string) fiber.Storage { return memory.New() }

func openBadger(t *testing.T, dir string) fiber.Storage {
	return badger.New(badger.Config{Database: dir, Logger: quiet{}})
}

// each runs a test on every driver, with stored challenges, the default on such a storage, and with sealed ones.
func each(t *testing.T, test func(t *testing.T, cfg captcha.Config)) {
	for driver, open := range map[string]func(*testing.T, string) fiber.Storage{"memory": openMemory, "badger": openBadger} {
		for mode, secrets := range map[string][]string{"stored": nil, "sealed": secrets} {
			t.Run(driver+" "+mode, func(t *testing.T) {
				storage := open(t, t.TempDir())
				t.Cleanup(func() { storage.Close() })
				test(t, captcha.Config{Storage: storage, Secrets: secrets, Logger: slog.New(slog.DiscardHandler)})
			})
		}
	}
}

func TestSingleUse(t *testing.T) {
	each(t, func(t *testing.T, cfg captcha.Config) {
		guard := captcha.New(cfg)
		for range 20 {
			key := mustGenerate(t, guard)
			answer := captchatest.Solve(t, guard, key)
			results := make([]error, 100)
			var submissions sync.WaitGroup
			for i := range results {
				submissions.Go(func() { results[i] = captchatest.Try(t, guard, key, answer) })
			}
			submissions.Wait()
			accepted := 0
			for _, err := range results {
				if err == nil {
					accepted++
				} else if !errors.Is(err, captcha.ErrUnknownKey) {
					t.Fatal(err)
				}
			}
			if accepted != 1 {
				t.Fatalf("%d of %d submissions of one answer accepted", accepted, len(results))
			}
		}
	})
}

func TestWrongAnswerUsesUp(t *testing.T) {
	each(t, func(t *testing.T, cfg captcha.Config) {
		guard := captcha.New(cfg)
		key := mustGenerate(t, guard)
		answer := captchatest.Solve(t, guard, key)
		want(t, captchatest.Try(t, guard, key, ""), captcha.ErrMissing)
		want(t, captchatest.Try(t, guard, key, "no"), captcha.ErrWrongAnswer)
		want(t, captchatest.Try(t, guard, key, answer), captcha.ErrUnknownKey)
	})
}

func TestExpiry(t *testing.T) {
	each(t, func(t *testing.T, cfg captcha.Config) {
		now := time.Now().Truncate(time.Second) // keys count in milliseconds, and sealed ones in eights of them
		cfg.Now = func() time.Time { return now }
		guard := captcha.New(cfg)
		intime, late := mustGenerate(t, guard), mustGenerate(t, guard)
		answer, lateAnswer := captchatest.Solve(t, guard, intime), captchatest.Solve(t, guard, late)
		now = now.Add(captcha.ConfigDefault.Expiration - time.Millisecond)
		want(t, captchatest.Try(t, guard, intime, answer), nil)
		now = now.Add(time.Millisecond)
		want(t, captchatest.Try(t, guard, late, lateAnswer), captcha.ErrUnknownKey)
	})
}

// A used key is remembered, by the storage's clock of whole seconds, for at least as long as it could be used.
func TestUsedKeyOutlivesItself(t *testing.T) {
	each(t, func(t *testing.T, cfg captcha.Config) {
		t.Parallel()
		cfg.Expiration = 3 * time.Second
		guard := captcha.New(cfg)
		key := mustGenerate(t, guard)
		answer := captchatest.Solve(t, guard, key)
		expired := time.Now().Add(cfg.Expiration)
		want(t, captchatest.Try(t, guard, key, answer), nil)
		for ; time.Now().Before(expired); time.Sleep(20 * time.Millisecond) {
			want(t, captchatest.Try(t, guard, key, answer), captcha.ErrUnknownKey)
		}
	})
}

func TestRestart(t *testing.T) {
	for mode, secrets := range map[string][]string{"stored": nil, "sealed": secrets} {
		t.Run(mode, func(t *testing.T) {
			dir := t.TempDir()
			cfg := captcha.Config{Storage: openBadger(t, dir), Secrets: secrets, Logger: slog.New(slog.DiscardHandler)}
			guard := captcha.New(cfg)
			used, unused := mustGenerate(t, guard), mustGenerate(t, guard)
			usedAnswer, answer := captchatest.Solve(t, guard, used), captchatest.Solve(t, guard, unused)
			want(t, captchatest.Try(t, guard, used, usedAnswer), nil)
			if err := cfg.Storage.Close(); err != nil {
				t.Fatal(err)
			}

			cfg.Storage = openBadger(t, dir)
			t.Cleanup(func() { cfg.Storage.Close() })
			guard = captcha.New(cfg)
			want(t, captchatest.Try(t, guard, used, usedAnswer), captcha.ErrUnknownKey)
			want(t, captchatest.Try(t, guard, unused, answer), nil)
		})
	}
}

func TestLimitIsLogged(t *testing.T) {
	each(t, func(t *testing.T, cfg captcha.Config) {
		var log bytes.Buffer
		cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
		guard := captcha.New(cfg)
		mustGenerate(t, guard)
		if n := strings.Count(log.String(), "an answer may be accepted once by each process that shares it"); n != 1 {
			t.Errorf("said %d times:\n%s", n, log.String())
		}
	})
}

func mustGenerate(t *testing.T, guard *captcha.Guard) (key string) {
	t.Helper()
	challenge, err := guard.IssueTo(context.Background(), captcha.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	return challenge.Key
}

func want(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("%v; want %v", got, want)
	}
}

// quiet keeps badger's chatter out of the test's output.
type quiet struct{}

func (quiet) Errorf(string, ...any)   {}
func (quiet) Warningf(string, ...any) {}
func (quiet) Infof(string, ...any)    {}
func (quiet) Debugf(string, ...any)   {}
