// Load measures what a challenge costs a server over HTTP. It compares the CPU time of a request with that of a Fiber
// route that returns a constant reply of the same size. It measures both by turns in one run, over kept-alive
// connections on loopback.
//
//	go run ./tests/tools/load
//	go run ./tests/tools/load -servers constant,sealed,stored -redis
//	go run ./tests/tools/load -url http://127.0.0.1:8000/api/captcha/ -pid 4711
//
// Each server is a process of its own, and the kernel counts its CPU time and peak memory. Absolute figures depend on
// the machine and on what else it does. The ratio, which is the median of several rounds, hardly does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/measure"
)

// Bounds of a run, so that a slip of the finger is no flood.
const (
	maxRequests = 1_000_000
	maxRounds   = 50
	maxTime     = 10 * time.Minute
)

type options struct {
	servers                       string
	redis                         bool
	url, method, name             string
	pid                           int
	requests, rounds, connections int
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		fail(serve(os.Args[2:]))
		return
	}
	var o options
	flag.StringVar(&o.servers, "servers", "constant,sealed", "servers to start, with commas between; the others are compared with the first: "+strings.Join(kinds, ", ")+"; or none")
	flag.BoolVar(&o.redis, "redis", false, "keep challenges in Redis, either the one at REDIS_URL or a redis-server that this program starts")
	flag.StringVar(&o.url, "url", "", "measure this address too, which must be on loopback")
	flag.StringVar(&o.method, "method", "POST", "HTTP method for -url")
	flag.StringVar(&o.name, "name", "url", "name for -url in the report")
	flag.IntVar(&o.pid, "pid", 0, "ID of the process that serves -url; its CPU time and that of its children are counted")
	flag.IntVar(&o.requests, "requests", 20_000, "requests to each server in a round")
	flag.IntVar(&o.rounds, "rounds", 5, "number of rounds")
	flag.IntVar(&o.connections, "connections", 16, "number of connections at the same time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fail(run(ctx, o, os.Stdout))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func (o options) check() error {
	switch {
	case o.requests < 1 || o.requests > maxRequests:
		return fmt.Errorf("-requests is %d; accepted: 1 to %d", o.requests, maxRequests)
	case o.rounds < 1 || o.rounds > maxRounds:
		return fmt.Errorf("-rounds is %d; accepted: 1 to %d", o.rounds, maxRounds)
	case o.connections < 1 || o.connections > measure.MaxConnections:
		return fmt.Errorf("-connections is %d; accepted: 1 to %d", o.connections, measure.MaxConnections)
	case (o.url == "") != (o.pid == 0):
		return errors.New("-url and -pid must be given together")
	}
	return nil
}

func run(ctx context.Context, o options, out io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	targets, stop, err := prepare(ctx, o)
	defer stop()
	if err != nil {
		return err
	}
	cpu := make(map[*measure.Target][]time.Duration)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "round\tserver\tbytes\tCPU per request\tp50\tp99\trequests/s\t")
	for round := range o.rounds {
		for _, t := range measure.InTurn(targets, round) {
			r, err := t.Measure(ctx, o.requests, o.connections)
			if err != nil {
				return fmt.Errorf("%s: %w", t.Name, err)
			}
			cpu[t] = append(cpu[t], r.CPU)
			fmt.Fprintf(table, "%d\t%s\t%d\t%s\t%s\t%s\t%.0f\t\n", round+1, t.Name, r.Bytes,
				measure.Micros(r.CPU), measure.Micros(r.P50), measure.Micros(r.P99), r.Rate)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return report(out, targets, cpu)
}

func report(out io.Writer, targets []*measure.Target, cpu map[*measure.Target][]time.Duration) error {
	base := targets[0]
	for _, t := range targets {
		memory, err := measure.PeakMemory(t.PIDs)
		if err != nil {
			return err
		}
		var ratios []float64
		for round := range cpu[t] {
			ratios = append(ratios, float64(cpu[t][round])/float64(cpu[base][round]))
		}
		fmt.Fprintf(out, "%s: median %s CPU per request, %.2f times %s; peak memory %d MiB\n",
			t.Name, measure.Micros(measure.Median(cpu[t])), measure.Median(ratios), base.Name, memory>>20)
	}
	return nil
}
