package redisserver

import (
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// Line is a way to a server that can be slow, and break off in place of a reply.
type Line struct {
	address                  string
	requestDelay, replyDelay atomic.Int64 // of each piece, in nanoseconds
	loseReply                atomic.Bool
}

// Line returns a Line that delays and loses nothing until it is told to.
func (s *Server) Line(t testing.TB) *Line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	l := &Line{address: listener.Addr().String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go l.serve(client, s.Address())
		}
	}()
	return l
}

// URL is redis://host:port.
func (l *Line) URL() string { return "redis://" + l.address }

// SlowRequests delays each piece of a request.
func (l *Line) SlowRequests(delay time.Duration) { l.requestDelay.Store(int64(delay)) }

// SlowReplies delays each piece of a reply.
func (l *Line) SlowReplies(delay time.Duration) { l.replyDelay.Store(int64(delay)) }

// LoseReply hangs up in place of passing on the next reply, of whichever connection.
func (l *Line) LoseReply() { l.loseReply.Store(true) }

func (l *Line) serve(client net.Conn, address string) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	go l.send(server, client)
	reply := make([]byte, 64<<10)
	for {
		n, err := server.Read(reply)
		if err != nil || l.loseReply.CompareAndSwap(true, false) {
			return
		}
		time.Sleep(time.Duration(l.replyDelay.Load()))
		if _, err := client.Write(reply[:n]); err != nil {
			return
		}
	}
}

// send goes on after the client has hung up, as a network does with what is on its way.
func (l *Line) send(server, client net.Conn) {
	defer server.Close()
	request := make([]byte, 64<<10)
	for {
		n, err := client.Read(request)
		time.Sleep(time.Duration(l.requestDelay.Load()))
		if n > 0 {
			_, _ = server.Write(request[:n])
		}
		if err != nil {
			return
		}
	}
}
