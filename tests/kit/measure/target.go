// Package measure drives HTTP servers on loopback and counts what they spend: CPU time and memory of their processes, as
// the kernel has it, and the times of their replies.
package measure

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

// MaxConnections is the most connections at a time that a Target opens.
const MaxConnections = 1000

// Target is a server under measurement.
type Target struct {
	Name, Method, URL string
	PIDs              []int // the processes whose CPU time counts

	client fasthttp.HostClient
}

// Round is the result of one round of requests to one server.
type Round struct {
	CPU      time.Duration // a request's share of the server's time, user and system
	P50, P99 time.Duration // of the times from request to reply
	Rate     float64       // requests a second
	Bytes    int           // mean size of a reply's body
}

// NewTarget refuses every address that is not on loopback: this package makes load.
func NewTarget(name, method, address string, pids []int) (*Target, error) {
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
	t := &Target{Name: name, Method: method, URL: address, PIDs: pids}
	t.client.Addr = net.JoinHostPort(addresses[0].String(), port)
	t.client.MaxConns = MaxConnections
	t.client.MaxIdemponentCallAttempts = 1 // a request counts once
	return t, nil
}

// Measure sends n requests over this many connections at a time, after some that do not count. A reply other than 200
// is an error, because a refusal costs less than an answer.
func (t *Target) Measure(ctx context.Context, n, connections int) (r Round, err error) {
	if _, err := t.send(ctx, min(n, connections*10), connections); err != nil { // opens the connections, warms the server up
		return r, err
	}
	before, err := CPUTime(t.PIDs)
	if err != nil {
		return r, err
	}
	start := time.Now()
	sent, err := t.send(ctx, n, connections)
	if err != nil {
		return r, err
	}
	took := time.Since(start)
	after, err := CPUTime(t.PIDs)
	if err != nil {
		return r, err
	}
	slices.Sort(sent.times)
	return Round{
		CPU:   (after - before) / time.Duration(n),
		P50:   sent.times[n/2],
		P99:   sent.times[n*99/100],
		Rate:  float64(n) / took.Seconds(),
		Bytes: sent.bytes / n,
	}, nil
}

// sent is what came of some requests.
type sent struct {
	times []time.Duration
	bytes int
}

func (t *Target) send(ctx context.Context, n, connections int) (sent, error) {
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

// request returns the size of the reply's body.
func (t *Target) request() (size int, err error) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	request.Header.SetMethod(t.Method)
	request.SetRequestURI(t.URL)
	if err := t.client.DoTimeout(request, response, 10*time.Second); err != nil {
		return 0, err
	}
	if response.StatusCode() != fasthttp.StatusOK {
		return 0, fmt.Errorf("status %d: %.200s", response.StatusCode(), response.Body())
	}
	return len(response.Body()), nil
}
