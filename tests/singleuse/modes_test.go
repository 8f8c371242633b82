// Package singleuse_test shows, on a real Redis and on the bounded memory, what the two ways of keeping challenges promise:
// sealed in their keys, and stored under them.
package singleuse_test

import (
	"context"
	"errors"
	"flag"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

var ctx = context.Background()

var (
	rounds = flag.Int("rounds", 5, "how often replicas are sent 200 submissions of the same at once")
	issued = flag.Int("issued", 500, "how many challenges are issued to see that they take no room")
)

func mustOpen(t testing.TB, url string) storage.Storage {
	t.Helper()
	store, err := storage.Open(ctx, url, storage.Config{Timeout: 10 * time.Second}) // for hundreds of callers at once on a busy machine
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func mustGenerate(t testing.TB, guard *captcha.Guard) string {
	t.Helper()
	challenge, err := guard.IssueTo(ctx, captcha.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	return challenge.Key
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("error %v, want %v", got, want)
	}
}

// inBothModes runs a test with the settings of either mode, over Redis.
func inBothModes(t *testing.T, test func(t *testing.T, cfg captcha.Config, redis *redisserver.Server)) {
	for name, stored := range map[string]bool{"sealed": false, "stored": true} {
		t.Run(name, func(t *testing.T) {
			server := redisserver.Own(t)
			test(t, captcha.Config{Storage: mustOpen(t, server.URL()), Stored: stored}, server)
		})
	}
}

var calls = regexp.MustCompile(`cmdstat_(\w+).*?:calls=(\d+)`)

// atomicStep is how many commands one Take or Add counts for: the script, and what the script calls.
const atomicStep = 2

// commands counts the commands that a Redis has carried out, without those at a connection's start.
func commands(t *testing.T, url string) (n int) {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	info, err := client.Info(ctx, "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range calls.FindAllStringSubmatch(info, -1) {
		if !strings.Contains("info hello client ping time", match[1]) {
			count, _ := strconv.Atoi(match[2])
			n += count
		}
	}
	return n
}

func TestIssuingSealedSendsRedisNothing(t *testing.T) {
	server := redisserver.Own(t)
	for mode, stored := range map[string]bool{"sealed": false, "stored": true} {
		guard := captcha.New(captcha.Config{Storage: mustOpen(t, server.URL()), Stored: stored})
		mustGenerate(t, guard) // the server learns the script
		before := commands(t, server.URL())
		for range *issued {
			mustGenerate(t, guard)
		}
		want := 0
		if stored {
			want = atomicStep * *issued // which shows that the count counts
		}
		if n := commands(t, server.URL()) - before; n != want {
			t.Errorf("%s: %d commands for %d challenges, want %d", mode, n, *issued, want)
		}
	}
}

func TestIssuingSealedTakesNoMemory(t *testing.T) {
	store := mustOpen(t, "memory://").(*memory.Memory)
	guard := captcha.New(captcha.Config{Storage: store})
	before := store.Len()
	for range *issued {
		mustGenerate(t, guard)
	}
	if n := store.Len() - before; n != 0 {
		t.Errorf("%d more entries", n)
	}
}

func TestVerifyingIsOneRoundTrip(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config, server *redisserver.Server) {
		guard := captcha.New(cfg)
		wantErr(t, captchatest.Try(t, guard, mustGenerate(t, guard), "no"), captcha.ErrWrongAnswer) // the server learns the script
		key := mustGenerate(t, guard)
		answer := captchatest.Solve(t, guard, key)
		before := commands(t, server.URL())
		wantErr(t, captchatest.Try(t, guard, key, answer), nil)
		if n := commands(t, server.URL()) - before; n != atomicStep {
			t.Errorf("%d commands, want %d", n, atomicStep)
		}
	})
}

func TestSingleUseOverReplicas(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config, server *redisserver.Server) {
		var replicas []*captcha.Guard
		for range 3 {
			cfg.Storage = mustOpen(t, server.URL())
			replicas = append(replicas, captcha.New(cfg))
		}
		for round := range *rounds {
			key := mustGenerate(t, replicas[round%3])
			answer := captchatest.Solve(t, replicas[round%3], key)
			var accepted, refused atomic.Int32
			var wait sync.WaitGroup
			for i := range 200 {
				wait.Go(func() {
					switch err := captchatest.Try(t, replicas[i%3], key, answer); {
					case err == nil:
						accepted.Add(1)
					case errors.Is(err, captcha.ErrUnknownKey):
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			wait.Wait()
			if accepted.Load() != 1 || refused.Load() != 199 {
				t.Fatalf("round %d: accepted %d, refused %d", round, accepted.Load(), refused.Load())
			}
		}
	})
}

// Of 200 submissions of one solution, and of letters and work for one key, three replicas accept one.
func TestSingleUseOfWorkOverReplicas(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config, server *redisserver.Server) {
		cfg.Work = work.New(work.Config{Cost: 500, Range: 8})
		var replicas []*captcha.Guard
		for range 3 {
			cfg.Storage = mustOpen(t, server.URL())
			replicas = append(replicas, captcha.New(cfg))
		}
		for round := range *rounds {
			key := mustGenerate(t, replicas[round%3])
			answer := captchatest.Solve(t, replicas[round%3], key)
			solution := captchatest.Work(t, replicas[round%3], key, captcha.Visitor{})
			var accepted, refused atomic.Int32
			var wait sync.WaitGroup
			for i := range 200 {
				wait.Go(func() {
					guard := replicas[i%3]
					var err error
					if round%2 == 1 && i%2 == 1 {
						err = captchatest.Try(t, guard, key, answer)
					} else {
						err = captchatest.TryWork(t, guard, key, solution, captcha.Visitor{})
					}
					switch {
					case err == nil:
						accepted.Add(1)
					case errors.Is(err, captcha.ErrUnknownKey):
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			wait.Wait()
			if accepted.Load() != 1 || refused.Load() != 199 {
				t.Fatalf("round %d: accepted %d, refused %d", round, accepted.Load(), refused.Load())
			}
		}
	})
}

func TestExpiryOverRedis(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg captcha.Config, server *redisserver.Server) {
		t.Parallel()
		cfg.Expiration = 3 * time.Second // for drawing and solving on a busy machine, too
		guard := captcha.New(cfg)
		key := mustGenerate(t, guard)
		answer := captchatest.Solve(t, guard, key)
		time.Sleep(3001 * time.Millisecond)
		wantErr(t, captchatest.Try(t, guard, key, answer), captcha.ErrUnknownKey)
	})
}

func TestOutage(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config, server *redisserver.Server) {
		guard := captcha.New(cfg)
		right, wrong := mustGenerate(t, guard), mustGenerate(t, guard)
		answer := captchatest.Solve(t, guard, right)
		server.Kill()
		wantErr(t, captchatest.Try(t, guard, right, answer), captcha.ErrStorage)
		wantErr(t, captchatest.Try(t, guard, wrong, "no"), captcha.ErrStorage)
		_, err := guard.IssueTo(ctx, captcha.Visitor{})
		if cfg.Stored {
			wantErr(t, err, captcha.ErrStorage)
		} else {
			wantErr(t, err, nil)
		}
		server.Restart()
		wantErr(t, captchatest.Try(t, guard, right, answer), nil)
		wantErr(t, captchatest.Try(t, guard, right, answer), captcha.ErrUnknownKey)
		wantErr(t, captchatest.Try(t, guard, wrong, "no"), captcha.ErrWrongAnswer)
	})
}

func TestRestartOfAllReplicasLosesNoChallenge(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config, server *redisserver.Server) {
		before := captcha.New(cfg)
		key := mustGenerate(t, before)
		answer := captchatest.Solve(t, before, key)
		spent := mustGenerate(t, before)
		spentAnswer := captchatest.Solve(t, before, spent)
		wantErr(t, captchatest.Try(t, before, spent, spentAnswer), nil)
		cfg.Storage.Close()

		cfg.Storage = mustOpen(t, server.URL())
		after := captcha.New(cfg)
		wantErr(t, captchatest.Try(t, after, spent, spentAnswer), captcha.ErrUnknownKey)
		wantErr(t, captchatest.Try(t, after, key, answer), nil)
	})
}

func TestSpentKeysLiveNoLongerThanTheyMatter(t *testing.T) {
	server := redisserver.Own(t)
	guard := captcha.New(captcha.Config{Storage: mustOpen(t, server.URL()), Expiration: time.Minute})
	key := mustGenerate(t, guard)
	wantErr(t, captchatest.Try(t, guard, key, "no"), captcha.ErrWrongAnswer)
	options, err := redis.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	ttl, err := client.PTTL(ctx, "fibercaptcha:rest_captcha_~"+key+".1").Result()
	if err != nil || ttl < 50*time.Second || ttl > 65*time.Second {
		t.Errorf("time to live %v, %v", ttl, err)
	}
}
