package redissetups_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

// operated is a set-up whose master can be broken.
type operated struct {
	url string
	// servers are a master and its replica, if it has one. Who is who changes.
	servers []*redisserver.Server
	// settle returns when one of them is the master, and the other follows it.
	settle func()
}

// master returns the server that is the master now.
func (o operated) master(t *testing.T) *redisserver.Server {
	for _, server := range o.servers {
		if strings.Contains(server.Do("INFO", "replication"), "role:master") {
			return server
		}
	}
	t.Fatal("there is no master")
	return nil
}

var operators = []struct {
	name    string
	certain bool // nothing that was accepted may be forgotten
	start   func(t *testing.T) operated
}{
	{"single", true, func(t *testing.T) operated {
		server := redisserver.Own(t)
		return operated{server.URL(), []*redisserver.Server{server}, func() {}}
	}},
	{"sentinels", false, func(t *testing.T) operated {
		s := redisserver.StartSentinels(t)
		return operated{s.URL(), []*redisserver.Server{s.Master, s.Replica}, s.Settle}
	}},
	{"sentinels, confirmed", true, func(t *testing.T) operated {
		s := redisserver.StartSentinels(t)
		return operated{s.URL() + "&confirm=1", []*redisserver.Server{s.Master, s.Replica}, s.Settle}
	}},
	{"cluster", false, func(t *testing.T) operated {
		c := redisserver.StartCluster(t)
		return operated{c.URL(), []*redisserver.Server{c.Masters[0], c.Replicas[0]}, c.Settle}
	}},
	{"cluster, confirmed", true, func(t *testing.T) operated {
		c := redisserver.StartCluster(t)
		return operated{c.URL() + "&confirm=1", []*redisserver.Server{c.Masters[0], c.Replicas[0]}, c.Settle}
	}},
}

var faults = []struct {
	name       string
	refuses    bool // somebody has to be refused before it ends
	begin, end func(master *redisserver.Server)
}{
	{"killed", true, (*redisserver.Server).Kill, (*redisserver.Server).Restart},
	{"frozen", true, (*redisserver.Server).Freeze, (*redisserver.Server).Continue},
	{"restarted", false, (*redisserver.Server).Restart, func(*redisserver.Server) {}},
	{"full", true,
		func(master *redisserver.Server) { master.Do("CONFIG", "SET", "maxmemory", "1") },
		func(master *redisserver.Server) { master.Do("CONFIG", "SET", "maxmemory", "0") }},
	{"slow, within the time limit", false,
		func(master *redisserver.Server) { master.Do("CLIENT", "PAUSE", "200") }, func(*redisserver.Server) {}},
	{"slow, beyond it", true,
		func(master *redisserver.Server) { master.Do("CLIENT", "PAUSE", "3000") },
		func(master *redisserver.Server) { master.Ask("CLIENT", "UNPAUSE") }},
}

// A master goes away in several ways under load. Whatever happens, it comes back to work. If writes are confirmed, or
// no replica is promoted, no answer is accepted twice. If a replica is promoted without confirmed writes, the test logs
// how many were.
func TestOutage(t *testing.T) {
	t.Parallel()
	for _, kind := range operators {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			o := kind.start(t)
			open := func() storage.Storage { return mustOpen(t, o.url, storage.Config{Timeout: 800 * time.Millisecond}) }
			one, other := open(), open()
			for _, fault := range faults {
				t.Run(fault.name, func(t *testing.T) {
					master := o.master(t)
					load := startLoad(t, one, other)
					redisserver.Within(t, "answers are accepted", func() bool { return load.accepted.Load() > 20 })
					before := load.unavailable.Load()
					fault.begin(master)
					time.Sleep(*outage)
					if fault.refuses {
						redisserver.Within(t, "a 503", func() bool { return load.unavailable.Load() > before })
					}
					fault.end(master)
					o.settle()
					for _, store := range []storage.Storage{one, other} {
						redisserver.Within(t, "it is ready", func() bool { return store.Ping(t.Context()) == nil })
					}
					accepted := load.accepted.Load()
					redisserver.Within(t, "answers are accepted again", func() bool { return load.accepted.Load() > accepted+20 })
					load.stop()
					t.Logf("%d answers accepted, %d of them twice, %d refused as used, %d answered 503",
						load.accepted.Load(), load.twice.Load(), load.refused.Load(), load.unavailable.Load())
					if kind.certain {
						load.mustBeSingleUse()
					}
				})
			}
		})
	}
}
