package redissetups_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

// A master with its replica is added to a cluster under load, gets a part of the slots, gives them back and is taken
// away. Nobody notices: no answer is accepted twice, none is refused for it.
func TestClusterGrowsAndShrinks(t *testing.T) {
	t.Parallel()
	for _, confirm := range []int{0, 1} {
		t.Run(fmt.Sprintf("confirm=%d", confirm), func(t *testing.T) {
			t.Parallel()
			c := redisserver.StartCluster(t)
			open := func() storage.Storage {
				return mustOpen(t, c.URL(), storage.Config{Confirm: confirm, Timeout: patient})
			}
			load := startLoad(t, open(), open())
			nodes := slices.Clone(c.Masters)
			redirects := map[string]int{}
			// On a slow machine, the load may need no slot just after it was moved. Then the node comes and goes once
			// more.
			for round := 0; round < 8 && redirects["MOVED"] == 0; round++ {
				c.Grow(*slots)
				redirects = sentOn([]*redisserver.Server{c.Masters[len(c.Masters)-1]})
				c.Shrink(*slots)
				for what, n := range sentOn(nodes) {
					redirects[what] += n
				}
			}
			load.stop()
			t.Logf("%d slots moved there and back: %d answers accepted, %d refused as used, %d answered 503; the masters sent on %v calls",
				*slots, load.accepted.Load(), load.refused.Load(), load.unavailable.Load(), redirects)
			load.mustBeSingleUse()
			if load.unavailable.Load() > 0 {
				t.Errorf("%d answers got a 503, as in %v", load.unavailable.Load(), load.reason.Load())
			}
			if redirects["MOVED"] == 0 {
				t.Error("no call went to a slot's old place: the load was too small to show anything")
			}
		})
	}
}

// All keys are in one slot. Under load, it moves to another master and back, and each move takes a while.
func TestClusterMovesASlot(t *testing.T) {
	t.Parallel()
	for _, confirm := range []int{0, 1} {
		t.Run(fmt.Sprintf("confirm=%d", confirm), func(t *testing.T) {
			t.Parallel()
			c := redisserver.StartCluster(t)
			prefix, slot := prefixOf(t, c)
			open := func() storage.Storage {
				return mustOpen(t, c.URL(), storage.Config{Prefix: prefix, Confirm: confirm, Timeout: patient})
			}
			load := startLoad(t, open(), open())
			from, to := c.Masters[0], c.Masters[1]
			for range 2 {
				c.Migrate(slot, from, to, func() {
					before := load.accepted.Load()
					redisserver.Within(t, "answers while the slot is on its way", func() bool { return load.accepted.Load() > before+200 })
				})
				from, to = to, from
			}
			load.stop()
			redirects := sentOn(c.Masters)
			t.Logf("one slot moved there and back: %d answers accepted, %d refused as used, %d answered 503; the masters sent on %v calls",
				load.accepted.Load(), load.refused.Load(), load.unavailable.Load(), redirects)
			load.mustBeSingleUse()
			if load.unavailable.Load() > 0 {
				t.Errorf("%d answers got a 503, as in %v", load.unavailable.Load(), load.reason.Load())
			}
			if redirects["MOVED"] == 0 || redirects["ASK"] == 0 {
				t.Error("no call met the slot on its way")
			}
		})
	}
}

var redirected = regexp.MustCompile(`errorstat_(ASK|MOVED):count=(\d+)`)

// sentOn counts the calls that servers sent on to others.
func sentOn(nodes []*redisserver.Server) map[string]int {
	counts := map[string]int{}
	for _, node := range nodes {
		for _, match := range redirected.FindAllStringSubmatch(node.Do("INFO", "errorstats"), -1) {
			n, _ := strconv.Atoi(match[2])
			counts[match[1]] += n
		}
	}
	return counts
}
