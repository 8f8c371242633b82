package web

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// MaxConnections is how many connections one client may have open; 0 means any number.
type MaxConnections int

// UnmarshalText reads a number, or "none", which means any number.
func (m *MaxConnections) UnmarshalText(text []byte) error {
	*m = 0
	if string(text) == "none" {
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || n > 1_000_000 {
		return errors.New("must be a number of connections from 1 to 1000000, or none")
	}
	*m = MaxConnections(n)
	return nil
}

// receiveBuffer is how many bytes the system receives on a connection before they are read. By default the system takes
// up to some megabytes for each connection, even before it is accepted, and no limit of this process notices that.
const receiveBuffer = 64 << 10

// Listen listens for TCP at an address, on IPv4 and IPv6.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	config := net.ListenConfig{Control: receiveLittle}
	return config.Listen(ctx, "tcp", addr)
}

// LimitConnections bounds how many connections each client may have open at listener. A client is an IPv4 address or an
// IPv6 /64. A /56 may have 4 times as many connections and a /48 16 times as many, because one customer may have all of
// either; the limits on requests are the same. A connection takes some 20 KB even if it sends nothing, which no limit
// on requests notices. Trusted proxies bring many clients' requests and are not bounded; set a bound in the proxy.
func LimitConnections(listener net.Listener, most MaxConnections, proxies Proxies) net.Listener {
	if most == 0 {
		return listener
	}
	return &limitedListener{Listener: listener, most: int(most), proxies: proxies, open: make(map[netip.Prefix]int)}
}

type limitedListener struct {
	net.Listener
	most    int
	proxies Proxies

	mu   sync.Mutex
	open map[netip.Prefix]int
}

// tooMany is sent to a client that has as many connections as it may, without reading its request.
const tooMany = "HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nContent-Type: text/plain\r\nRetry-After: 10\r\n" +
	"Content-Length: 49\r\n\r\nToo many connections from your network are open.\n"

func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		peer, ok := conn.RemoteAddr().(*net.TCPAddr)
		if !ok {
			return conn, nil
		}
		addr := plain(peer.AddrPort().Addr())
		if l.proxies.trust(addr) {
			return conn, nil
		}
		if l.enter(addr) {
			return &limitedConn{TCPConn: conn.(*net.TCPConn), leave: sync.OnceFunc(func() { l.leave(addr) })}, nil
		}
		_ = conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)) // it fits into the socket's buffer
		_, _ = conn.Write([]byte(tooMany))
		_ = conn.Close()
	}
}

func (l *limitedListener) enter(addr netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	networks := networksOf(addr)
	for _, n := range networks {
		if l.open[n.prefix] >= l.most*n.times {
			return false
		}
	}
	for _, n := range networks {
		l.open[n.prefix]++
	}
	return true
}

func (l *limitedListener) leave(addr netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range networksOf(addr) {
		if l.open[n.prefix]--; l.open[n.prefix] == 0 {
			delete(l.open, n.prefix)
		}
	}
}

type limitedConn struct {
	*net.TCPConn
	leave func()
}

func (c *limitedConn) Close() error {
	c.leave()
	return c.TCPConn.Close()
}

// network is a network that an address is in, and how many times a client's share the network may have.
type network struct {
	prefix netip.Prefix
	times  int
}

func networksOf(addr netip.Addr) []network {
	within := func(bits int) netip.Prefix {
		prefix, _ := addr.Prefix(bits) // fails only for more bits than an address has
		return prefix
	}
	if addr.Is4() {
		return []network{{within(32), 1}}
	}
	return []network{{within(64), 1}, {within(56), 4}, {within(48), 16}}
}
