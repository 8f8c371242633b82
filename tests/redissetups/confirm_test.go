package redissetups_test

import (
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
		start func(t *testing.T) (url, prefix string, freeze func())
	}{
		{"sentinels", func(t *testing.T) (string, string, func()) {
			s := redisserver.StartSentinels(t)
			return s.URL(), "frozen:", s.Replica.Freeze
		}},
		{"cluster", func(t *testing.T) (string, string, func()) {
			c := redisserver.StartCluster(t)
			prefix, _ := prefixOf(t, c)
			return c.URL(), prefix, c.Replicas[0].Freeze
		}},
		{"cluster, after MOVED", func(t *testing.T) (string, string, func()) {
			c := redisserver.StartCluster(t)
			prefix, slot := prefixOf(t, c)
			return c.URL(), prefix, func() {
				c.Migrate(slot, c.Masters[0], c.Masters[1], func() {})
				c.Replicas[1].Freeze() // the other two masters still have their replicas
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url, prefix, freeze := test.start(t)
			cfg := storage.Config{Prefix: prefix, Confirm: 1, Timeout: 600 * time.Millisecond}
			store := mustOpen(t, url+"&pool_size=100", cfg)
			var guards []*captcha.Guard
			var issued [][]challenge
			for i, way := range bothWays {
				guards, issued = append(guards, newGuard(store, way)), append(issued, nil)
				for range 100 {
					issued[i] = append(issued[i], mustIssue(t, guards[i]))
				}
			}
			freeze()
			for i, way := range bothWays {
				o := submit(t, guards[i], issued[i])
				t.Logf("%s: %d accepted, %d answered 503", way.name, len(o.accepted), len(o.unavailable))
				if len(o.unavailable) != len(issued[i]) {
					t.Errorf("%s: %d of %d answers got a 503, want all", way.name, len(o.unavailable), len(issued[i]))
				}
			}
		})
	}
}
