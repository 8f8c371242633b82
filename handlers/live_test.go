package handlers

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestLiveChallengesLeaveTheCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLive(time.Minute, time.Now)
		want := func(what string, n float64) {
			t.Helper()
			if got := l.count(); got != n {
				t.Errorf("%s: %v live, want %v", what, got, n)
			}
		}
		want("at first", 0)
		l.add(0, 3)
		time.Sleep(20 * time.Second)
		l.add(0, 2)
		want("five issued", 5)
		l.add(20*time.Second, -1)
		want("one of the first answered", 4)
		time.Sleep(40 * time.Second)
		want("the first expired", 2)
		l.add(59*time.Second, -1) // issued by another replica, which counts it still
		l.add(2*time.Minute, -1)  // left the count before
		want("another's answered here", 1)
		time.Sleep(20 * time.Second)
		want("all expired", 0)
		l.add(0, 1)
		time.Sleep(time.Hour)
		want("an hour later", 0)
	})
}
