// Package redissetups_test shows that single use holds on Redis as operators set it up (one server, a master behind
// sentinels, a cluster, all real processes), and in memory. Servers are killed, frozen, filled and promoted,
// replication is cut, and slots move.
package redissetups_test

import (
	"context"
	"crypto/rand"
	"flag"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/waiting"
)

// How much is done. The defaults are for every day; the figures in the documents are of
//
//	go test ./tests/redissetups -count=1 -timeout 60m -v -rounds 200 -outage 5s -slots 1500
var (
	rounds = flag.Int("rounds", 3, "rounds of 200 concurrent submissions of one answer")
	outage = flag.Duration("outage", time.Second, "how long a server is away")
	slots  = flag.Int("slots", 300, "slots that go to a new master of a cluster and from it")
)

func TestMain(m *testing.M) {
	redis.SetLogger(silent{}) // it tells of each failed dial, and there are many
	waiting.SideBySide(4)     // more would crowd the machine, and clusters take slow servers for dead
	os.Exit(m.Run())
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// patient is the time limit of tests that are not about time, on a machine that is busy.
const patient = 20 * time.Second

// setup is a way to run Redis, or the memory.
type setup struct {
	name  string
	start func(t *testing.T) (url string)
}

var setups = []setup{
	{"memory", func(*testing.T) string { return "memory://" }},
	{"single", func(t *testing.T) string { return redisserver.Own(t).URL() }},
	{"single, confirmed", func(t *testing.T) string {
		master, replica := redisserver.Own(t, "--repl-diskless-sync-delay", "0"), redisserver.Own(t)
		replica.Follow(master)
		return master.URL() + "?confirm=1"
	}},
	{"sentinels", func(t *testing.T) string { return redisserver.StartSentinels(t).URL() }},
	{"sentinels, confirmed", func(t *testing.T) string { return redisserver.StartSentinels(t).URL() + "&confirm=1" }},
	{"cluster", func(t *testing.T) string { return redisserver.StartCluster(t).URL() }},
	{"cluster, confirmed", func(t *testing.T) string { return redisserver.StartCluster(t).URL() + "&confirm=1" }},
}

// kept is a way of keeping challenges.
type kept struct {
	name   string
	stored bool
}

var bothWays = []kept{{"sealed", false}, {"stored", true}}

func mustOpen(t testing.TB, url string, config ...storage.Config) storage.Storage {
	t.Helper()
	cfg := storage.Config{Timeout: patient}
	if len(config) > 0 {
		cfg = config[0]
	}
	cfg.Wait = 30 * time.Second
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	store, err := storage.Open(t.Context(), url, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// ownPrefix keeps a test's keys apart from others in one database.
func ownPrefix() storage.Config {
	return storage.Config{Prefix: "t" + rand.Text() + ":", Timeout: patient}
}

// challenge is one with its answer.
type challenge struct{ key, answer string }

func mustIssue(t testing.TB, guard *captcha.Guard) challenge {
	t.Helper()
	issued, err := guard.IssueTo(t.Context(), captcha.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	return challenge{issued.Key, captchatest.Solve(t, guard, issued.Key)}
}

func newGuard(store storage.Storage, way kept) *captcha.Guard {
	return captcha.New(captcha.Config{Storage: store, Stored: way.stored, Logger: slog.New(slog.DiscardHandler)})
}

// solve returns the answer to a challenge, or false if its storage is away.
func solve(t testing.TB, guard *captcha.Guard, key string) (c challenge, ok bool) {
	defer func() {
		if problem := recover(); problem != nil && problem != unsolved {
			panic(problem)
		}
	}()
	return challenge{key, captchatest.Solve(tolerant{t}, guard, key)}, true
}

// tolerant lets a test go on without an answer.
type tolerant struct{ testing.TB }

const unsolved = "unsolved"

func (tolerant) Fatalf(string, ...any) { panic(unsolved) }
