package redissetups_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/storagetest"
	"github.com/fibercaptcha/fibercaptcha/storage"
)

func TestEachSetup(t *testing.T) {
	t.Parallel()
	for _, setup := range setups {
		t.Run(setup.name, func(t *testing.T) {
			t.Parallel()
			url := setup.start(t)
			t.Run("accepts an answer once", func(t *testing.T) { acceptsOnce(t, url) })
			t.Run("counts", func(t *testing.T) { counts(t, url) })
			t.Run("conforms", func(t *testing.T) {
				storagetest.Run(t, func(t *testing.T) fiber.Storage {
					if url == "memory://" {
						return mustOpen(t, url)
					}
					return mustOpen(t, url, ownPrefix())
				})
			})
		})
	}
}

// 200 concurrent submissions of one answer, to guards of three processes' kind: one is accepted, in each round.
func acceptsOnce(t *testing.T, url string) {
	for _, way := range bothWays {
		t.Run(way.name, func(t *testing.T) {
			stores := []storage.Storage{mustOpen(t, url)}
			if url != "memory://" { // which is one process's
				stores = append(stores, mustOpen(t, url), mustOpen(t, url))
			}
			var guards []*captcha.Guard
			for _, store := range stores {
				guards = append(guards, newGuard(store, way))
			}
			for round := range *rounds {
				c := mustIssue(t, guards[round%len(guards)])
				var accepted, refused atomic.Int32
				together(200, func(i int) {
					switch err := captchatest.Try(t, guards[i%len(guards)], c.key, c.answer); {
					case err == nil:
						accepted.Add(1)
					case errors.Is(err, captcha.ErrUnknownKey):
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
				if accepted.Load() != 1 || refused.Load() != 199 {
					t.Errorf("round %d: %d accepted and %d refused, want 1 and 199", round, accepted.Load(), refused.Load())
				}
			}
			t.Logf("%d rounds of 200 submissions to %d guards: 1 accepted in each", *rounds, len(guards))
		})
	}
}

// counter is a storage that counts.
type counter interface {
	Count(ctx context.Context, key string, ttl time.Duration) (int64, error)
}

// A thousand concurrent calls are counted from 1 to 1,000, each number once.
func counts(t *testing.T, url string) {
	store, ok := mustOpen(t, url).(counter)
	if !ok {
		t.Skip("this storage does not count")
	}
	const calls = 1000
	var seen [calls + 1]atomic.Int32
	together(calls, func(int) {
		n, err := store.Count(t.Context(), "failures", time.Hour)
		if err != nil || n < 1 || n > calls {
			t.Errorf("Count = %d, %v", n, err)
			return
		}
		seen[n].Add(1)
	})
	for n := 1; n <= calls; n++ {
		if seen[n].Load() != 1 {
			t.Errorf("%d was counted %d times", n, seen[n].Load())
		}
	}
}

// together calls f from n goroutines that wait for each other first, and returns when all have returned.
func together(n int, f func(i int)) {
	var ready, finished sync.WaitGroup
	ready.Add(n)
	for i := range n {
		finished.Go(func() {
			ready.Done()
			ready.Wait()
			f(i)
		})
	}
	finished.Wait()
}
