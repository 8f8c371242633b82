package demo_test

import (
	"github.com/fibercaptcha/fibercaptcha/handlers/stats"
	"log/slog"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/handlers"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// The site runs in this process, for its counters to be told of more than a test can solve: numbers of seven digits, of
// every class of time and of every reason, over an hour.
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
