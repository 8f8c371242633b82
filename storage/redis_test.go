package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

func TestRedisNegativeTimeToLive(t *testing.T) {
	testNegativeTTL(t, mustOpen(t, redisserver.Start(t), ownPrefix()))
}

func TestRedisResetLeavesOthersAlone(t *testing.T) {
	url := redisserver.Start(t)
	ours, others := mustOpen(t, url, ownPrefix()), mustOpen(t, url, ownPrefix())
	mustSet(t, ours, "key", "value", time.Hour)
	mustSet(t, others, "key", "value", time.Hour)
	if err := ours.Reset(); err != nil {
		t.Fatal(err)
	}
	mustBeAbsent(t, ours, "key")
	mustHold(t, others, "key", "value")
	if err := others.Reset(); err != nil {
		t.Fatal(err)
	}
}

func TestRedisRestrictedUserSuffices(t *testing.T) {
	t.Parallel()
	server := redisserver.Own(t)
	admin := mustAdmin(t, server.URL())
	rules := "ACL SETUSER app on >secret ~app:* -@all +get +set +del +getdel +incr +pexpire +scan +unlink +eval +time +info"
	var command []any
	for word := range strings.FieldsSeq(rules) {
		command = append(command, word)
	}
	if err := admin.Do(t.Context(), command...).Err(); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, "redis://app:secret@"+server.Address(), storage.Config{Prefix: "app:", Timeout: patient})
	mustAdd(t, s, "key", time.Hour, true)
	mustAdd(t, s, "key", time.Hour, false)
	if value, err := s.Take(t.Context(), "key"); string(value) != "added!" || err != nil {
		t.Errorf("Take = %q, %v", value, err)
	}
	mustSet(t, s, "key", "value", time.Hour)
	mustHold(t, s, "key", "value")
	if err := errors.Join(s.Delete("key"), s.Reset(), s.Ping(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestRedisReplicasTakeAndAddOnce(t *testing.T) {
	t.Parallel()
	url, prefix := redisserver.Start(t), ownPrefix()
	replicas := []storage.Storage{mustOpen(t, url, prefix), mustOpen(t, url, prefix), mustOpen(t, url, prefix)}
	defer replicas[0].Reset()
	for round := range 20 {
		key := fmt.Sprint(round)
		mustSet(t, replicas[0], key, "value", time.Hour)
		var taken, added atomic.Int32
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				value, err := replicas[i%3].Take(t.Context(), key)
				if err != nil {
					t.Error(err)
				}
				if value != nil {
					taken.Add(1)
				}
				ok, err := replicas[i%3].Add(t.Context(), "spent "+key, []byte("1"), time.Hour)
				if err != nil {
					t.Error(err)
				}
				if ok {
					added.Add(1)
				}
			})
		}
		all.Wait()
		if taken.Load() != 1 || added.Load() != 1 {
			t.Errorf("round %d: taken %d times and added %d times, want once", round, taken.Load(), added.Load())
		}
	}
}

// If a reply is lost after the server did the work, the storage must not ask again.
func TestRedisLostReplyIsAnError(t *testing.T) {
	t.Parallel()
	server := redisserver.Own(t)
	direct := mustOpen(t, server.URL(), storage.Config{Timeout: patient})
	line := server.Line(t)
	s := mustOpen(t, line.URL(), storage.Config{Timeout: patient})
	mustSet(t, direct, "key", "value", time.Hour)
	mustAdd(t, direct, "makes the server know the script", time.Hour, true)

	line.LoseReply()
	if value, err := s.Take(t.Context(), "key"); value != nil || err == nil {
		t.Errorf("Take = %q, %v; want an error", value, err)
	}
	mustBeAbsent(t, direct, "key")
	mustRecover(t, s) // with a connection that has its greeting behind it, so that the next reply is to the Add
	line.LoseReply()
	if added, err := s.Add(t.Context(), "key", []byte("value"), time.Hour); added || err == nil {
		t.Errorf("Add = %t, %v; want an error", added, err)
	}
	mustHold(t, direct, "key", "value")
	if added, err := s.Add(t.Context(), "key", []byte("value"), time.Hour); added || err != nil {
		t.Errorf("Add after it = %t, %v; want false, nil", added, err)
	}
}

func TestRedisKilledFailsAndComesBack(t *testing.T) {
	t.Parallel()
	server := redisserver.Own(t)
	s := mustOpen(t, server.URL(), storage.Config{Timeout: patient})
	mustSet(t, s, "key", "value", time.Hour)
	server.Kill()
	for range 50 { // more than go-redis's pool needs to believe it
		mustAllFail(t, s)
	}
	server.Restart()
	mustRecover(t, s)
	mustHold(t, s, "key", "value")
	mustAdd(t, s, "key", time.Hour, false)
}

func TestRedisFrozenFailsUsesNothingUpAndComesBack(t *testing.T) {
	t.Parallel()
	server := redisserver.Own(t)
	direct := mustOpen(t, server.URL(), storage.Config{Timeout: patient})
	s := mustOpen(t, server.URL(), storage.Config{Timeout: 500 * time.Millisecond})
	mustSet(t, direct, "key", "value", time.Hour)
	together := func(do func(key string)) {
		var all sync.WaitGroup
		for i := range 200 { // more than the pool has connections
			all.Go(func() { do(fmt.Sprint(i)) })
		}
		all.Wait()
	}
	together(func(key string) { _, _ = s.Add(t.Context(), "warms the pool "+key, []byte("1"), time.Hour) })

	server.Freeze()
	together(func(key string) {
		if added, err := s.Add(t.Context(), "spent "+key, []byte("1"), time.Hour); added || err == nil {
			t.Errorf("Add = %t, %v on a frozen server", added, err)
		}
		if value, err := s.Take(t.Context(), "key"); value != nil || err == nil {
			t.Errorf("Take = %q, %v on a frozen server", value, err)
		}
	})
	mustAllFail(t, s)
	server.Continue()
	mustRecover(t, s)

	// The server had read most of these requests before it answered anything new.
	mustHold(t, direct, "key", "value")
	for i := range 200 {
		mustBeAbsent(t, direct, fmt.Sprint("spent ", i))
	}
}

// A caller with less patience than the storage gets an error when its own time is up, even if the server says nothing.
func TestRedisLetsGoWithItsCaller(t *testing.T) {
	t.Parallel()
	server := redisserver.Own(t)
	s := mustOpen(t, server.URL(), storage.Config{Timeout: 10 * time.Minute})
	mustSet(t, s, "key", "value", time.Hour)
	server.Freeze()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	ended := make(chan error, 2)
	go func() {
		_, err := s.Take(ctx, "key")
		ended <- err
	}()
	go func() {
		_, err := s.Add(ctx, "other", []byte("1"), time.Hour)
		ended <- err
	}()
	for range cap(ended) {
		select {
		case err := <-ended:
			if err == nil {
				t.Error("a frozen server did something")
			}
		case <-time.After(15 * time.Second): // for a busy machine
			t.Fatal("a call goes on after its caller's time")
		}
	}
	server.Continue()
	waitFor(t, func() bool { return s.Ping(t.Context()) == nil })
	mustHold(t, s, "key", "value")
	mustBeAbsent(t, s, "other")
}

func TestRedisSlowFailsAndUsesNothingUp(t *testing.T) {
	t.Parallel()
	server := redisserver.Own(t)
	direct := mustOpen(t, server.URL(), storage.Config{Timeout: patient})
	mustSet(t, direct, "key", "value", time.Hour)
	mustAdd(t, direct, "makes the server know the script", time.Hour, true)
	line := server.Line(t)
	s := mustOpen(t, line.URL(), storage.Config{Timeout: 500 * time.Millisecond})

	admin := mustAdmin(t, server.URL())
	before := scriptsRun(t, admin)
	line.SlowRequests(800 * time.Millisecond)
	if value, err := s.Take(t.Context(), "key"); value != nil || err == nil {
		t.Errorf("Take = %q, %v over a slow line", value, err)
	}
	waitFor(t, func() bool { return scriptsRun(t, admin) > before }) // it came, late
	mustHold(t, direct, "key", "value")
}

// scriptsRun returns the line that tells how many scripts the server ran and refused.
func scriptsRun(t *testing.T, admin *redis.Client) string {
	t.Helper()
	stats, err := admin.Info(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	_, stats, _ = strings.Cut(stats, "cmdstat_eval:calls=")
	calls, _, _ := strings.Cut(stats, ",")
	return fmt.Sprintf("%10s", calls)
}

func TestRedisClockSetForwardIsReadAgain(t *testing.T) {
	s := mustOpen(t, redisserver.Start(t), ownPrefix())
	for _, off := range []time.Duration{-time.Hour, time.Hour} {
		s.(*storage.Redis).SetServerClock(off)
		mustAdd(t, s, "key", time.Hour, true)
		mustAdd(t, s, "key", time.Hour, false)
		if value, err := s.Take(t.Context(), "key"); string(value) != "added!" || err != nil {
			t.Errorf("Take = %q, %v", value, err)
		}
	}
}

func TestRedisFullFailsAndKeepsWhatItHas(t *testing.T) {
	t.Parallel()
	server := redisserver.Own(t, "--maxmemory-policy", "noeviction")
	s, admin := mustOpen(t, server.URL(), storage.Config{Timeout: patient}), mustAdmin(t, server.URL())
	mustSet(t, s, "spent", "1", time.Hour)
	mustSet(t, s, "taken", "value", time.Hour)
	if err := admin.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	mustSay(t, s.Set("new", []byte("1"), time.Hour), "OOM")
	for _, key := range []string{"new", "spent"} {
		added, err := s.Add(t.Context(), key, []byte("1"), time.Hour)
		mustSay(t, err, "OOM")
		if added {
			t.Errorf("Add(%q) succeeded on a full server", key)
		}
	}
	mustBeAbsent(t, s, "new")
	mustHold(t, s, "spent", "1")
	if taken, err := s.Take(t.Context(), "taken"); err != nil || string(taken) != "value" {
		t.Errorf("Take = %q, %v", taken, err)
	}
	if err := admin.ConfigSet(t.Context(), "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, s, "new", time.Hour, true)
	mustAdd(t, s, "spent", time.Hour, false)
}

func TestRedisReadOnlyReplicaFails(t *testing.T) {
	t.Parallel()
	master := redisserver.Own(t)
	s := mustOpen(t, master.URL(), storage.Config{Timeout: patient})
	mustSet(t, s, "key", "value", time.Hour)
	admin := mustAdmin(t, master.URL())
	if err := admin.Do(t.Context(), "REPLICAOF", "127.0.0.1", redisserver.FreePort(t)).Err(); err != nil {
		t.Fatal(err)
	}
	value, err := s.Take(t.Context(), "key")
	mustSay(t, err, "READONLY")
	added, err := s.Add(t.Context(), "other", []byte("1"), time.Hour)
	mustSay(t, err, "READONLY")
	if value != nil || added {
		t.Errorf("Take = %q, Add = %t", value, added)
	}
	_, err = storage.Open(t.Context(), master.URL(), storage.Config{Wait: 3 * time.Second})
	mustSay(t, err, "READONLY")
	if err := admin.Do(t.Context(), "REPLICAOF", "NO", "ONE").Err(); err != nil {
		t.Fatal(err)
	}
	mustRecover(t, s)
	mustHold(t, s, "key", "value")
}

func TestRedisLoadingFails(t *testing.T) {
	t.Parallel()
	server := redisserver.Own(t)
	s := mustOpen(t, server.URL(), storage.Config{Prefix: "p:", Timeout: patient})
	for i := range 200 {
		mustSet(t, s, fmt.Sprint(i), strings.Repeat("x", 1000), time.Hour)
	}
	admin := mustAdmin(t, server.URL())
	if err := admin.Do(t.Context(), "BGREWRITEAOF").Err(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		info, err := admin.Info(t.Context(), "persistence").Result()
		return err == nil && strings.Contains(info, "aof_rewrite_in_progress:0") && strings.Contains(info, "aof_rewrite_scheduled:0")
	})
	server.Spawn("--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024")
	waitFor(t, func() bool {
		value, err := s.Take(t.Context(), "0")
		if err == nil && value == nil {
			t.Fatal("Take says absent while the server loads")
		}
		return err != nil && strings.Contains(err.Error(), "LOADING")
	})
	opened := mustOpen(t, server.URL(), storage.Config{Prefix: "p:", Timeout: patient, Wait: time.Minute}) // waits for the loading to end
	mustHold(t, opened, "1", strings.Repeat("x", 1000))
}

func TestOpenWaitsForRedis(t *testing.T) {
	t.Parallel()
	server := redisserver.Own(t)
	server.Kill()
	opened := make(chan error)
	go func() {
		s, err := storage.Open(t.Context(), server.URL(), storage.Config{Wait: time.Minute})
		if err == nil {
			err = s.Close()
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		t.Fatalf("Open returned %v without a server", err)
	case <-time.After(300 * time.Millisecond):
	}
	server.Restart()
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
}

func TestOpenGivesUpInOneLine(t *testing.T) {
	t.Parallel()
	server := redisserver.Own(t, "--requirepass", "right")
	address := fmt.Sprint("127.0.0.1:", redisserver.FreePort(t))
	tests := []struct{ name, url, says string }{
		{"nothing listens", "redis://:hunter2@" + address, "connection refused"},
		{"wrong password", "redis://:hunter2@" + server.Address(), "WRONGPASS"},
		{"no password", server.URL(), "NOAUTH"},
		{"no such database", "redis://:right@" + server.Address() + "/99", "out of range"},
		{"not TLS", "rediss://:hunter2@" + server.Address(), "127.0.0.1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := storage.Open(t.Context(), test.url, storage.Config{Wait: 3 * time.Second})
			if s != nil || err == nil {
				t.Fatalf("Open = %v, %v", s, err)
			}
			for _, part := range []string{"redis at 127.0.0.1:", "not usable after 3s", test.says} {
				mustSay(t, err, part)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
				t.Errorf("error is not one line without the password: %v", err)
			}
		})
	}
}

func TestOpenStopsWaitingWithItsContext(t *testing.T) {
	address := fmt.Sprint("127.0.0.1:", redisserver.FreePort(t))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := storage.Open(ctx, "redis://"+address, storage.Config{Wait: time.Hour})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Open = %v, want context.Canceled", err)
	}
}

func TestOpenWarnsOfEviction(t *testing.T) {
	t.Parallel()
	for policy, warned := range map[string]bool{"noeviction": false, "volatile-lru": true} {
		server := redisserver.Own(t, "--maxmemory-policy", policy)
		var log bytes.Buffer
		mustOpen(t, server.URL(), storage.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if got := strings.Contains(log.String(), "maxmemory_policy="+policy); got != warned {
			t.Errorf("%s: warned %t, want %t: %s", policy, got, warned, &log)
		}
	}
}

// mustAllFail expects an error from every method: absent, added or done would each be a guess.
func mustAllFail(t *testing.T, s storage.Storage) {
	t.Helper()
	ctx := t.Context()
	got, getErr := s.Get("key")
	taken, takeErr := s.Take(ctx, "never set")
	added, addErr := s.Add(ctx, "new", []byte("1"), time.Minute)
	for what, err := range map[string]error{
		"Get": getErr, "Take": takeErr, "Add": addErr, "Set": s.Set("set", []byte("1"), time.Minute),
		"Delete": s.Delete("never set"), "Reset": s.Reset(), "Ping": s.Ping(ctx),
	} {
		if err == nil {
			t.Errorf("%s succeeded", what)
		}
	}
	if got != nil || taken != nil || added {
		t.Errorf("Get = %q, Take = %q, Add = %t beside their errors", got, taken, added)
	}
}

// mustRecover waits for the storage to work by itself again.
func mustRecover(t *testing.T, s storage.Storage) {
	t.Helper()
	waitFor(t, func() bool {
		return s.Ping(t.Context()) == nil && s.Set("recovered", []byte("1"), time.Minute) == nil
	})
}

// waitFor bounds how long a busy machine may take; it says nothing of how long it should.
func waitFor(t *testing.T, met func() bool) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); !met(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("not within 30 seconds")
		}
	}
}

func mustSay(t *testing.T, err error, words string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("error is %v, want %q in it", err, words)
	}
}

func mustAdmin(t testing.TB, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// A server's maxmemory is known, and that it has none.
func TestRedisTellsItsRoom(t *testing.T) {
	for given, want := range map[string]int64{"0": 0, "64mb": 64 << 20} {
		redis := redisserver.Own(t, "--maxmemory", given, "--maxmemory-policy", "noeviction")
		if got := mustOpen(t, redis.URL()).(*storage.Redis).Room(); got != want {
			t.Errorf("maxmemory %s: %d bytes", given, got)
		}
	}
}
