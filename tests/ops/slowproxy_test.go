package ops_test

import (
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// slowProxy passes bytes between clients and a server, each piece of a reply as late as it is told to.
type slowProxy struct {
	addr  string
	delay atomic.Int64
}

func newSlowProxy(t testing.TB, server string) *slowProxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	p := &slowProxy{addr: listener.Addr().String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client, server)
		}
	}()
	return p
}

func (p *slowProxy) slow(delay time.Duration) { p.delay.Store(int64(delay)) }

func (p *slowProxy) serve(client net.Conn, address string) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		defer server.Close()
		p.pass(server, client, func() {})
	}()
	p.pass(client, server, func() { time.Sleep(time.Duration(p.delay.Load())) })
}

func (p *slowProxy) pass(to, from net.Conn, before func()) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		before()
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
