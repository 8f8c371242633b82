package limit

import (
	"net/netip"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/networks"
)

// table counts networks in a fixed size, 4 MiB, by the generic cell rate algorithm: for each network it holds the time
// at which the whole allowance will be back.
//
// When there is no room, the table gives up the network that has used the least of its allowance. So a flood pushes out
// its own networks before one that is at its limit, and a new visitor is always let in. Only somebody with enough
// networks at their limit to fill whole sets of the table gets more than the limits allow; at any sensible rate, that
// takes more requests than a process can answer.
type table struct {
	start    time.Time
	networks *networks.Table[debt]
}

// debt is when an allowance is whole again, since table.start.
type debt time.Duration

func newTable() *table {
	return &table{time.Now(), networks.New(func(a, b *debt) bool { return *a < *b })}
}

// take adds what a request costs to what a network owes, and returns 0. If that would be more than the window, take
// adds nothing and returns how long to wait.
func (t *table) take(network netip.Prefix, interval, window time.Duration) (wait time.Duration) {
	t.networks.Use(network, func(full *debt) {
		now := time.Since(t.start)
		owed := max(time.Duration(*full)-now, 0) + interval
		if wait = max(owed-window, 0); wait == 0 {
			*full = debt(now + owed)
		}
	})
	return wait
}

// giveBack undoes take.
func (t *table) giveBack(network netip.Prefix, interval time.Duration) {
	t.networks.Use(network, func(full *debt) { *full -= debt(interval) })
}
