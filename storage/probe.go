package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// retryPause is the time between two tries to reach a server that is not up yet.
const retryPause = 100 * time.Millisecond

// wait returns nil once the servers do what will be asked of them. After the limit it returns the reason why they
// don't.
func (r *Redis) wait(ctx context.Context, limit time.Duration) error {
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := r.start(ctx) // not cut short at the limit, because the error would then only say that time ran out
		if err == nil {
			return nil
		}
		if errors.Is(err, errOtherSetup) {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		select {
		case <-time.After(retryPause):
		case <-waiting.Done():
			if ctx.Err() != nil {
				return fmt.Errorf("waiting for %s: %w", r.name, ctx.Err())
			}
			return fmt.Errorf("%s is not usable after %s of waiting: %w", r.name, limit, err)
		}
	}
}

// start dials by itself first, because go-redis logs each failed dial, and a server that is still starting is not worth
// a line.
func (r *Redis) start(ctx context.Context) error {
	if err := r.dial(ctx); err != nil {
		return err
	}
	if err := r.recognise(ctx); err != nil {
		return err
	}
	err := r.probe(ctx)
	if refused(err) && !late(err) {
		return r.startPlain(ctx, err)
	}
	return err
}

// startPlain finds out whether the server refuses scripts. If it does, the same steps work without them, and scripts
// are still refused afterwards.
func (r *Redis) startPlain(ctx context.Context, scripts error) error {
	r.plain.Store(true)
	plain := r.probe(ctx)
	r.plain.Store(false)
	if plain != nil {
		return scripts
	}
	again := r.probe(ctx)
	if !refused(again) || late(again) {
		return again
	}
	r.plain.Store(true)
	r.logger.Warn("redis refuses the scripts that check whether their caller has given up, so plain commands are used: "+
		"if Redis is frozen or slow, an answer that got a 503 may be used up all the same", "redis", r.name, "error", scripts)
	return nil
}

// dial reaches one of the addresses.
func (r *Redis) dial(ctx context.Context) (err error) {
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	for _, address := range r.addrs {
		network := "tcp"
		if strings.HasPrefix(address, "/") {
			network = "unix"
		}
		var conn net.Conn
		if conn, err = r.dialer(ctx, network, address); err == nil {
			return conn.Close()
		}
	}
	return err
}

// errOtherSetup says that the servers answer, but are not set up as the URL says. Waiting would not help.
var errOtherSetup = errors.New("the URL does not fit the servers that answered")

// recognise checks that the servers are set up in the way that the URL says. A client that takes a cluster's node for a
// single server would find a third of its keys served and the others refused, one by one.
func (r *Redis) recognise(ctx context.Context) error {
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	if cluster, ok := r.client.(*redis.ClusterClient); ok {
		_, err := cluster.MasterForKey(ctx, r.prefix)
		if err != nil && strings.Contains(err.Error(), "cluster support disabled") {
			return fmt.Errorf("%w: this is a single server and not a cluster; leave out addr and cluster", errOtherSetup)
		}
		return nil
	}
	switch r.mode(ctx) {
	case "cluster":
		return fmt.Errorf("%w: this is a node of a cluster; name more of its nodes, as in redis://host:port?addr=host2:port2, "+
			"or add cluster=true", errOtherSetup)
	case "sentinel":
		return fmt.Errorf("%w: this is a sentinel; add master_name=NAME with the name of the master that it watches", errOtherSetup)
	}
	return nil
}

// mode is how a single server is set up. It asks by INFO, which hosted servers allow even if they forbid CONFIG and
// CLUSTER. If INFO is forbidden too, a cluster gives itself away by sending a key elsewhere.
func (r *Redis) mode(ctx context.Context) string {
	client := r.client.(*redis.Client)
	info, err := client.Info(ctx, "server").Result()
	for line := range strings.Lines(info) {
		name, mode, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "redis_mode" || name == "server_mode" {
			return mode
		}
	}
	if refused(err) {
		for n := range 16 {
			if _, moved := redis.IsMovedError(client.Get(ctx, r.probeKey(strconv.Itoa(n))).Err()); moved {
				return "cluster"
			}
		}
	}
	return ""
}

// Ping tries on every master what a request needs: it adds a key below the prefix and takes it, and returns nil if that
// works. So it fails, within [Config.Timeout], if a master was demoted, is full or still loading, has too few replicas,
// or accepts no commands from this user. The cause is logged when it first appears, not at each call, and its end is
// logged too. A call that comes while another is under way shares its outcome.
func (r *Redis) Ping(ctx context.Context) error {
	shared := r.probing.DoChan("", func() (any, error) {
		err := r.probe(context.WithoutCancel(ctx))
		r.tell(err)
		return nil, err
	})
	select {
	case outcome := <-shared:
		return failed("ping", outcome.Err)
	case <-ctx.Done():
		return failed("ping", ctx.Err())
	}
}

func (r *Redis) tell(err error) {
	switch {
	case err != nil && !r.unwell.Swap(true):
		r.logger.Warn("redis is not ready", "redis", r.name, "error", err)
	case err == nil && r.unwell.Swap(false):
		r.logger.Info("redis is ready again", "redis", r.name)
	}
}

// probe tries all masters at once, and reads their clocks.
func (r *Redis) probe(ctx context.Context) error {
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	var (
		mu       sync.Mutex
		failures error
		skew     time.Duration
	)
	err := r.eachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		err := r.probeOn(ctx, node)
		mu.Lock()
		defer mu.Unlock()
		if s := time.Duration(r.clock(node).skew.Load()); s.Abs() > skew.Abs() {
			skew = s
		}
		if err != nil && r.isCluster() {
			err = fmt.Errorf("node %s: %w", node.Options().Addr, err)
		}
		if failures != nil && err != nil {
			err = fmt.Errorf("%w; %w", failures, err) // in one line
		}
		if err != nil {
			failures = err
		}
		return nil
	})
	if failures != nil {
		return failures
	}
	if err == nil {
		r.warnOfSkew(skew)
	}
	return err
}

func (r *Redis) probeOn(ctx context.Context, node *redis.Client) error {
	tag, ours := r.tag(ctx, node)
	if !ours {
		return nil
	}
	if err := r.clock(node).read(ctx, node); err != nil && !refused(err) {
		return err
	}
	key := r.probeKey(tag)
	added, err := r.Add(ctx, key, []byte("1"), probeLives)
	if err != nil {
		return err
	}
	value, err := r.Take(ctx, key)
	if err == nil && (!added || value == nil) {
		err = errors.New("a key that was just added is not there")
	}
	return err
}

// probeLives is how long a probe's key stays if it can't be taken.
const probeLives = 10 * time.Second

// probeKey is a new key each time. In a cluster, the part in braces alone decides which master has it.
func (r *Redis) probeKey(tag string) string { return "{" + tag + "}probe" + rand.Text() }

// maxTags is how many tags are tried for a master. Even a master with a single one of the 16,384 slots is found by then
// in all but 2 of a million searches.
const maxTags = 13 * 16384

// tag finds a tag that makes a key fall to node. If the prefix has a part in braces, all keys fall to one master, and
// the others do not concern this program: ours is false.
func (r *Redis) tag(ctx context.Context, node *redis.Client) (tag string, ours bool) {
	if !r.isCluster() {
		return "0", true
	}
	address := node.Options().Addr
	if known, ok := r.tags.Load(address); ok && r.falls(ctx, known.(string), address) {
		return known.(string), true
	}
	most := maxTags
	if _, after, braced := strings.Cut(r.prefix, "{"); braced && strings.Index(after, "}") > 0 {
		most = 1
	}
	for n := range most {
		if tag := strconv.Itoa(n); r.falls(ctx, tag, address) {
			r.tags.Store(address, tag)
			return tag, true
		}
	}
	return "", false
}

func (r *Redis) falls(ctx context.Context, tag, address string) bool {
	master, err := r.master(ctx, r.prefix+"{"+tag+"}")
	return err == nil && master.Options().Addr == address
}

// Skew returns how far the server's clock is ahead of this process's; it is negative if the server's is behind. In a
// cluster it is the skew of the master that is furthest off. It was measured at the last [Redis.Ping], or by Open, and
// is accurate to half of the time that the question and its answer took.
func (r *Redis) Skew() time.Duration { return time.Duration(r.skew.Load()) }

func (r *Redis) warnOfSkew(skew time.Duration) {
	r.skew.Store(int64(skew))
	apart := skew.Abs() > skewBound
	if apart && !r.apart.Swap(apart) {
		r.logger.Warn("redis's clock and this process's are too far apart, so replicas of this program may refuse each other's challenges: set the clocks right",
			"redis", r.name, "redis_ahead", skew.Round(time.Millisecond), "most", skewBound)
	}
	r.apart.Store(apart)
}

// readMemory reads from INFO how much memory there is, and what happens when it is full. A server that does not report
// its policy may still be set up well, so there is no warning about it.
func (r *Redis) readMemory(ctx context.Context) {
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	_ = r.eachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		info, err := node.Info(ctx, "memory").Result()
		if err != nil {
			return nil
		}
		report := func(name string) (value string, found bool) {
			_, after, found := strings.Cut(info, "\r\n"+name+":")
			value, _, _ = strings.Cut(after, "\r\n")
			return value, found
		}
		if text, found := report("maxmemory"); found {
			if most, err := strconv.ParseInt(text, 10, 64); err == nil && most > 0 {
				r.noteRoom(most)
			}
		}
		policy, found := report("maxmemory_policy")
		if found && policy != "noeviction" {
			r.logger.Warn("redis may evict keys when its memory is full, and a used captcha would then be accepted again: set maxmemory-policy to noeviction",
				"redis", r.name, "maxmemory_policy", policy)
		}
		return nil
	})
}

// Room returns the server's maxmemory, in bytes, as it was when this process connected; of several masters' it is the
// least. 0 means that there is no bound, or that the server does not tell.
func (r *Redis) Room() int64 { return r.room.Load() }

// noteRoom notes one master's memory. It may be called for several masters at once.
func (r *Redis) noteRoom(most int64) {
	for {
		least := r.room.Load()
		if least > 0 && least <= most || r.room.CompareAndSwap(least, most) {
			return
		}
	}
}
