package redisserver

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// settleLimit bounds how long servers may take to agree on something, on a machine that is busy.
const settleLimit = 60 * time.Second

// Ask runs a command on the server and returns its reply in words.
func (s *Server) Ask(command ...string) (string, error) {
	if s.client == nil {
		s.client = redis.NewClient(&redis.Options{Addr: s.Address(), MaxRetries: -1, DialerRetries: 1, Protocol: 2})
		s.t.Cleanup(func() { _ = s.client.Close() })
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	args := make([]any, len(command))
	for i, word := range command {
		args[i] = word
	}
	reply, err := s.client.Do(ctx, args...).Result()
	return strings.Trim(fmt.Sprint(reply), "[]"), err
}

// Do is Ask, and fails the test if the server refuses.
func (s *Server) Do(command ...string) string {
	s.t.Helper()
	reply, err := s.Ask(command...)
	if err != nil {
		s.t.Fatalf("redis at %s: %s: %v", s.Address(), strings.Join(command, " "), err)
	}
	return reply
}

// ID is what a cluster calls the node.
func (s *Server) ID() string {
	s.t.Helper()
	return s.Do("CLUSTER", "MYID")
}

// Follow makes the server another's replica, and returns when it has its data.
func (s *Server) Follow(master *Server) {
	s.t.Helper()
	s.Do("REPLICAOF", "127.0.0.1", strconv.Itoa(master.replicationPort()))
	s.awaitLink()
}

// replicationPort is where replicas find the server.
func (s *Server) replicationPort() int {
	if port, err := strconv.Atoi(after(s.args, "--tls-port")); err == nil {
		return port
	}
	return s.port
}

// secure returns the arguments that servers with a certificate need to speak TLS to each other.
func secure(t testing.TB, args []string) []string {
	t.Helper()
	if !slices.Contains(args, "--tls-cert-file") {
		return nil
	}
	return []string{"--tls-port", strconv.Itoa(FreePort(t)), "--tls-replication", "yes"}
}

// CutFrom ends a replica's link to its master, and lets it make no new one until [Server.Mend].
func (s *Server) CutFrom(master *Server) {
	s.t.Helper()
	s.Do("CONFIG", "SET", "masteruser", "nobody", "masterauth", "wrong")
	master.Do("CLIENT", "KILL", "TYPE", "replica")
	Within(s.t, "the link is cut", func() bool {
		return strings.Contains(master.Do("INFO", "replication"), "connected_slaves:0")
	})
}

// Mend lets a replica have its link again, and returns when it has caught up.
func (s *Server) Mend() {
	s.t.Helper()
	s.Do("CONFIG", "SET", "masteruser", "", "masterauth", "")
	s.awaitLink()
}

func (s *Server) awaitLink() {
	s.t.Helper()
	Within(s.t, "the replica follows", func() bool {
		return strings.Contains(s.Do("INFO", "replication"), "master_link_status:up")
	})
}

// Within returns when something is so, and fails the test if that takes too long even for a slow machine.
func Within(t testing.TB, what string, so func() bool) {
	t.Helper()
	for limit := time.Now().Add(settleLimit); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("redis: %s: not within %s", what, settleLimit)
		}
	}
}

func addresses(servers []*Server) string {
	list := make([]string, len(servers))
	for i, server := range servers {
		list[i] = server.Address()
	}
	return strings.Join(list, " ")
}
