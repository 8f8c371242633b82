package handlers_test

import (
	"bytes"
	"github.com/fibercaptcha/fibercaptcha/handlers/stats"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/handlers"
)

// A panic is a page for the visitor, and in the log with its place.
func TestPanicOfAHandler(t *testing.T) {
	started := false
	counters := stats.New(func() time.Time {
		if started {
			panic("the clock is broken")
		}
		started = true
		return time.Now()
	})
	var log bytes.Buffer
	app := newApp(t, handlers.Config{Stats: counters, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if r := ask(t, app, "GET", "/stats", ""); r.status != 500 || !strings.Contains(r.body, "something went wrong on our side") || strings.Contains(r.body, "clock") {
		t.Errorf("status %d: %s", r.status, r.body)
	}
	for _, want := range []string{"the clock is broken", "stats/stats.go:", "request_id="} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q: %s", want, &log)
		}
	}
}
