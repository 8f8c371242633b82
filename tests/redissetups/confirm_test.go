package redissetups_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

// A replica that is connected and frozen confirms nothing: each of many answers at once gets a 503. If the question for
// confirmations went to another server of the cluster, whose replica is well, the reply would be as if all was well. It
// runs while no other test does, because a cluster on a crowded machine takes masters for dead and changes roles.
func TestFrozenReplicaConfirmsNothing(t *testing.T) {
	tests := []struct {
		name  string
		start func(t *testing.T) confirming
	}{
		{"sentinels", func(t *testing.T) confirming {
			s := redisserver.StartSentinels(t)
			return confirming{s.URL(), "frozen:", s.Master, s.Replica, func() {}}
		}},
		{"cluster", func(t *testing.T) confirming {
			c := redisserver.StartCluster(t)
			prefix, _ := prefixOf(t, c)
			return confirming{c.URL(), prefix, c.Masters[0], c.Replicas[0], func() {}}
		}},
		{"cluster, after MOVED", func(t *testing.T) confirming {
			c := redisserver.StartCluster(t)
			prefix, slot := prefixOf(t, c)
			// The other two masters still have their replicas.
			move := func() { c.Migrate(slot, c.Masters[0], c.Masters[1], func() {}) }
			return confirming{c.URL(), prefix, c.Masters[1], c.Replicas[1], move}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := test.start(t)
			cfg := storage.Config{Prefix: c.prefix, Confirm: 1, Timeout: 600 * time.Millisecond}
			store := mustOpen(t, c.url+"&pool_size=100", cfg)
			var guards []*captcha.Guard
			var issued [][]challenge
			for i, way := range bothWays {
				guards, issued = append(guards, newGuard(store, way)), append(issued, nil)
				for range 100 {
					issued[i] = append(issued[i], mustIssue(t, guards[i]))
				}
			}
			c.move()
			c.wantRoles(t)
			c.replica.Freeze()
			for i, way := range bothWays {
				o := submit(t, guards[i], issued[i])
				t.Logf("%s: %d accepted, %d answered 503", way.name, len(o.accepted), len(o.unavailable))
				if len(o.unavailable) != len(issued[i]) {
					c.wantRoles(t)
					t.Errorf("%s: %d of %d answers got a 503, want all", way.name, len(o.unavailable), len(issued[i]))
				}
			}
		})
	}
}

// confirming is a master and the only replica that can confirm what it writes.
type confirming struct {
	url, prefix     string
	master, replica *redisserver.Server
	move            func() // makes the master that of the prefix
}

// wantRoles fails the test if the cluster changed roles, as it does when a machine is so crowded that it takes a slow
// master for dead. Then another server confirms than the one that is frozen.
func (c confirming) wantRoles(t *testing.T) {
	t.Helper()
	_, port, err := net.SplitHostPort(c.replica.Address())
	if err != nil {
		t.Fatal(err)
	}
	roles := c.master.Do("INFO", "replication")
	for _, want := range []string{"role:master", "connected_slaves:1", "port=" + port + ","} {
		if !strings.Contains(roles, want) {
			t.Fatalf("roles changed, for there is no %q in:\n%s", want, roles)
		}
	}
}
