package redisserver

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Sentinels is a master with a replica and three sentinels that watch it, all processes of the test's own.
type Sentinels struct {
	Master, Replica *Server // as they started; a failover exchanges them
	Watchers        []*Server

	t    testing.TB
	args []string
}

// MasterName is what the sentinels call their master.
const MasterName = "kit"

// downAfter is how long a master is away before a sentinel takes it for dead.
const downAfter = time.Second

// StartSentinels starts them; args are further arguments of master and replica. With --tls-cert-file among these, all
// speak TLS to each other. Without the programs the test is skipped, or fails if REQUIRE_REDIS=1 is set.
func StartSentinels(t testing.TB, args ...string) *Sentinels {
	t.Helper()
	require(t, "redis-sentinel")
	server := func() *Server {
		return Own(t, slices.Concat([]string{"--repl-diskless-sync-delay", "0"}, secure(t, args), args)...)
	}
	s := &Sentinels{t: t, args: args, Master: server(), Replica: server()}
	s.Replica.Follow(s.Master)
	for range 3 {
		s.Watchers = append(s.Watchers, s.watcher())
	}
	Within(t, "the sentinels know each other and the replica", func() bool {
		for _, watcher := range s.Watchers {
			known := strings.Fields(watcher.Do("SENTINEL", "MASTER", MasterName))
			if after(known, "num-slaves") != "1" || after(known, "num-other-sentinels") != "2" || after(known, "flags") != "master" {
				return false
			}
		}
		return true
	})
	t.Logf("redis: own master at %s, replica at %s, sentinels at %s", s.Master.Address(), s.Replica.Address(), addresses(s.Watchers))
	return s
}

func (s *Sentinels) watcher() *Server {
	s.t.Helper()
	w := &Server{t: s.t, dir: s.t.TempDir(), port: FreePort(s.t), program: "redis-sentinel"}
	config := filepath.Join(w.dir, "sentinel.conf") // which it rewrites as it learns
	text := fmt.Sprintf("port %d\nbind 127.0.0.1\ndir %s\nlogfile %s\n"+
		"sentinel monitor %[4]s 127.0.0.1 %[5]d 2\nsentinel down-after-milliseconds %[4]s %[6]d\nsentinel failover-timeout %[4]s 6000\n",
		w.port, w.dir, w.logFile(), MasterName, s.Master.replicationPort(), downAfter.Milliseconds())
	for words := slices.Concat(secure(s.t, s.args), s.args); len(words) > 1; words = words[2:] {
		if strings.HasPrefix(words[0], "--tls") {
			text += strings.TrimPrefix(words[0], "--") + " " + words[1] + "\n"
			w.args = append(w.args, words[:2]...)
		}
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	w.args = append([]string{config}, w.args...)
	s.t.Cleanup(w.Kill)
	w.Restart()
	return w
}

// URL names the sentinels and their master.
func (s *Sentinels) URL() string {
	url := s.Watchers[0].URL() + "?master_name=" + MasterName
	for _, watcher := range s.Watchers[1:] {
		url += "&addr=" + watcher.Address()
	}
	return url
}

// AwaitPromotion returns when the sentinels have made the replica the master.
func (s *Sentinels) AwaitPromotion() {
	s.t.Helper()
	Within(s.t, "the replica is promoted", func() bool {
		return s.watched() == s.Replica && strings.Contains(s.Replica.Do("INFO", "replication"), "role:master")
	})
}

// Settle returns when the sentinels agree on a master that they find alive, and the other server follows it. The
// sentinels would make it follow too, but only after ten seconds.
func (s *Sentinels) Settle() {
	s.t.Helper()
	Within(s.t, "the sentinels settle", func() bool {
		master := s.watched()
		if master == nil || !strings.Contains(master.Do("INFO", "replication"), "role:master") {
			return false
		}
		other := s.Master
		if other == master {
			other = s.Replica
		}
		replication := other.Do("INFO", "replication")
		if strings.Contains(replication, fmt.Sprintf("master_port:%d\r", master.port)) {
			return strings.Contains(replication, "master_link_status:up")
		}
		other.Do("REPLICAOF", "127.0.0.1", strconv.Itoa(master.port))
		return false
	})
}

// watched is the server that all sentinels take for the master and find alive, or nil.
func (s *Sentinels) watched() *Server {
	found := map[string]bool{}
	for _, watcher := range s.Watchers {
		known := strings.Fields(watcher.Do("SENTINEL", "MASTER", MasterName))
		found[after(known, "port")+" "+after(known, "flags")] = true
	}
	for _, server := range []*Server{s.Master, s.Replica} {
		if len(found) == 1 && found[strconv.Itoa(server.port)+" master"] {
			return server
		}
	}
	return nil
}

// after returns the word after another.
func after(words []string, word string) string {
	for i := range len(words) - 1 {
		if words[i] == word {
			return words[i+1]
		}
	}
	return ""
}
