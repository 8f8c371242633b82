package redisserver

import (
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// nodeTimeout is how long a node is away before the others take it for dead.
const nodeTimeout = 2 * time.Second

// slots is the number of slots that a cluster divides its keys into.
const slots = 16384

// Cluster is a cluster of redis-server processes of the test's own: three masters, with a replica each.
type Cluster struct {
	Masters, Replicas []*Server // as they started; a failover changes who is what

	t    testing.TB
	args []string
}

// StartCluster starts a cluster whose servers have further arguments; with --tls-cert-file among them, its nodes speak
// TLS to each other and name their TLS ports. Without a redis-server the test is skipped, or fails if REQUIRE_REDIS=1
// is set.
func StartCluster(t testing.TB, args ...string) *Cluster {
	t.Helper()
	c := &Cluster{t: t, args: args}
	for range 3 {
		c.Masters, c.Replicas = append(c.Masters, c.Node()), append(c.Replicas, c.Node())
	}
	share := slots / len(c.Masters)
	for i, master := range c.Masters {
		last := (i+1)*share - 1
		if i == len(c.Masters)-1 {
			last = slots - 1
		}
		master.Do("CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(i*share), strconv.Itoa(last))
		master.Do("CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
	}
	for _, node := range slices.Concat(c.Masters[1:], c.Replicas) {
		c.join(node)
	}
	for i, replica := range c.Replicas {
		c.follow(replica, c.Masters[i])
	}
	c.Settle()
	t.Logf("redis: own cluster, masters at %s, replicas at %s", addresses(c.Masters), addresses(c.Replicas))
	return c
}

// Node starts another server that is fit for the cluster and not in it yet. As a replica it stands for election however
// long its link to the master was down.
func (c *Cluster) Node() *Server {
	c.t.Helper()
	bus := FreePort(c.t)
	secure := secure(c.t, c.args)
	if secure != nil {
		secure = append(secure, "--tls-cluster", "yes")
	}
	return Own(c.t, slices.Concat(secure, []string{"--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus),
		"--cluster-node-timeout", strconv.FormatInt(nodeTimeout.Milliseconds(), 10), "--cluster-replica-validity-factor", "0",
		"--repl-diskless-sync-delay", "0"}, c.args)...)
}

func (c *Cluster) join(node *Server) {
	c.t.Helper()
	first := c.Masters[0]
	port := strconv.Itoa(first.replicationPort())
	node.Do("CLUSTER", "MEET", "127.0.0.1", port, after(first.args, "--cluster-port"))
	Within(c.t, "a node joins the cluster", func() bool {
		return strings.Contains(node.Do("CLUSTER", "NODES"), first.ID()) && strings.Contains(first.Do("CLUSTER", "NODES"), node.ID())
	})
}

// Settle returns when all nodes that run agree that all slots are served, and each replica is up to date.
func (c *Cluster) Settle() {
	c.t.Helper()
	Within(c.t, "the cluster settles", func() bool {
		for _, node := range slices.Concat(c.Masters, c.Replicas) {
			if node.process == nil {
				continue
			}
			info := node.Do("CLUSTER", "INFO")
			if !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, fmt.Sprint("cluster_slots_ok:", slots)) {
				return false
			}
			replication := node.Do("INFO", "replication")
			if strings.Contains(replication, "role:slave") && !strings.Contains(replication, "master_link_status:up") {
				return false
			}
		}
		return true
	})
}

// URL names the masters that the cluster started with.
func (c *Cluster) URL() string {
	url := c.Masters[0].URL() + "?addr=" + c.Masters[1].Address()
	for _, master := range c.Masters[2:] {
		url += "&addr=" + master.Address()
	}
	return url
}

// Grow starts another master with a replica, and moves some of the others' slots to it, with their keys, as an operator
// does.
func (c *Cluster) Grow(slots int) {
	c.t.Helper()
	master, replica := c.Node(), c.Node()
	c.join(master)
	c.join(replica)
	c.follow(replica, master)
	c.Masters, c.Replicas = append(c.Masters, master), append(c.Replicas, replica)
	c.Settle()
	c.reshard("all", master, slots)
}

// Shrink moves the last master's slots, whose number is given, to the first master. It then takes the last master and
// its replica out of the cluster and kills them.
func (c *Cluster) Shrink(slots int) {
	c.t.Helper()
	last := len(c.Masters) - 1
	master, replica := c.Masters[last], c.Replicas[last]
	c.reshard(master.ID(), c.Masters[0], slots)
	c.Masters, c.Replicas = c.Masters[:last], c.Replicas[:last]
	for _, node := range []*Server{replica, master} {
		c.agree()
		c.cli("--cluster", "del-node", c.Masters[0].Address(), node.ID())
		node.Kill()
	}
}

func (c *Cluster) reshard(from string, to *Server, slots int) {
	c.t.Helper()
	c.agree()
	c.cli("--cluster", "reshard", c.Masters[0].Address(), "--cluster-from", from, "--cluster-to", to.ID(),
		"--cluster-slots", strconv.Itoa(slots), "--cluster-yes")
	c.agree()
}

// Migrate moves one slot with its keys from a master to another. It calls meanwhile during the move: then the other has
// new keys, if asked with ASKING, and the first still has the old ones.
func (c *Cluster) Migrate(slot int, from, to *Server, meanwhile func()) {
	c.t.Helper()
	n := strconv.Itoa(slot)
	to.Do("CLUSTER", "SETSLOT", n, "IMPORTING", from.ID())
	from.Do("CLUSTER", "SETSLOT", n, "MIGRATING", to.ID())
	meanwhile()
	for {
		keys := strings.Fields(from.Do("CLUSTER", "GETKEYSINSLOT", n, "100"))
		if len(keys) == 0 {
			break
		}
		from.Do(append([]string{"MIGRATE", "127.0.0.1", strconv.Itoa(to.port), "", "0", "5000", "KEYS"}, keys...)...)
	}
	for _, node := range []*Server{to, from} {
		node.Do("CLUSTER", "SETSLOT", n, "NODE", to.ID())
	}
}

// follow makes a node another's replica, once it has heard of that.
func (c *Cluster) follow(replica, master *Server) {
	c.t.Helper()
	id := master.ID()
	Within(c.t, "a replica hears of its master", func() bool {
		_, err := replica.Ask("CLUSTER", "REPLICATE", id)
		return err == nil
	})
}

// agree returns when every node knows all others and redis-cli finds nothing to complain of. It refuses to work on a
// cluster whose nodes don't agree yet, and stops half-way if one does not know the node that gets its slots.
func (c *Cluster) agree() {
	c.t.Helper()
	nodes := slices.DeleteFunc(slices.Concat(c.Masters, c.Replicas), func(node *Server) bool { return node.process == nil })
	for _, node := range nodes {
		id := node.ID()
		Within(c.t, "all nodes hear of a node", func() bool {
			return !slices.ContainsFunc(nodes, func(other *Server) bool { return !strings.Contains(other.Do("CLUSTER", "NODES"), id) })
		})
	}
	Within(c.t, "the nodes agree", func() bool {
		out, err := exec.Command("redis-cli", "--cluster", "check", c.Masters[0].Address()).CombinedOutput()
		return err == nil && strings.Contains(string(out), "All nodes agree about slots configuration")
	})
}

func (c *Cluster) cli(args ...string) {
	c.t.Helper()
	if out, err := exec.Command("redis-cli", args...).CombinedOutput(); err != nil {
		c.t.Fatalf("redis: redis-cli %s: %v\n%s", strings.Join(args, " "), err, out[max(0, len(out)-1000):])
	}
}
