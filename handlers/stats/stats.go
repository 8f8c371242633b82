// Package stats counts what a guard does, for a page that people read.
package stats

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

// Stats are the counters. They take a fixed amount of memory, count for this process alone, and hold nothing about a
// visitor.
type Stats struct {
	now   func() time.Time
	since time.Time

	mu      sync.Mutex
	total   tally
	reasons [len(refusals)]int
	times   times
	styles  []fare     // in the order of picture.Styles
	minutes [60]minute // a ring, by the minute's number
}

// times counts right answers by the class of the time that they took.
type times [len(timeBounds) + 1]int

// tally counts challenges.
type tally struct{ Issued, Solved, Refused int }

type minute struct {
	number int64 // since 1970
	tally
}

// refusals are the reasons of captcha.Event, in the order of the page.
var refusals = [...]struct {
	reason captcha.Reason
	title  string
}{
	{captcha.WrongAnswer, "Wrong answer"},
	{captcha.UnknownKey, "Unknown, used or expired"},
	{captcha.Missing, "Field missing"},
	{captcha.Malformed, "Could not be read"},
	{captcha.StorageFailed, "Storage failed"},
}

// timeBounds are the ends of the classes of times to solve, in seconds. Each is about half as long again as the one
// before.
var timeBounds = [...]int{2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64}

// New returns counters that start at zero, by the clock now.
func New(now func() time.Time) *Stats {
	return &Stats{now: now, since: now(), styles: make([]fare, len(picture.Styles()))}
}

// Observe counts an event. It is captcha.Config's Observe.
func (s *Stats) Observe(_ context.Context, e captcha.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.countStyle(e)
	switch {
	case e.Kind == captcha.Issued && e.Err == nil:
		s.count(tally{Issued: 1})
	case e.Kind == captcha.Verified && e.Err == nil:
		s.count(tally{Solved: 1})
		if e.Age > 0 { // A master answer has none.
			s.times[timeClass(e.Age)]++
		}
	case e.Kind == captcha.Verified:
		s.count(tally{Refused: 1})
		for i, r := range refusals {
			if r.reason == e.Reason {
				s.reasons[i]++
			}
		}
	}
}

func (s *Stats) count(n tally) {
	number := s.now().Unix() / 60
	m := &s.minutes[number%int64(len(s.minutes))]
	if m.number != number {
		*m = minute{number: number}
	}
	for _, t := range []*tally{&s.total, &m.tally} {
		t.Issued += n.Issued
		t.Solved += n.Solved
		t.Refused += n.Refused
	}
}

// timeClass returns the index of the first bound that the time does not reach.
func timeClass(took time.Duration) int {
	for i, bound := range timeBounds {
		if took < time.Duration(bound)*time.Second {
			return i
		}
	}
	return len(timeBounds)
}

// Page is the numbers at one moment, as the view shows them.
type Page struct {
	Since  time.Time
	Total  tally
	Hour   hourPlot
	Reason []count // why submissions were refused
	Times  timePlot
	Styles []styleRow // those of which something was drawn
}

// Page returns the numbers as they are now.
func (s *Stats) Page() Page {
	s.mu.Lock()
	total, reasons, times, minutes, styles := s.total, s.reasons, s.times, s.minutes, slices.Clone(s.styles)
	s.mu.Unlock()
	this := s.now().Unix() / 60
	hour := make([]minute, 0, len(minutes))
	for number := this - int64(len(minutes)) + 1; number <= this; number++ {
		m := minutes[number%int64(len(minutes))]
		if m.number != number {
			m = minute{number: number}
		}
		hour = append(hour, m)
	}
	return Page{
		Since:  s.since.UTC(),
		Total:  total,
		Hour:   plotHour(hour),
		Reason: countReasons(reasons[:]),
		Times:  plotTimes(times[:]),
		Styles: styleRows(styles),
	}
}

// count is a number with a name, and its share of the greatest number of its kind, in per cent.
type count struct {
	Title string
	N     int
	Share float64
}

func countReasons(reasons []int) []count {
	counts := make([]count, len(reasons))
	for i, n := range reasons {
		counts[i] = count{refusals[i].title, n, percent(n, slices.Max(reasons))}
	}
	return counts
}

func percent(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return 100 * float64(n) / float64(of)
}
