package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// target is a server under measurement.
type target struct {
	name, method, url string
	pids              []int // the processes whose CPU time counts
	client            fasthttp.HostClient
	rounds            []measurement
}

// measurement is one round of one server.
type measurement struct {
	cpu, p50, p99 time.Duration // CPU is a request's share of the server's time, user and system
	rate          float64       // requests a second
	bytes         int           // mean size of a reply's body
}

// newTarget refuses every address that is not on loopback: this program makes load.
func newTarget(name, method, address string, pids []int) (*target, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.Hostname() == "" {
		return nil, fmt.Errorf("%q is not an address; accepted: http://127.0.0.1:PORT/PATH", address)
	}
	addresses, err := net.LookupIP(u.Hostname())
	if err != nil {
		return nil, err
	}
	for _, ip := range addresses {
		if !ip.IsLoopback() {
			return nil, fmt.Errorf("%q is not on loopback; nothing else is measured", address)
		}
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	t := &target{name: name, method: method, url: address, pids: pids}
	t.client.Addr = net.JoinHostPort(addresses[0].String(), port)
	t.client.MaxConns = maxConnections
	t.client.RetryIf = func(*fasthttp.Request) bool { return false }
	return t, nil
}

// measure sends n requests over so many connections at a time.
func (t *target) measure(ctx context.Context, n, connections int) (m measurement, err error) {
	if _, err := t.send(ctx, connections*10, connections); err != nil { // opens the connections, warms the server up
		return m, err
	}
	before, err := cpuTime(t.pids)
	if err != nil {
		return m, err
	}
	start := time.Now()
	sent, err := t.send(ctx, n, connections)
	if err != nil {
		return m, err
	}
	took := time.Since(start)
	after, err := cpuTime(t.pids)
	if err != nil {
		return m, err
	}
	slices.Sort(sent.times)
	m = measurement{
		cpu:   (after - before) / time.Duration(n),
		p50:   sent.times[n/2],
		p99:   sent.times[n*99/100],
		rate:  float64(n) / took.Seconds(),
		bytes: sent.bytes / n,
	}
	t.rounds = append(t.rounds, m)
	return m, nil
}

func (t *target) cpus() (cpus []time.Duration) {
	for _, m := range t.rounds {
		cpus = append(cpus, m.cpu)
	}
	return cpus
}

// sent is what came of some requests.
type sent struct {
	times []time.Duration
	bytes int
}

func (t *target) send(ctx context.Context, n, connections int) (sent, error) {
	all := sent{times: make([]time.Duration, n)}
	var next, bytes atomic.Int64
	errs := make([]error, connections)
	var workers sync.WaitGroup
	for worker := range connections {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				if errs[worker] = ctx.Err(); errs[worker] != nil {
					return
				}
				start := time.Now()
				size, err := t.request()
				if err != nil {
					errs[worker] = err
					return
				}
				all.times[i] = time.Since(start)
				bytes.Add(int64(size))
			}
		})
	}
	workers.Wait()
	all.bytes = int(bytes.Load())
	return all, errors.Join(errs...)
}

// request returns the size of the reply's body. All but 200 is an error, for a refusal costs less than an answer.
func (t *target) request() (size int, err error) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	request.Header.SetMethod(t.method)
	request.SetRequestURI(t.url)
	if err := t.client.DoTimeout(request, response, 10*time.Second); err != nil {
		return 0, err
	}
	if response.StatusCode() != fasthttp.StatusOK {
		return 0, fmt.Errorf("status %d: %.200s", response.StatusCode(), response.Body())
	}
	return len(response.Body()), nil
}
