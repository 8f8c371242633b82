// Package networks keeps a value for each of many networks, in memory of a fixed size.
package networks

import (
	"hash/maphash"
	"net/netip"
	"sync"
)

// Table holds values by network.
//
// A set of slots that is full gives up the network whose value is worth least, so a flood from ever new networks pushes
// out its own before one that has a history. There are a quarter of a million slots, and the sets are so large that
// 100,000 networks fill one of them only once in 30 million cases. A client takes a slot for each of its networks.
type Table[T any] struct {
	seed   maphash.Seed // secret, so that nobody can aim at somebody else's slots
	less   func(a, b *T) bool
	shards [shards]shard[T]
}

const (
	shards    = 256
	shardSets = 16
	setSlots  = 64 // In sets of 16, 100,000 networks would fill three or four.
)

// shard is a part of the table. It is made when it is first needed, so that a quiet site has few of them.
type shard[T any] struct {
	mu   sync.Mutex
	sets []set[T]
}

type set[T any] struct {
	networks [setSlots]uint64 // hashed
	values   [setSlots]T
}

// New returns an empty table, in which less reports whether a is worth less than b.
func New[T any](less func(a, b *T) bool) *Table[T] {
	return &Table[T]{seed: maphash.MakeSeed(), less: less}
}

// Use calls do with the value of a network, which is zero for a new network. The value is locked meanwhile.
func (t *Table[T]) Use(network netip.Prefix, do func(value *T)) {
	hash := t.hash(network)
	shard := &t.shards[hash%shards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if shard.sets == nil {
		shard.sets = make([]set[T], shardSets)
	}
	do(shard.sets[hash/shards%shardSets].find(hash, t.less))
}

// Look returns a copy of the value of a network. It takes no slot for a network that has none.
func (t *Table[T]) Look(network netip.Prefix) (value T) {
	hash := t.hash(network)
	shard := &t.shards[hash%shards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if shard.sets == nil {
		return value
	}
	set := &shard.sets[hash/shards%shardSets]
	if i := set.index(hash); i >= 0 {
		value = set.values[i]
	}
	return value
}

// All calls do with each value, including the empty ones of shards that were made. It locks one shard at a time.
func (t *Table[T]) All(do func(value *T)) {
	for i := range t.shards {
		t.shards[i].all(do)
	}
}

func (s *shard[T]) all(do func(value *T)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.sets {
		for j := range s.sets[i].values {
			do(&s.sets[i].values[j])
		}
	}
}

func (t *Table[T]) hash(network netip.Prefix) uint64 {
	var bytes [17]byte
	if network.IsValid() {
		address := network.Addr().As16()
		copy(bytes[:], address[:])
		bytes[16] = byte(network.Bits()) // at most 128; IPv4 addresses have a part of IPv6 to themselves
	}
	return max(1, maphash.Bytes(t.seed, bytes[:])) // 0 is an empty slot's
}

func (s *set[T]) index(network uint64) int {
	for i, other := range s.networks {
		if other == network {
			return i
		}
	}
	return -1
}

// find returns the value of a network. If the set is full, a new network takes the slot of the one that is worth least.
func (s *set[T]) find(network uint64, less func(a, b *T) bool) *T {
	if i := s.index(network); i >= 0 {
		return &s.values[i]
	}
	least := s.index(0)
	if least < 0 {
		least = 0
		for i := range s.values {
			if less(&s.values[i], &s.values[least]) {
				least = i
			}
		}
	}
	var empty T
	s.networks[least], s.values[least] = network, empty
	return &s.values[least]
}

// Of returns the network that an address's leading bits make: ipv4 of them for IPv4 and ipv6 of them for IPv6. ok is
// false if that is 0 bits. The zero Prefix stands for all addresses that are not known.
func Of(addr netip.Addr, ipv4, ipv6 int) (network netip.Prefix, ok bool) {
	if !addr.IsValid() {
		return netip.Prefix{}, true
	}
	addr = addr.Unmap().WithZone("")
	bits := ipv6
	if addr.Is4() {
		bits = ipv4
	}
	network, _ = addr.Prefix(bits) // Fails only for more bits than the address has.
	return network, bits > 0
}
