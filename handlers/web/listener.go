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

// MaxConnections is how many connections one client may have open; 0 is any number.
type MaxConnections int

// UnmarshalText reads a number, or "none", which is any number.
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

// receiveBuffer is how much the system receives of a connection before somebody reads it, in bytes. Left to itself it
// takes up to some megabytes for each, before it is accepted even, and no limit of this process sees that.
const receiveBuffer = 64 << 10

// Listen listens for TCP at an address, on IPv4 and IPv6.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	config := net.ListenConfig{Control: receiveLittle}
	return config.Listen(ctx, "tcp", addr)
}

// LimitConnections bounds how many connections that listener accepts each client has open: an IPv4 address, or a /64 of
// IPv6. The /56 and the /48 that one customer may have all of can have 4 and 16 times as many, as with the limits of
// requests. A connection takes some 20 KB even if it sends nothing, and no limit by request sees it. Trusted proxies
// bring many clients' requests and are not bounded: they have bounds of their own to set.
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

// tooMany is said to whoever has as many as it may, without reading what it asks for.
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

// network is one that an address lies in, and how many times a client's share it may have.
type network struct {
	prefix netip.Prefix
	times  int
}

func networksOf(addr netip.Addr) []network {
	within := func(bits int) netip.Prefix {
		prefix, _ := addr.Prefix(bits) // the error is that of more bits than there are
		return prefix
	}
	if addr.Is4() {
		return []network{{within(32), 1}}
	}
	return []network{{within(64), 1}, {within(56), 4}, {within(48), 16}}
}
