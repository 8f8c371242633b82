package redissetups_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

// It has time limits, and so runs while no other test does.
func TestNotReady(t *testing.T) {
	for _, kind := range operators {
		if strings.Contains(kind.name, "confirmed") {
			continue
		}
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			o := kind.start(t)
			t.Run("too few replicas", func(t *testing.T) { tooFewReplicas(t, o) })
			saysWhy(t, kind.name, o)
		})
	}
}

// Masters that have fewer replicas than are to confirm are refused at start.
func tooFewReplicas(t *testing.T, o operated) {
	_, err := storage.Open(t.Context(), o.url, storage.Config{Confirm: 2, Wait: time.Second})
	if err == nil || !strings.Contains(err.Error(), "not confirmed by enough replicas") || !strings.Contains(err.Error(), "of 2") {
		t.Errorf("Open = %v", err)
	}
}

// What makes a master useless makes it not ready, and the log says why, once for any number of looks.
func saysWhy(t *testing.T, kind string, o operated) {
	tests := []struct {
		name       string
		url        string // added to the set-up's
		begin, end func(o operated, master *redisserver.Server)
		says       string
	}{
		{"full", "",
			func(_ operated, master *redisserver.Server) { master.Do("CONFIG", "SET", "maxmemory", "1") },
			func(_ operated, master *redisserver.Server) { master.Do("CONFIG", "SET", "maxmemory", "0") }, "OOM"},
		{"no replica", "confirm=1",
			func(o operated, master *redisserver.Server) { o.servers[1].CutFrom(master) },
			func(o operated, master *redisserver.Server) { o.servers[1].Mend() }, "not confirmed by enough replicas: 0 of 1"},
		{"frozen replica", "confirm=1",
			func(o operated, master *redisserver.Server) { o.servers[1].Freeze() },
			func(o operated, master *redisserver.Server) { o.servers[1].Continue() }, "not confirmed by enough replicas: 0 of 1"},
		{"no permission", "",
			func(_ operated, master *redisserver.Server) { master.Do("ACL", "SETUSER", "default", "-getdel") },
			func(_ operated, master *redisserver.Server) { master.Do("ACL", "SETUSER", "default", "+getdel") }, "can't run this command"},
		{"no permission for the keys", "",
			func(_ operated, master *redisserver.Server) {
				master.Do("ACL", "SETUSER", "default", "resetkeys", "~other:*")
			},
			func(_ operated, master *redisserver.Server) {
				master.Do("ACL", "SETUSER", "default", "resetkeys", "~*")
			}, "NOPERM"},
		{"demoted", "",
			func(o operated, master *redisserver.Server) { master.Do("REPLICAOF", "127.0.0.1", "1") },
			func(o operated, master *redisserver.Server) { master.Do("REPLICAOF", "NO", "ONE") }, "READONLY"},
	}
	for _, test := range tests {
		if len(o.servers) < 2 && test.url != "" || kind != "single" && test.name == "demoted" {
			continue // a cluster refuses to demote a master so, and sentinels undo it
		}
		t.Run(test.name, func(t *testing.T) {
			url := o.url
			if test.url != "" {
				url += "&" + test.url
			}
			var log logged
			store := mustOpen(t, url, storage.Config{Timeout: time.Second, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			master := o.servers[0]
			test.begin(o, master)
			for range 5 {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				err := store.Ping(ctx)
				if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("Ping = %v, want %q within two seconds", err, test.says)
				}
				cancel()
			}
			if n := strings.Count(log.String(), "redis is not ready"); n != 1 || !strings.Contains(log.String(), test.says) {
				t.Errorf("the log tells %d times that it is not ready, want once, with %q:\n%s", n, test.says, &log)
			}
			test.end(o, master)
			redisserver.Within(t, "it is ready", func() bool { return store.Ping(t.Context()) == nil })
			if n := strings.Count(log.String(), "redis is ready again"); n != 1 {
				t.Errorf("the log tells %d times that it is ready again, want once:\n%s", n, &log)
			}
		})
	}
}

// logged keeps what is logged, from any goroutine.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
