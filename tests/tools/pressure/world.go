package main

import (
	"container/heap"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/pressure"
)

// world is a site and its visitors, who do one thing after another in the simulation's time.
type world struct {
	site   *site
	oracle *captcha.Guard // knows the answers, for visitors who read well or are lucky
	random *rand.Rand
	events events
	begin  time.Time
}

func newWorld(o options, demand captcha.Demand, pressed bool) (*world, error) {
	s, err := startSite(demand, pressed)
	if err != nil {
		return nil, err
	}
	s.clock.now.Store(began.UnixNano())
	cfg := settings(&s.clock, demand)
	cfg.Logger = quiet
	return &world{site: s, oracle: captcha.New(cfg), random: rand.New(rand.NewPCG(o.seed, 7)), begin: began}, nil
}

// event is something that happens at a time since the beginning.
type event struct {
	at    time.Duration
	order int // of those at one time
	do    func() error
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].order < e[j].order
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func (w *world) now() time.Duration { return w.site.clock.time().Sub(w.begin) }

// after has something done so much later.
func (w *world) after(wait time.Duration, do func() error) {
	heap.Push(&w.events, event{w.now() + wait, len(w.events), do})
}

// run lets the time go by until the end, at which nothing more begins.
func (w *world) run(end time.Duration) error {
	for len(w.events) > 0 && w.events[0].at <= end {
		next := heap.Pop(&w.events).(event)
		w.site.clock.now.Store(w.begin.Add(next.at).UnixNano())
		if err := next.do(); err != nil {
			return err
		}
	}
	w.site.clock.now.Store(w.begin.Add(end).UnixNano())
	return nil
}

// puzzle is a challenge as a visitor has it.
type puzzle struct {
	Key   string `json:"captcha_key"`
	Asks  string `json:"captcha_asks"` // "" without pressure
	level int    // of pressure, as far as its length tells

	answer string
}

// take asks for a challenge.
func (w *world) take(address string) (p puzzle, err error) {
	status, err := w.site.ask(http.MethodPost, "/api/captcha/?preset=field", address, "", &p)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d for a challenge", status)
	}
	if err != nil {
		return p, err
	}
	p.answer = captchatest.Solve(judge{}, w.oracle, p.Key)
	p.level = (len(p.answer) - 4) / 2
	return p, nil
}

// answer sends one, right or wrong, with the work where that is asked for.
func (w *world) answer(address string, p puzzle, right bool) (accepted bool, err error) {
	form := url.Values{"captcha_key": {p.Key}, "captcha_value": {p.answer}}
	if !right {
		form.Set("captcha_value", "2"+p.answer[1:])
		if p.answer[0] == '2' {
			form.Set("captcha_value", "3"+p.answer[1:])
		}
	}
	if p.Asks == "both" {
		form.Set("captcha_work", captchatest.Work(judge{}, w.oracle, p.Key, captcha.Visitor{}))
	}
	status, err := w.site.ask(http.MethodPost, "/submit", address, form.Encode(), nil)
	return status == http.StatusNoContent, err
}

func (w *world) status() (s pressure.Status, err error) {
	_, err = w.site.ask(http.MethodGet, "/status", "192.0.2.1", "", &s)
	return s, err
}

// judge is the testing.TB that captchatest asks for. This program has none of its own.
type judge struct{ testing.TB }

func (judge) Helper()                           {}
func (judge) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (judge) Context() context.Context          { return context.Background() }
