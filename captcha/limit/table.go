package limit

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// table counts networks in a fixed size, by the generic cell rate algorithm: a slot holds when its network will have its
// whole allowance back.
//
// A set of slots that is full gives up the network that has used least of its allowance, so a flood from ever new
// networks pushes out its own before one that is at its limit, and a visitor who comes new is always let in. Only who has
// so many networks at their limit that they fill sets gets more than the limits. Of the quarter of a million slots, in
// sets that large, 100,000 networks fill none but once in 30 million times; at any sensible rate that many at their limit
// are more than a process can answer. A client takes a slot for each of its networks.
type table struct {
	start  time.Time
	seed   maphash.Seed // secret, so that nobody can aim at somebody else's slots
	shards [shards]shard
}

const (
	shards    = 256
	shardSets = 16
	setSlots  = 64 // In sets of 16, 100,000 networks would fill three or four.
)

// shard is a part of the table, 16 KiB, made when it is first needed: a quiet site keeps few of the 4 MiB.
type shard struct {
	mu   sync.Mutex
	sets []set
}

type set [setSlots]slot

type slot struct {
	network uint64        // hashed
	full    time.Duration // when the allowance is whole again, since table.start
}

func newTable() *table { return &table{start: time.Now(), seed: maphash.MakeSeed()} }

// take adds what a request costs to what a network owes, and returns 0; or, where that would be more than the window,
// adds nothing and returns how long to wait.
func (t *table) take(network netip.Prefix, interval, window time.Duration) (wait time.Duration) {
	t.use(network, func(slot *slot) {
		now := time.Since(t.start)
		owed := max(slot.full-now, 0) + interval
		if wait = max(owed-window, 0); wait == 0 {
			slot.full = now + owed
		}
	})
	return wait
}

// giveBack undoes take.
func (t *table) giveBack(network netip.Prefix, interval time.Duration) {
	t.use(network, func(slot *slot) { slot.full -= interval })
}

// use calls do with the slot of a network, which is locked meanwhile.
func (t *table) use(network netip.Prefix, do func(*slot)) {
	hash := t.hash(network)
	shard := &t.shards[hash%shards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if shard.sets == nil {
		shard.sets = make([]set, shardSets)
	}
	do(shard.sets[hash/shards%shardSets].find(hash))
}

func (t *table) hash(network netip.Prefix) uint64 {
	var bytes [17]byte
	if network.IsValid() {
		address := network.Addr().As16()
		copy(bytes[:], address[:])
		bytes[16] = byte(network.Bits()) // at most 128; IPv4's addresses are a part of IPv6 that has no others
	}
	return maphash.Bytes(t.seed, bytes[:])
}

// find returns the slot of a network, where necessary at the expense of the one that owes least.
func (s *set) find(network uint64) *slot {
	least := &s[0]
	for i := range s {
		if s[i].network == network {
			return &s[i]
		}
		if s[i].full < least.full {
			least = &s[i]
		}
	}
	*least = slot{network: network}
	return least
}
