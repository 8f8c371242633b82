package storage_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/redis/go-redis/v9"

	"github.com/fibercaptcha/fibercaptcha/captcha/storagetest"
	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/waiting"
)

func TestMain(m *testing.M) {
	redis.SetLogger(silent{}) // it tells of each failed dial, and there are many
	waiting.SideBySide(12)
	os.Exit(m.Run())
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func TestRedisURLForms(t *testing.T) {
	tests := []struct{ url, means string }{
		{"redis://host", "redis at host:6379"},
		{"valkey://host:1", "redis at host:1"},
		{"rediss://host", "redis at host:6379 tls"},
		{"valkeys://host", "redis at host:6379 tls"},
		{"redis://[::1]", "redis at [::1]:6379"},
		{"redis://user:pass@host:1/2?pool_size=3&confirm=4", "redis at host:1 user=user:pass db=2 pool=3 confirm=4"},
		{"redis://:pass@host?db=2", "redis at host:6379 user=:pass db=2"},
		{"unix:///run/redis.sock?db=1", "redis at /run/redis.sock db=1"},
		{"unix://user:pass@/run/redis.sock", "redis at /run/redis.sock user=user:pass"},
		{"redis://a:1?addr=b:2&addr=c:3", "redis cluster at a:1, b:2, c:3"},
		{"valkeys://user:pass@a?cluster=true", "redis cluster at a:6379 tls user=user:pass"},
		{"redis://a?master_name=m&addr=b:2", `redis master "m" of the sentinels at a:26379, b:2`},
		{"rediss://user:pass@a:1/3?master_name=m&sentinel_username=watch&sentinel_password=word",
			`redis master "m" of the sentinels at a:1 tls user=user:pass sentinels=watch:word db=3`},
	}
	for _, test := range tests {
		if means, err := storage.Meaning(test.url); err != nil || means != test.means {
			t.Errorf("%s means %s, %v; want %s", test.url, means, err, test.means)
		}
	}
}

func TestRedisOverUnixSocket(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "redis.sock")
	redisserver.Own(t, "--unixsocket", socket)
	s := mustOpen(t, "unix://"+socket+"?db=1", storage.Config{Timeout: patient})
	mustAdd(t, s, "key", time.Hour, true)
	mustAdd(t, s, "key", time.Hour, false)
	mustHold(t, s, "key", "added!")
}

// The user before the host is for the Redis servers, even if sentinels are asked for their address. Sentinels have a
// user of their own.
func TestSentinelsHaveTheirOwnPassword(t *testing.T) {
	t.Parallel()
	setup := redisserver.StartSentinels(t)
	for _, server := range []*redisserver.Server{setup.Master, setup.Replica} {
		server.Do("ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all")
	}
	for _, watcher := range setup.Watchers {
		watcher.Do("ACL", "SETUSER", "watch", "on", ">word", "+@all")
		watcher.Do("ACL", "SETUSER", "default", "off")
	}
	url := strings.Replace(setup.URL(), "redis://", "valkey://app:secret@", 1)
	s := mustOpen(t, url+"&sentinel_username=watch&sentinel_password=word", storage.Config{Timeout: patient})
	mustAdd(t, s, "key", time.Hour, true)
	if user := setup.Master.Do("ACL", "LOG"); user != "" {
		t.Errorf("the master refused somebody: %s", user)
	}
	_, err := storage.Open(t.Context(), url, storage.Config{Wait: time.Second})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("Open without the sentinels' password = %v", err)
	}
}

// A URL of one kind that leads to servers of another is refused at once, with what they are and what to write.
func TestOpenNamesOtherSetup(t *testing.T) {
	t.Parallel()
	cluster, single, sentinels := redisserver.StartCluster(t), redisserver.Own(t), redisserver.StartSentinels(t)
	cluster.Masters[1].Do("ACL", "SETUSER", "default", "-info")
	tests := []struct{ name, url, says string }{
		{"a cluster's node", cluster.Masters[0].URL(), "this is a node of a cluster; name more of its nodes"},
		{"a cluster's node without INFO", cluster.Masters[1].URL(), "this is a node of a cluster; name more of its nodes"},
		{"a single server for a cluster", single.URL() + "?cluster=true", "this is a single server and not a cluster"},
		{"a sentinel", sentinels.Watchers[0].URL(), "this is a sentinel; add master_name=NAME"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			began := time.Now()
			_, err := storage.Open(t.Context(), test.url, storage.Config{Wait: time.Hour})
			mustSay(t, err, test.says)
			t.Logf("after %s: %v", time.Since(began).Round(time.Millisecond), err)
		})
	}
	s := mustOpen(t, cluster.Masters[0].URL()+"?cluster=true", storage.Config{Timeout: patient})
	for n := range 20 {
		mustAdd(t, s, fmt.Sprint(n), time.Hour, true)
	}
}

func TestClusterRestrictedUserSuffices(t *testing.T) {
	t.Parallel()
	cluster := redisserver.StartCluster(t)
	for _, node := range append(cluster.Masters, cluster.Replicas...) {
		node.Do(strings.Fields("ACL SETUSER app on >secret ~app:* -@all +get +set +del +getdel +incr +pexpire +scan +unlink +eval +time +info" +
			" +wait +cluster|slots +command +asking")...)
	}
	url := strings.Replace(cluster.URL(), "redis://", "redis://app:secret@", 1)
	s := mustOpen(t, url, storage.Config{Prefix: "app:", Timeout: patient, Confirm: 1})
	for n := range 20 {
		key := fmt.Sprint(n)
		mustAdd(t, s, key, time.Hour, true)
		if value, err := s.Take(t.Context(), key); string(value) != "added!" || err != nil {
			t.Errorf("Take = %q, %v", value, err)
		}
		mustSet(t, s, key, "value", time.Hour)
		mustHold(t, s, key, "value")
		mustCount(t, s, "count "+key, 1)
	}
	if err := s.Reset(); err != nil {
		t.Error(err)
	}
	for _, node := range cluster.Masters {
		if refused := node.Do("ACL", "LOG"); refused != "" {
			t.Errorf("the server refused something: %s", refused)
		}
	}
}

// Servers that refuse scripts, TIME, or TIME in scripts get plain commands instead, which is logged.
func TestRedisWithoutScripts(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string][]string{
		"no scripts":     {"-eval", "-evalsha"},
		"no TIME at all": {"-time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redisserver.Own(t)
			server.Do(append([]string{"ACL", "SETUSER", "default"}, refusal...)...)
			var log bytes.Buffer
			cfg := ownPrefix()
			cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
			s := mustOpen(t, server.URL(), cfg)
			if n := strings.Count(log.String(), "plain commands are used"); n != 1 {
				t.Errorf("the log tells of it %d times, want once: %s", n, &log)
			}
			if err := s.Ping(t.Context()); err != nil {
				t.Error(err)
			}
			mustCountConcurrently(t, s)
			cfg.Logger = slog.New(slog.DiscardHandler)
			storagetest.Run(t, func(t *testing.T) fiber.Storage {
				cfg.Prefix = ownPrefix().Prefix
				return mustOpen(t, server.URL(), cfg)
			})
		})
	}
}

func TestRedisCounts(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, redisserver.Start(t), ownPrefix())
	mustCountConcurrently(t, s)

	count := s.(*storage.Redis).Count
	for _, want := range []int64{1, 2, 3} {
		mustCount(t, s, "often", want)
	}
	highest := int64(0)
	waitFor(t, func() bool { // the first one's time to live ends, although others come all the time
		n, err := count(t.Context(), "short", 200*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		highest = max(highest, n)
		return highest > 1 && n == 1
	})
	mustCount(t, s, "for good", 1, 0)
	if n, err := count(t.Context(), "", time.Hour); n != 0 || err == nil {
		t.Errorf("Count of an empty key = %d, %v", n, err)
	}
	if n, err := count(t.Context(), "key", -1); n != 0 || err == nil {
		t.Errorf("Count for less than nothing = %d, %v", n, err)
	}
	mustBeAbsent(t, s, "key")
}

// A count without an end gets one from the next call. A process that ends between two plain commands leaves such a
// count.
func TestRedisCountWithoutScriptsMendsItsEnd(t *testing.T) {
	t.Parallel()
	server := redisserver.Own(t)
	server.Do("ACL", "SETUSER", "default", "-eval")
	s := mustOpen(t, server.URL(), storage.Config{Prefix: "p:", Timeout: patient})
	server.Do("SET", "p:key", "41")
	mustCount(t, s, "key", 42)
	if ttl := server.Do("PTTL", "p:key"); ttl == "-1" {
		t.Error("the count has no end")
	}
}

// A server's clock that is off is logged, and a metric can have the skew.
func TestRedisSkew(t *testing.T) {
	var log bytes.Buffer
	s := mustOpen(t, redisserver.Start(t), storage.Config{Timeout: patient, Logger: slog.New(slog.NewTextHandler(&log, nil))}).(*storage.Redis)
	if skew := s.Skew().Abs(); skew > 2*time.Second {
		t.Errorf("skew of a server on this machine: %s", skew)
	}
	if strings.Contains(log.String(), "too far apart") {
		t.Errorf("warned of nothing: %s", &log)
	}
	for _, skew := range []time.Duration{time.Minute, -time.Minute, time.Second} {
		log.Reset()
		for range 3 {
			s.NoteSkew(skew)
		}
		if n := strings.Count(log.String(), "too far apart"); s.Skew() != skew || n > 1 || (n == 1) != (skew == time.Minute) {
			t.Errorf("skew %s, want %s; warned %d times", s.Skew(), skew, n)
		}
	}
}

// A process that may use no SHA-1 can use Redis.
func TestFIPSOnly(t *testing.T) {
	t.Parallel()
	if os.Getenv("GODEBUG") == "fips140=only" {
		t.Skip("this is that process")
	}
	url := redisserver.Start(t)
	command := exec.Command(os.Args[0], "-test.run=^TestRedisCounts$|^TestRedisReplicasTakeAndAddOnce$", "-test.v")
	command.Env = append(os.Environ(), "GODEBUG=fips140=only", "REDIS_URL="+url)
	out, err := command.CombinedOutput()
	if err != nil || strings.Count(string(out), "--- PASS") != 2 {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestClusterOverTLS(t *testing.T) {
	t.Parallel()
	certificate, key, authorities := mustCertify(t)
	cluster := redisserver.StartCluster(t, "--tls-auth-clients", "no", "--tls-cert-file", certificate, "--tls-key-file", key,
		"--tls-ca-cert-file", certificate)
	s := mustOpen(t, "valkeys://"+cluster.Masters[0].TLSAddress()+"?cluster=true",
		storage.Config{Timeout: patient, Confirm: 1, TLS: &tls.Config{RootCAs: authorities}})
	for n := range 20 {
		mustAdd(t, s, fmt.Sprint(n), time.Hour, true)
		mustAdd(t, s, fmt.Sprint(n), time.Hour, false)
	}
}

func TestSentinelsOverTLS(t *testing.T) {
	t.Parallel()
	certificate, key, authorities := mustCertify(t)
	setup := redisserver.StartSentinels(t, "--tls-auth-clients", "no", "--tls-cert-file", certificate, "--tls-key-file", key,
		"--tls-ca-cert-file", certificate)
	s := mustOpen(t, "rediss://"+setup.Watchers[0].TLSAddress()+"?master_name="+redisserver.MasterName,
		storage.Config{Timeout: patient, Confirm: 1, TLS: &tls.Config{RootCAs: authorities}})
	mustAdd(t, s, "key", time.Hour, true)
	mustAdd(t, s, "key", time.Hour, false)
}

func mustCount(t *testing.T, s storage.Storage, key string, want int64, ttl ...time.Duration) {
	t.Helper()
	lives := append(ttl, time.Hour)[0]
	if n, err := s.(*storage.Redis).Count(t.Context(), key, lives); n != want || err != nil {
		t.Errorf("Count = %d, %v; want %d", n, err, want)
	}
}

// mustCountConcurrently expects a thousand concurrent calls to count from 1 to 1,000, each number once.
func mustCountConcurrently(t *testing.T, s storage.Storage) {
	t.Helper()
	const calls = 1000
	var seen [calls + 1]atomic.Int32
	var all sync.WaitGroup
	for range calls {
		all.Go(func() {
			n, err := s.(*storage.Redis).Count(t.Context(), "failures", time.Hour)
			if err != nil || n < 1 || n > calls {
				t.Errorf("Count = %d, %v", n, err)
				return
			}
			seen[n].Add(1)
		})
	}
	all.Wait()
	for n := 1; n <= calls; n++ {
		if seen[n].Load() != 1 {
			t.Errorf("%d was counted %d times", n, seen[n].Load())
		}
	}
}
