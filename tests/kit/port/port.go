// Package port finds ports for servers that a test starts.
package port

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
)

// given has the ports that tests have been given. No port is given twice, because a test that has one may not listen on
// it yet.
var given sync.Map

// Free returns a loopback port that nothing listens on. It is below the ports that systems give to outgoing
// connections, which could take it before the test listens.
func Free(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 10_000 + rand.IntN(22_000)
		if _, taken := given.LoadOrStore(port, true); taken {
			continue
		}
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = listener.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}
