package singleuse_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/attempts"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

// threeReplicas are guards on one Redis, with a connection each.
func threeReplicas(t *testing.T, cfg captcha.Config, server *redisserver.Server) (replicas []*captcha.Guard) {
	t.Helper()
	for range 3 {
		cfg.Storage = mustOpen(t, server.URL())
		replicas = append(replicas, captcha.New(cfg))
	}
	return replicas
}

// count makes 200 tries at once and returns how many were accepted and how many were unknown keys.
func count(t *testing.T, try func(i int) error) (accepted, unknown int64) {
	t.Helper()
	var yes, no atomic.Int64
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			switch err := try(i); {
			case err == nil:
				yes.Add(1)
			case errors.Is(err, captcha.ErrUnknownKey):
				no.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	return yes.Load(), no.Load()
}

// Of 200 uses of one receipt at once, on three replicas, one is accepted.
func TestSingleUseOfReceiptsOverReplicas(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config, server *redisserver.Server) {
		cfg.Receipts = time.Hour
		replicas := threeReplicas(t, cfg, server)
		for round := range *rounds {
			receipt, err := replicas[round%3].ReceiptTo(t.Context(), captcha.Visitor{})
			if err != nil {
				t.Fatal(err)
			}
			accepted, unknown := count(t, func(i int) error {
				return captchatest.TryReceipt(t, replicas[i%3], receipt, captcha.Visitor{})
			})
			if accepted != 1 || unknown != 199 {
				t.Fatalf("round %d: accepted %d, unknown %d", round, accepted, unknown)
			}
		}
	})
}

// Of 200 tries at one challenge, half of them for another purpose, one is accepted, and that for its own.
func TestPurposesRaceOverReplicas(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg captcha.Config, server *redisserver.Server) {
		replicas := threeReplicas(t, cfg, server)
		for round := range *rounds {
			own := replicas[round%3].For("signup")
			key := mustGenerate(t, own)
			answer := captchatest.Solve(t, own, key)
			var other atomic.Int64
			accepted, unknown := count(t, func(i int) error {
				if i%2 == 0 {
					return captchatest.Try(t, replicas[i%3].For("signup"), key, answer)
				}
				err := captchatest.Try(t, replicas[i%3].For("login"), key, answer)
				if err == nil {
					other.Add(1)
				}
				return err
			})
			if accepted != 1 || unknown != 199 || other.Load() != 0 {
				t.Fatalf("round %d: accepted %d, of these %d for another purpose; unknown %d", round, accepted, other.Load(), unknown)
			}
		}
	})
}

// A thousand failures at once on three replicas are counted as a thousand: three are tried without a captcha.
func TestFailuresAreCountedOverReplicas(t *testing.T) {
	server := redisserver.Own(t)
	var tried atomic.Int64
	var apps []*fiber.App
	for range 3 {
		store := mustOpen(t, server.URL())
		logins := attempts.New(attempts.Config{
			Guard:         captcha.New(captcha.Config{Storage: store}),
			Storage:       store,
			FreeOfNetwork: 100_000,
		})
		app := fiber.New()
		app.Post("/", func(c *fiber.Ctx) error {
			_, err := logins.Try(c, "ada", func() (bool, error) {
				tried.Add(1)
				return false, nil
			})
			if errors.Is(err, attempts.ErrFailed) {
				return c.SendStatus(fiber.StatusUnauthorized)
			}
			return err
		})
		apps = append(apps, app)
	}
	var failed, refused atomic.Int64
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			r := httptest.NewRequest("POST", "/", strings.NewReader("x=y"))
			r.Header.Set("Content-Type", fiber.MIMEApplicationForm)
			response, err := apps[i%3].Test(r, -1)
			if err != nil {
				t.Error(err)
				return
			}
			switch response.StatusCode {
			case fiber.StatusUnauthorized:
				failed.Add(1)
			case fiber.StatusBadRequest:
				refused.Add(1)
			default:
				t.Error(response.Status)
			}
		})
	}
	all.Wait()
	if tried.Load() != 3 || failed.Load() != 3 || refused.Load() != 997 {
		t.Errorf("%d tried, %d failed, %d refused", tried.Load(), failed.Load(), refused.Load())
	}
}
