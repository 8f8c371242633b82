package redissetups_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/storage"
)

// load is visitors who submit each answer twice at once, and twice more later.
type load struct {
	t                                     *testing.T
	done                                  chan struct{}
	all                                   sync.WaitGroup
	accepted, twice, refused, unavailable atomic.Int64
	reason                                atomic.Value // of the last 503
}

// rest is how long a visitor rests between two challenges, so that servers and machine have time for what the test does
// to them. All visitors together still submit more than a thousand answers a second.
const rest = 40 * time.Millisecond

// startLoad has visitors of both ways, on both storages.
func startLoad(t *testing.T, one, other storage.Storage) *load {
	l := &load{t: t, done: make(chan struct{})}
	for _, way := range bothWays {
		first, second := newGuard(one, way), newGuard(other, way)
		for range 8 {
			l.all.Go(func() { l.visit(first, second) })
		}
	}
	return l
}

func (l *load) stop() {
	close(l.done)
	l.all.Wait()
	if l.accepted.Load() == 0 {
		l.t.Error("no answer was accepted")
	}
}

func (l *load) mustBeSingleUse() {
	l.t.Helper()
	if n := l.twice.Load(); n > 0 {
		l.t.Errorf("%d of %d answers were accepted twice", n, l.accepted.Load())
	}
}

// submitted is an answer and how often it was accepted so far.
type submitted struct {
	challenge
	accepted atomic.Int32
}

// remembered is how many answers a visitor keeps to submit them again.
const remembered = 50

func (l *load) visit(one, other *captcha.Guard) {
	var earlier []*submitted
	again := func() {
		l.submit(one, earlier[0])
		l.submit(other, earlier[0])
		earlier = earlier[1:]
	}
	for ; l.goesOn(); time.Sleep(rest) {
		issued, err := one.IssueTo(l.t.Context(), captcha.Visitor{})
		if err != nil {
			l.away(err)
			continue
		}
		c, ok := solve(l.t, other, issued.Key)
		if !ok {
			continue
		}
		s := &submitted{challenge: c}
		together(2, func(i int) { l.submit([]*captcha.Guard{one, other}[i], s) })
		if earlier = append(earlier, s); len(earlier) > remembered {
			again()
		}
	}
	for len(earlier) > 0 {
		again()
	}
}

func (l *load) goesOn() bool {
	select {
	case <-l.done:
		return false
	default:
		return true
	}
}

func (l *load) submit(guard *captcha.Guard, s *submitted) {
	err := captchatest.Try(l.t, guard, s.key, s.answer)
	switch {
	case err == nil:
		l.accepted.Add(1)
		if s.accepted.Add(1) == 2 {
			l.twice.Add(1)
		}
	case errors.Is(err, captcha.ErrUnknownKey):
		l.refused.Add(1)
	case errors.Is(err, captcha.ErrStorage):
		l.away(err)
	default:
		l.t.Error(err)
	}
}

// away notes a 503. Visitors wait a moment then.
func (l *load) away(err error) {
	if !errors.Is(err, captcha.ErrStorage) {
		l.t.Error(err)
	}
	l.unavailable.Add(1)
	l.reason.Store(err.Error())
	time.Sleep(10 * time.Millisecond)
}
