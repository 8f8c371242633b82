package storage

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// meet makes the client read a server's clock whenever it connects to it.
func (r *Redis) meet(node *redis.Client) { node.Options().OnConnect = r.clock(node).greet }

// clock returns the clock of a server. Behind sentinels there is one clock, for whichever server is the master.
func (r *Redis) clock(node *redis.Client) *serverClock {
	clock, _ := r.clocks.LoadOrStore(node.Options().Addr, &serverClock{start: time.Now()})
	return clock.(*serverClock)
}

func (r *Redis) isCluster() bool {
	_, ok := r.client.(*redis.ClusterClient)
	return ok
}

// master returns the server that has the key.
func (r *Redis) master(ctx context.Context, key string) (*redis.Client, error) {
	if cluster, ok := r.client.(*redis.ClusterClient); ok {
		return cluster.MasterForKey(ctx, key)
	}
	return r.client.(*redis.Client), nil
}

// eachMaster calls do for every master at once and returns when all have returned. It first asks a cluster for its
// masters. If the node that it asks does not answer, it uses the masters known before.
func (r *Redis) eachMaster(ctx context.Context, do func(ctx context.Context, node *redis.Client) error) error {
	cluster, ok := r.client.(*redis.ClusterClient)
	if !ok {
		return do(ctx, r.client.(*redis.Client))
	}
	asking, cancel := context.WithTimeout(ctx, r.timeout/4)
	defer cancel()
	return cluster.ForEachMaster(asking, func(_ context.Context, node *redis.Client) error { return do(ctx, node) })
}

// relearn makes a cluster client ask again which server has which keys. It does not wait for the answer.
func (r *Redis) relearn(ctx context.Context) {
	if cluster, ok := r.client.(*redis.ClusterClient); ok {
		cluster.ReloadState(ctx)
	}
}
