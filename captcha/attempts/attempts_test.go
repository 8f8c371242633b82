package attempts_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/attempts"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// site is a login that knows one account, ada, with the password "right".
type site struct {
	app   *fiber.App
	guard *captcha.Guard
	tried atomic.Int64
}

func newSite(cfg attempts.Config) *site {
	s := &site{app: fiber.New(), guard: captcha.New()}
	cfg.Guard = s.guard
	logins := attempts.New(cfg)
	s.app.Post("/", func(c *fiber.Ctx) error {
		needed, err := logins.Try(c, c.FormValue("email"), func() (bool, error) {
			s.tried.Add(1)
			return c.FormValue("email") == "ada" && c.FormValue("password") == "right", nil
		})
		if needed {
			c.Set("Needed", "captcha")
		}
		if errors.Is(err, attempts.ErrFailed) {
			return c.SendStatus(fiber.StatusUnauthorized)
		}
		return err
	})
	return s
}

func (s *site) login(t *testing.T, form string) (status int, needed bool) {
	t.Helper()
	r := httptest.NewRequest("POST", "/", strings.NewReader(form))
	r.Header.Set("Content-Type", fiber.MIMEApplicationForm)
	response, err := s.app.Test(r, -1)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("Needed") != ""
}

func (s *site) captcha(t *testing.T) string {
	t.Helper()
	challenge, err := s.guard.IssueTo(t.Context(), captcha.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	return "&captcha_key=" + challenge.Key + "&captcha_value=" + captchatest.Solve(t, s.guard, challenge.Key)
}

func (s *site) want(t *testing.T, form string, status int, needed bool) {
	t.Helper()
	if gotStatus, gotNeeded := s.login(t, form); gotStatus != status || gotNeeded != needed {
		t.Errorf("%s: %d, needed %t; want %d, %t", form, gotStatus, gotNeeded, status, needed)
	}
}

func TestTheCaptchaIsAskedForAfterFailures(t *testing.T) {
	// An account that does not exist is treated like one that does.
	for _, account := range []string{"ada", "nobody"} {
		s := newSite(attempts.Config{})
		s.want(t, "email="+account, 401, false)
		s.want(t, "email=+"+strings.ToUpper(account)+"+", 401, false)
		s.want(t, "email="+account, 401, true)
		tried := s.tried.Load()
		s.want(t, "email="+account+"&password=right", 400, true)
		s.want(t, "email="+account+"&password=right&captcha_key=k&captcha_value=no", 400, true)
		if s.tried.Load() != tried {
			t.Error("a try was made without a captcha")
		}
		s.want(t, "email="+account+s.captcha(t), 401, true)
		s.want(t, "email=someone-else", 401, false)
	}
}

func TestSuccessGivesTheTriesBack(t *testing.T) {
	s := newSite(attempts.Config{})
	for range 3 {
		s.want(t, "email=ada", 401, false)
		s.want(t, "email=ada", 401, false)
		s.want(t, "email=ada&password=right", 200, false)
	}
}

func TestANetworkHasTriesOfItsOwn(t *testing.T) {
	s := newSite(attempts.Config{FreeOfNetwork: 4})
	s.want(t, "email=a", 401, false)
	s.want(t, "email=b", 401, false)
	s.want(t, "email=ada&password=right", 200, false) // gives the network none back
	s.want(t, "email=c", 401, true)
	s.want(t, "email=ada&password=right", 400, true)
	s.want(t, "email=ada&password=right"+s.captcha(t), 200, false)
}

// A visitor who logs in under the name of a network does not use up that network's tries, nor the network the
// account's.
func TestAnAccountIsNoNetwork(t *testing.T) {
	s := newSite(attempts.Config{})
	const network = "0.0.0.0/32" // of app.Test
	s.want(t, "email="+network, 401, false)
	s.want(t, "email="+network, 401, false)
	s.want(t, "email="+network, 401, true)
}

func TestTriesAreForgotten(t *testing.T) {
	newSite(attempts.Config{}).login(t, "email=ada") // fasthttp's first request starts a goroutine that stays
	synctest.Test(t, func(t *testing.T) {
		storage := memory.New()
		defer storage.Close()
		s := newSite(attempts.Config{Storage: storage, Free: 1, Window: time.Minute})
		s.want(t, "email=ada", 401, true)
		time.Sleep(59 * time.Second)
		s.want(t, "email=ada", 400, true)
		time.Sleep(time.Second)
		s.want(t, "email=ada", 401, true)
	})
}

// A thousand tries at once on three replicas count as a thousand: the free ones go without a captcha, and no more.
func TestConcurrentTriesAreAllCounted(t *testing.T) {
	storage := memory.New()
	var replicas []*site
	for range 3 {
		replicas = append(replicas, newSite(attempts.Config{Storage: storage, FreeOfNetwork: 100_000}))
	}
	var refused, failed atomic.Int64
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			switch status, _ := replicas[i%3].login(t, "email=ada"); status {
			case 400:
				refused.Add(1)
			case 401:
				failed.Add(1)
			}
		})
	}
	all.Wait()
	tried := replicas[0].tried.Load() + replicas[1].tried.Load() + replicas[2].tried.Load()
	if tried != 3 || failed.Load() != 3 || refused.Load() != 997 {
		t.Errorf("%d tried, %d failed, %d refused", tried, failed.Load(), refused.Load())
	}
}

func TestWithoutTheStorageNothingIsTried(t *testing.T) {
	closed := memory.New()
	closed.Close()
	s := newSite(attempts.Config{Storage: closed})
	s.want(t, "email=ada&password=right", 503, false)
	if s.tried.Load() != 0 {
		t.Error("a try was made")
	}
}

// Both counts are needed: if the storage fails at either, the try is refused.
func TestWhatCanNotBeCountedIsNotTried(t *testing.T) {
	for failing := int64(1); failing <= 2; failing++ {
		s := newSite(attempts.Config{Storage: &flaky{Memory: memory.New(), failing: failing}})
		s.want(t, "email=ada&password=right", 503, false)
		if s.tried.Load() != 0 {
			t.Errorf("a try was made although count %d failed", failing)
		}
		s.want(t, "email=ada&password=right", 200, false)
	}
}

// A flood of names from many networks fills the memory of counts. Then everybody brings the captcha, and can log in.
func TestFullMemoryAsksForTheCaptcha(t *testing.T) {
	full := memory.New(memory.Config{Entries: 10})
	for i := 0; full.Set(fmt.Sprint(i), []byte("1"), 0) == nil; i++ {
	}
	s := newSite(attempts.Config{Storage: full})
	s.want(t, "email=ada&password=right", 400, true)
	s.want(t, "email=ada&password=wrong"+s.captcha(t), 401, true)
	s.want(t, "email=ada&password=right"+s.captcha(t), 200, false)
}

// flaky fails at one of its counts.
type flaky struct {
	*memory.Memory
	failing, calls int64
}

func (f *flaky) Count(ctx context.Context, key string, ttl time.Duration) (int64, error) {
	if f.calls++; f.calls == f.failing {
		return 0, errors.New("connection refused")
	}
	return f.Memory.Count(ctx, key, ttl)
}

func TestRefusedSettings(t *testing.T) {
	guard := captcha.New()
	for field, cfg := range map[string]attempts.Config{
		"Guard":         {},
		"Free":          {Guard: guard, Free: -1},
		"FreeOfNetwork": {Guard: guard, FreeOfNetwork: 100_001},
		"Window":        {Guard: guard, Window: time.Millisecond},
	} {
		var refused *setting.Error
		if _, err := attempts.NewAttempts(cfg); !errors.As(err, &refused) || refused.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, cfg := range []attempts.Config{
		{Guard: guard, Free: 1, FreeOfNetwork: 1, Window: time.Second},
		{Guard: guard, Free: 1000, FreeOfNetwork: 100_000, Window: 24 * time.Hour},
	} {
		if _, err := attempts.NewAttempts(cfg); err != nil {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

// One customer is one network, however the address is written.
func TestNetworkOf(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1":           "192.0.2.1/32",
		"::ffff:192.0.2.1":    "192.0.2.1/32",
		"2001:db8:1:2ff::1":   "2001:db8:1:200::/56",
		"2001:db8:1:2aa::2":   "2001:db8:1:200::/56",
		"2001:db8:1:300::1":   "2001:db8:1:300::/56",
		"fe80::1%eth0":        "fe80::/56",
		"no address whatever": "",
	} {
		addr, _ := netip.ParseAddr(address)
		if got := attempts.NetworkOf(addr); got != want {
			t.Errorf("%s is of %q, want %q", address, got, want)
		}
	}
}

func TestAPlainStorageIsWarnedOf(t *testing.T) {
	for want, storage := range map[string]fiber.Storage{"can't count in one step": struct{ fiber.Storage }{memory.New()}, "": memory.New()} {
		var log strings.Builder
		attempts.New(attempts.Config{Guard: captcha.New(), Storage: storage, Logger: slog.New(slog.NewTextHandler(io.Writer(&log), nil))})
		if got := log.String(); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("log %q, want %q", got, want)
		}
	}
}

// The guard's storage counts too, unless another is given, so that replicas count together; and an error that is not
// the captcha's is not reported as one.
func TestTheGuardsStorageCounts(t *testing.T) {
	storage := memory.New()
	guard := captcha.New(captcha.Config{Storage: storage})
	app := fiber.New()
	logins := attempts.New(attempts.Config{Guard: guard})
	var failed error
	app.Post("/", func(c *fiber.Ctx) error {
		_, failed = logins.Try(c, "ada", func() (bool, error) { return false, nil })
		return nil
	})
	before := storage.Len()
	if _, err := app.Test(httptest.NewRequest("POST", "/", nil), -1); err != nil {
		t.Fatal(err)
	}
	if n := storage.Len() - before; n != 2 {
		t.Errorf("%d counts in the guard's storage, not one for the account and one for the network", n)
	}
	if got := guard.Message("en", failed); !errors.Is(failed, attempts.ErrFailed) || got != "" {
		t.Errorf("%v is told as %q", failed, got)
	}
}
