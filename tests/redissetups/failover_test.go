package redissetups_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

// How many answers are given in each way while all is well, and how many after that until the replica is promoted.
// cutFor is how long replication has been cut by then.
const (
	answersBefore  = 100
	answersBetween = 300
	cutFor         = 2 * time.Second
)

// pair is a master with the replica that is promoted in its place, in whichever set-up.
type pair struct {
	url             string
	prefix          string // all keys below it are the master's
	master, replica *redisserver.Server
	promoted        func() // returns when the replica is the master
	returned        func() // makes the old master, which runs again, the replica
}

var pairs = []struct {
	name  string
	start func(t *testing.T) pair
}{
	{"sentinels", func(t *testing.T) pair {
		s := redisserver.StartSentinels(t)
		// Sentinels would make it a replica too, but only after ten seconds.
		follow := func() { s.Master.Follow(s.Replica) }
		return pair{s.URL(), "failover:", s.Master, s.Replica, s.AwaitPromotion, follow}
	}},
	{"cluster", func(t *testing.T) pair {
		c := redisserver.StartCluster(t)
		prefix, _ := prefixOf(t, c)
		p := pair{c.URL(), prefix, c.Masters[0], c.Replicas[0], nil, c.Settle}
		p.promoted = func() {
			redisserver.Within(t, "the replica is promoted", func() bool {
				return strings.Contains(p.replica.Do("INFO", "replication"), "role:master")
			})
			c.Settle()
		}
		return p
	}},
}

// prefixOf returns a prefix whose keys are all in one slot of the first master.
func prefixOf(t *testing.T, c *redisserver.Cluster) (prefix string, slot int) {
	for n := 0; ; n++ {
		prefix := fmt.Sprintf("{%d}:", n)
		slot, err := strconv.Atoi(c.Masters[0].Do("CLUSTER", "KEYSLOT", prefix))
		if err != nil {
			t.Fatal(err)
		}
		if slot < 5000 {
			return prefix, slot
		}
	}
}

// A master dies and its replica takes its place, once with replication healthy until then, and once with it cut for two
// seconds. Afterwards, the accepted answers are submitted again.
func TestFailover(t *testing.T) {
	t.Parallel()
	for _, kind := range pairs {
		for _, confirm := range []int{0, 1} {
			for _, cut := range []bool{false, true} {
				name := fmt.Sprintf("%s/confirm=%d/cut=%t", kind.name, confirm, cut)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					failOver(t, kind.start(t), confirm, cut)
				})
			}
		}
	}
}

func failOver(t *testing.T, p pair, confirm int, cut bool) {
	open := func(timeout time.Duration) storage.Storage {
		return mustOpen(t, p.url+"&pool_size=100", storage.Config{Prefix: p.prefix, Confirm: confirm, Timeout: timeout})
	}
	// Each answer that is not confirmed waits in vain for that. A replica whose link was down for long is not promoted.
	store, hasty := open(patient), open(500*time.Millisecond)
	before, between := make([]outcome, len(bothWays)), make([]outcome, len(bothWays))
	var guards []*captcha.Guard
	var laid [][]challenge
	for i, way := range bothWays {
		guard := newGuard(store, way)
		guards = append(guards, guard)
		var issued []challenge
		for range answersBefore + answersBetween {
			issued = append(issued, mustIssue(t, guard))
		}
		laid = append(laid, issued)
		before[i] = submit(t, guard, issued[:answersBefore])
		if len(before[i].accepted) != answersBefore {
			t.Fatalf("%s: %d of %d right answers accepted while all is well: %v",
				way.name, len(before[i].accepted), answersBefore, before[i].failed)
		}
	}

	if cut {
		p.replica.CutFrom(p.master)
	}
	since := time.Now()
	for i, way := range bothWays {
		between[i] = submit(t, newGuard(hasty, way), laid[i][answersBefore:])
	}
	if cut {
		time.Sleep(cutFor - time.Since(since))
	}
	p.master.Kill()
	p.promoted()
	if confirm > 0 { // nothing is accepted until there is a replica again, which the old master becomes
		p.master.Restart()
		p.returned()
	}
	redisserver.Within(t, "the storage is ready", func() bool { return store.Ping(t.Context()) == nil })

	for i, way := range bothWays {
		again := submit(t, guards[i], append(before[i].accepted, between[i].accepted...))
		first := submit(t, guards[i], between[i].unavailable)
		t.Logf("%s: before: %d accepted; in between: %d accepted, %d answered 503; after the promotion: "+
			"%d of the %d accepted ones were accepted again, and %d of those answered 503 for the first time",
			way.name, len(before[i].accepted), len(between[i].accepted), len(between[i].unavailable),
			len(again.accepted), len(before[i].accepted)+len(between[i].accepted), len(first.accepted))
		switch {
		case confirm > 0 && len(again.accepted) > 0:
			t.Errorf("%s: %d answers were accepted twice, with confirmed writes", way.name, len(again.accepted))
		case confirm > 0 && cut && len(between[i].unavailable) != answersBetween:
			t.Errorf("%s: %d of %d answers got a 503 while replication was cut, want all",
				way.name, len(between[i].unavailable), answersBetween)
		case confirm == 0 && cut && len(again.accepted) == 0:
			t.Errorf("%s: nothing was forgotten: this test would not see what confirmed writes are for", way.name)
		}
		if len(again.failed)+len(between[i].failed) > 0 {
			t.Errorf("%s: %v, %v", way.name, again.failed, between[i].failed)
		}
	}
}

// A client that calls a cluster for the first time since a master died and its replica was promoted still knows the
// dead one. It is served all the same.
func TestFirstCallAfterPromotion(t *testing.T) {
	t.Parallel()
	c := redisserver.StartCluster(t)
	prefix, _ := prefixOf(t, c)
	store := mustOpen(t, c.URL(), storage.Config{Prefix: prefix, Timeout: patient})
	c.Masters[0].Kill()
	redisserver.Within(t, "the replica is promoted", func() bool {
		return strings.Contains(c.Replicas[0].Do("INFO", "replication"), "role:master")
	})
	c.Settle()
	if added, err := store.Add(t.Context(), "key", []byte("1"), time.Hour); !added || err != nil {
		t.Errorf("Add = %t, %v", added, err)
	}
}

// outcome says what became of some answers.
type outcome struct {
	accepted, refused, unavailable []challenge
	failed                         []error // in another way than these
}

// submit submits answers, 100 at a time.
func submit(t *testing.T, guard *captcha.Guard, answers []challenge) (o outcome) {
	var mu sync.Mutex
	var all sync.WaitGroup
	next := make(chan challenge)
	for range 100 {
		all.Go(func() {
			for c := range next {
				err := captchatest.Try(t, guard, c.key, c.answer)
				mu.Lock()
				switch {
				case err == nil:
					o.accepted = append(o.accepted, c)
				case errors.Is(err, captcha.ErrUnknownKey):
					o.refused = append(o.refused, c)
				case errors.Is(err, captcha.ErrStorage):
					o.unavailable = append(o.unavailable, c)
				default:
					o.failed = append(o.failed, err)
				}
				mu.Unlock()
			}
		})
	}
	for _, c := range answers {
		next <- c
	}
	close(next)
	all.Wait()
	return o
}
