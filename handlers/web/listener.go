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
		return errors.New("accepted is a number of connections from 1 to 1000000, or none")
	}
	*m = MaxConnections(n)
	return nil
}

// receiveBuffer is how much the system receives of a connection before somebody reads it, in bytes. Left to itself it takes up to
// some megabytes for each, before it is accepted even, and no limit of this process sees that.
const receiveBuffer = 64 << 10

// Listen listens for TCP at an address, on IPv4 and IPv6.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	config := net.ListenConfig{Control: receiveLittle}
	return config.Listen(ctx, "tcp", addr)
}

// LimitConnections bounds how many connections that listener accepts each client has open: an IPv4 address, or a /64 of IPv6.
// A connection takes some 20 KB even if it sends nothing, and no limit by request sees it. Trusted proxies bring many
// clients' requests and are not bounded: they have bounds of their own to set.
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
	"Content-Length: 42\r\n\r\nToo many connections are open from there.\n"

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
		client := household(addr)
		if l.enter(client) {
			return &limitedConn{TCPConn: conn.(*net.TCPConn), leave: sync.OnceFunc(func() { l.leave(client) })}, nil
		}
		_ = conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)) // it fits into the socket's buffer
		_, _ = conn.Write([]byte(tooMany))
		_ = conn.Close()
	}
}

func (l *limitedListener) enter(client netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[client] >= l.most {
		return false
	}
	l.open[client]++
	return true
}

func (l *limitedListener) leave(client netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[client]--; l.open[client] == 0 {
		delete(l.open, client)
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

// household is an address of IPv4, or the /64 of IPv6 that has one customer's devices.
func household(addr netip.Addr) netip.Prefix {
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	network, _ := addr.Prefix(bits)
	return network
}
