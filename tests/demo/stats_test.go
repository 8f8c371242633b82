package demo_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/handlers"
	"github.com/fibercaptcha/fibercaptcha/handlers/stats"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// The site runs in this process, so that its counters can be told of more than a test can solve: numbers of seven
// digits, every class of time and every reason, over an hour.
func TestBrowserFindsLargeStatisticsGood(t *testing.T) {
	t.Parallel()
	b := &surfer{Page: browser.Open(t), t: t}
	clock := time.Date(2030, 5, 6, 7, 0, 0, 0, time.UTC)
	counters := stats.New(func() time.Time { return clock })
	refusals := []error{captcha.ErrWrongAnswer, captcha.ErrUnknownKey, captcha.ErrMissing, captcha.ErrMalformed, captcha.ErrStorage}
	for n := range 6_000_000 {
		if n%100_000 == 0 {
			clock = clock.Add(time.Minute)
		}
		counters.Observe(t.Context(), captcha.Event{Kind: captcha.Issued})
		verified := captcha.Event{Kind: captcha.Verified, Age: time.Duration(1+n%70) * time.Second}
		if n%2 == 0 {
			verified.Err = refusals[n/2%min(len(refusals), 1+n/1_000_000)]
		}
		counters.Observe(t.Context(), verified)
	}
	b.base = server.Inside(t, handlers.New(handlers.Config{Guard: captcha.New(), Stats: counters, Logger: slog.New(slog.DiscardHandler)}))
	b.open("/stats")
	if tiles, labels := b.count(".tiles dd"), b.count(".plot text"); tiles != 3 || labels < 10 {
		t.Fatalf("%d tiles and %d labels", tiles, labels)
	}
	b.good("/stats with large numbers")
}

// A thousand visitors of a real guard come over an hour. They read some styles worse than others, and one in twelve
// leaves without an answer. With -artifacts screenshots of the page are kept, light and dark, narrow and wide.
func TestBrowserShowsAThousandVisitors(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 0))
	clock := time.Date(2030, 5, 6, 7, 0, 0, 0, time.UTC)
	counters := stats.New(func() time.Time { return clock })
	type fared struct{ issued, right, wrong int }
	styles, last := map[string]*fared{}, captcha.Event{}
	guard := captcha.New(captcha.Config{Now: func() time.Time { return clock }, Observe: func(ctx context.Context, e captcha.Event) {
		last = e
		counters.Observe(ctx, e)
	}})
	for range 1000 {
		clock = clock.Add(time.Duration(random.ExpFloat64() * 3.5 * float64(time.Second)))
		arrived := clock
		for tries := 0; ; tries++ {
			challenge, err := guard.IssueTo(t.Context(), captcha.Visitor{})
			if err != nil {
				t.Fatal(err)
			}
			f := cmp.Or(styles[last.Style], &fared{})
			styles[last.Style] = f
			f.issued++
			if random.IntN(12) == 0 {
				break
			}
			answer := captchatest.Solve(t, guard, challenge.Key)
			clock = clock.Add(time.Duration(2500+random.ExpFloat64()*4000) * time.Millisecond)
			misread := map[string]float64{"relief": 0.12, "two-tone": 0.08}[last.Style]
			if misread == 0 {
				misread = 0.03
			}
			if random.Float64() < misread {
				answer = strings.Repeat("2", len(answer))
			}
			err = captchatest.Try(t, guard, challenge.Key, answer)
			if err == nil {
				f.right++
				break
			}
			if !errors.Is(err, captcha.ErrWrongAnswer) {
				t.Fatal(err)
			}
			f.wrong++
		}
		clock = arrived // The next visitor comes while this one is still there.
	}
	clock = clock.Add(time.Minute)

	b := &surfer{Page: browser.Open(t), t: t}
	b.base = server.Inside(t, handlers.New(handlers.Config{Guard: captcha.New(), Stats: counters, Logger: slog.New(slog.DiscardHandler)}))
	b.open("/stats")
	rows := browser.Value[map[string][]int](b.Page, `Object.fromEntries([...document.querySelectorAll("table.styles tbody tr")].map(row =>
		[row.cells[0].innerText, [5, 3, 4].map(i => Number(row.cells[i].innerText))]))`)
	if len(rows) != len(styles) || len(styles) < 5 {
		t.Errorf("%d styles are shown of %d", len(rows), len(styles))
	}
	for name, f := range styles {
		if got := rows[name]; len(got) != 3 || got[0] != f.issued || got[1] != f.right || got[2] != f.wrong {
			t.Errorf("%s: %v, want %+v", name, got, *f)
		}
	}
	b.good("/stats after a thousand visitors")
	for _, scheme := range []string{"light", "dark"} {
		b.Media("prefers-color-scheme", scheme)
		for name, width := range map[string]int64{"narrow": 360, "wide": 1100} {
			b.Size(width, 800)
			b.Size(width, browser.Value[int64](b.Page, "document.documentElement.scrollHeight"))
			if err := os.WriteFile(filepath.Join(t.ArtifactDir(), "stats-"+name+"-"+scheme+".png"), b.Screenshot(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
