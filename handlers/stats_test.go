package handlers_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/net/html"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/handlers"
	"github.com/fibercaptcha/fibercaptcha/handlers/stats"
)

// statsSite is a site with a clock, and the guard whose events its page counts.
func statsSite(now func() time.Time) (*fiber.App, *captcha.Guard) {
	counters := stats.New(now)
	guard := captcha.New(captcha.Config{Observe: counters.Observe, Now: now})
	return handlers.New(handlers.Config{Guard: guard, Stats: counters, Logger: slog.New(slog.DiscardHandler)}), guard
}

// tableRows returns the rows of the table with this caption, by their first cell.
func tableRows(t *testing.T, doc *html.Node, caption string) map[string]string {
	t.Helper()
	for n := range doc.Descendants() {
		if n.Data != "caption" || textOf(n) != caption {
			continue
		}
		rows := make(map[string]string)
		for row := range n.Parent.Descendants() {
			if row.Data != "tr" || row.Parent.Data != "tbody" {
				continue
			}
			var cells []string
			for cell := range row.ChildNodes() {
				if text := strings.TrimSpace(textOf(cell)); text != "" {
					cells = append(cells, text)
				}
			}
			rows[cells[0]] = strings.Join(cells[1:], " ")
		}
		return rows
	}
	t.Fatalf("no table with the caption %q", caption)
	return nil
}

func mustEqualRows(t *testing.T, got, want map[string]string) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("the table has %v, not %v", got, want)
	}
}

const (
	hourCaption    = "Minutes in which something happened (UTC)"
	timesCaption   = "Solved challenges by time"
	reasonsCaption = "Refused submissions by reason"
)

func TestStatsCountWhatAGuardDoes(t *testing.T) {
	clock := time.Date(2030, 5, 6, 7, 8, 9, 0, time.UTC)
	app, guard := statsSite(func() time.Time { return clock })
	ctx := context.Background()
	answer := func(after time.Duration, wrong bool) (key, value string) {
		challenge, err := guard.IssueTo(ctx, captcha.Visitor{})
		if err != nil {
			t.Fatal(err)
		}
		value = captchatest.Solve(t, guard, challenge.Key)
		clock = clock.Add(after)
		submitted := value
		if wrong {
			submitted = "wrong"
		}
		if err := captchatest.Try(t, guard, challenge.Key, submitted); wrong != errors.Is(err, captcha.ErrWrongAnswer) {
			t.Fatal(err)
		}
		return challenge.Key, value
	}
	answer(7*time.Second, false)
	answer(8*time.Second, false)
	key, value := answer(90*time.Second, false)
	answer(time.Second, true)
	captchatest.Try(t, guard, key, value)
	captchatest.Try(t, guard, key, value)
	mustRefuse(t, app, `{"captcha_key": "a", "captcha_value": ""}`)
	mustRefuse(t, app, `{"captcha_key": "a", "captcha_value": "AAAAAAAAA"}`)

	_, page := mustGet(t, app, "/stats")
	doc := mustParse(t, page)
	mustEqualRows(t, tableRows(t, doc, hourCaption), map[string]string{"07:08": "3 2 0", "07:09": "1 1 5"})
	mustEqualRows(t, tableRows(t, doc, reasonsCaption), map[string]string{
		"Wrong answer": "1", "Unknown, used or expired": "2", "Field missing": "1", "Could not be read": "1", "Storage failed": "0"})
	times := tableRows(t, doc, timesCaption)
	for title, want := range map[string]string{"6 to 8 seconds": "1", "8 to 12 seconds": "1", "64 seconds or more": "1", "2 to 3 seconds": "0"} {
		if times[title] != want {
			t.Errorf("%s: %s, not %s", title, times[title], want)
		}
	}
	for _, description := range []string{"4 issued, 3 solved and 5 refused.", "3 solved. The median is 8 to 12 seconds."} {
		if !strings.Contains(page, description) {
			t.Errorf("no plot's description is %q", description)
		}
	}
	bars := map[string]int{}
	for n := range doc.Descendants() {
		if n.Data == "rect" && attribute(n, "x") != "" {
			bars[attribute(n, "class")]++
		}
	}
	if want := map[string]int{"issued": 2, "solved": 2 + 3, "refused": 1}; !maps.Equal(bars, want) {
		t.Errorf("the plots have bars %v, not %v", bars, want)
	}
}

// What was typed counts for the style, and nothing else does: neither work, nor keys that were none, nor refusals that
// say nothing of the letters.
func TestStatsTellHowStylesFared(t *testing.T) {
	counters := stats.New(time.Now)
	typed := func(style string, seconds int, err error) captcha.Event {
		e := captcha.Event{Kind: captcha.Verified, Way: captcha.Letters, Style: style, Age: time.Duration(seconds) * time.Second, Err: err}
		if err != nil {
			e.Reason = captcha.WrongAnswer
		}
		return e
	}
	work := typed("relief", 5, nil)
	work.Way = captcha.Work
	expired := typed("relief", 500, captcha.ErrUnknownKey)
	expired.Reason = captcha.UnknownKey
	both := typed("hollow", 7, nil)
	both.Way = captcha.Both
	for _, e := range []captcha.Event{
		{Kind: captcha.Issued, Style: "hollow"}, {Kind: captcha.Issued, Style: "hollow"}, {Kind: captcha.Issued, Style: "relief"},
		{Kind: captcha.Spoken, Style: "hollow"}, {Kind: captcha.Worked, Style: "hollow"},
		{Kind: captcha.Issued, Err: captcha.ErrStorage}, {Kind: captcha.Verified, Way: captcha.Letters, Err: captcha.ErrUnknownKey},
		typed("hollow", 3, nil), both, typed("hollow", 20, nil), typed("hollow", 9, captcha.ErrWrongAnswer),
		work, expired, typed("relief", 0, nil), // the last a master answer
	} {
		counters.Observe(context.Background(), e)
	}
	app := handlers.New(handlers.Config{Guard: captcha.New(), Stats: counters, Logger: slog.New(slog.DiscardHandler)})
	_, page := mustGet(t, app, "/stats")
	mustEqualRows(t, tableRows(t, mustParse(t, page), "Answers by style of picture"), map[string]string{
		"hollow": "75 % 6 to 8 seconds 3 1 2", "relief": "none none 0 0 1"})
}

func TestStatsSayTheMedian(t *testing.T) {
	for _, row := range []struct {
		seconds []time.Duration
		want    string
	}{
		{[]time.Duration{1}, "less than 2 seconds"},
		{[]time.Duration{2}, "2 to 3 seconds"},
		{[]time.Duration{65}, "64 seconds or more"},
		{[]time.Duration{1, 7, 65}, "6 to 8 seconds"},
		{[]time.Duration{1, 1, 65}, "less than 2 seconds"},
		{[]time.Duration{1, 65, 65}, "64 seconds or more"},
	} {
		counters := stats.New(time.Now)
		for _, seconds := range row.seconds {
			counters.Observe(context.Background(), captcha.Event{Kind: captcha.Verified, Age: seconds * time.Second})
		}
		app := handlers.New(handlers.Config{Guard: captcha.New(), Stats: counters, Logger: slog.New(slog.DiscardHandler)})
		if _, page := mustGet(t, app, "/stats"); !strings.Contains(page, "The median is "+row.want+".</p>") {
			t.Errorf("after %d seconds the median is not %s", row.seconds, row.want)
		}
	}
}

// A form looks at the captcha's fields before its own, and asks the guard to verify them only when all are well.
func TestStatsCountWhatAFormRefuses(t *testing.T) {
	app, _ := statsSite(time.Now)
	mustRefuse(t, app, `{"name": "Ada", "captcha_key": "a", "captcha_value": ""}`)
	_, page := mustGet(t, app, "/stats")
	if missing := tableRows(t, mustParse(t, page), reasonsCaption)["Field missing"]; missing != "1" {
		t.Errorf("%s submissions with a missing field, not 1", missing)
	}
}

// mustRefuse sends a message to the API that is refused for its fields.
func mustRefuse(t *testing.T, app *fiber.App, body string) {
	t.Helper()
	request := httptest.NewRequest("POST", "/api/contact", strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	response, err := app.Test(request, -1)
	if err != nil || response.StatusCode != 400 {
		t.Fatalf("%s: %v, %v", body, response, err)
	}
}

func TestStatsForgetMinutesAfterAnHour(t *testing.T) {
	clock := time.Date(2030, 5, 6, 7, 8, 9, 0, time.UTC)
	app, guard := statsSite(func() time.Time { return clock })
	guard.IssueTo(context.Background(), captcha.Visitor{})
	for _, row := range []struct {
		later time.Duration
		hour  map[string]string
	}{
		{0, map[string]string{"07:08": "1 0 0"}},
		{59 * time.Minute, map[string]string{"07:08": "1 0 0"}},
		{60 * time.Minute, map[string]string{"none": ""}},
		{26 * time.Hour, map[string]string{"none": ""}},
	} {
		clock = time.Date(2030, 5, 6, 7, 8, 9, 0, time.UTC).Add(row.later)
		_, page := mustGet(t, app, "/stats")
		mustEqualRows(t, tableRows(t, mustParse(t, page), hourCaption), row.hour)
		if !strings.Contains(page, "<dt>issued</dt><dd>1</dd>") {
			t.Errorf("%v later the total is gone", row.later)
		}
	}
	guard.IssueTo(context.Background(), captcha.Visitor{})
	_, page := mustGet(t, app, "/stats")
	mustEqualRows(t, tableRows(t, mustParse(t, page), hourCaption), map[string]string{"09:08": "1 0 0"})
}

func TestStatsBeginEmpty(t *testing.T) {
	app, _ := statsSite(time.Now)
	status, page := mustGet(t, app, "/stats")
	if status != 200 || !strings.Contains(page, "Nothing has happened yet.") {
		t.Errorf("status %d, without the sentence for an empty page", status)
	}
}

func TestStatsCountAtOnce(t *testing.T) {
	app, guard := statsSite(time.Now)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 100 {
				guard.IssueTo(context.Background(), captcha.Visitor{})
			}
		})
	}
	for range 10 {
		mustGet(t, app, "/stats")
	}
	wait.Wait()
	if _, page := mustGet(t, app, "/stats"); !strings.Contains(page, "<dt>issued</dt><dd>800</dd>") {
		t.Error("not every challenge was counted")
	}
}
