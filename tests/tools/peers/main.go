// Peers compares this project's challenges with those of other Go libraries, measured by turns in one run:
//
//	cd tests/tools/peers && go run .
//
// The cost of a picture is the CPU time of this process, garbage collection included, and the memory that it allocates.
// The cost of a request is the CPU time, user and system, of a Fiber server that issues challenges. Each library has
// such a server in a process of its own. The figures say nothing about how well a library's pictures withstand
// programs.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image/png"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/measure"
	"github.com/gofiber/fiber/v2"
)

type options struct{ pictures, requests, rounds int }

func main() {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		fail(serve(os.Args[2:]))
		return
	}
	var o options
	flag.IntVar(&o.pictures, "pictures", 500, "pictures of each library in a round")
	flag.IntVar(&o.requests, "requests", 2000, "requests to each library in a round")
	flag.IntVar(&o.rounds, "rounds", 5, "number of rounds")
	flag.Parse()
	if min(o.pictures, o.requests, o.rounds) < 1 || max(o.pictures, o.requests) > 100_000 || o.rounds > 50 {
		fail(fmt.Errorf("-pictures %d -requests %d -rounds %d; accepted: 1 to 100000, 1 to 100000, 1 to 50", o.pictures, o.requests, o.rounds))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for s := range sizes {
		fail(compare(ctx, s, o, os.Stdout))
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// serve is a server process: serve LIBRARY SIZE, both as indices.
func serve(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("serve %q", args)
	}
	l, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	s, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Post("/", libraries[l].serve(sizes[s]))
	return measure.Serve(app)
}

// A result is one library's at one size, a value a round.
type result struct {
	picture, request       []time.Duration // CPU
	allocations, allocated []float64       // a picture
	bytes                  []float64       // of PNG a picture
	memory                 int             // of the server at its peak, bytes
}

// compare measures all libraries at one of the sizes, and prints a table.
func compare(ctx context.Context, s int, o options, out io.Writer) error {
	results := make([]result, len(libraries))
	indices := make([]int, len(libraries))
	draws := make([]func() []byte, len(libraries))
	for i, l := range libraries {
		indices[i], draws[i] = i, l.draw(sizes[s])
		if err := check(draws[i](), sizes[s]); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
	}
	for round := range o.rounds {
		for _, i := range measure.InTurn(indices, round) {
			if err := results[i].drawSome(draws[i], o.pictures); err != nil {
				return err
			}
		}
	}
	if err := requests(ctx, s, o, results); err != nil {
		return err
	}
	return print(out, sizes[s], results)
}

// check finds out whether a library draws what it was asked to, before its speed is compared.
func check(image []byte, s size) error {
	config, err := png.DecodeConfig(bytes.NewReader(image))
	if err != nil {
		return err
	}
	if config.Width != s.width || config.Height != s.height {
		return fmt.Errorf("a picture of %d x %d, not %d x %d", config.Width, config.Height, s.width, s.height)
	}
	return nil
}

func (r *result) drawSome(draw func() []byte, n int) error {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start, err := ownTime()
	if err != nil {
		return err
	}
	total := 0
	for range n {
		total += len(draw())
	}
	end, err := ownTime()
	if err != nil {
		return err
	}
	runtime.ReadMemStats(&after)
	r.picture = append(r.picture, (end-start)/time.Duration(n))
	r.allocations = append(r.allocations, float64(after.Mallocs-before.Mallocs)/float64(n))
	r.allocated = append(r.allocated, float64(after.TotalAlloc-before.TotalAlloc)/float64(n))
	r.bytes = append(r.bytes, float64(total)/float64(n))
	return nil
}

// ownTime is the CPU time of this process so far, user and system.
func ownTime() (time.Duration, error) {
	var usage syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), err
}

func requests(ctx context.Context, s int, o options, results []result) error {
	indices := make([]int, len(libraries))
	targets := make([]*measure.Target, len(libraries))
	for i, l := range libraries {
		t, stop, err := measure.Start(l.name, "/", "serve", strconv.Itoa(i), strconv.Itoa(s))
		if err != nil {
			return err
		}
		defer stop()
		indices[i], targets[i] = i, t
	}
	for round := range o.rounds {
		for _, i := range measure.InTurn(indices, round) {
			r, err := targets[i].Measure(ctx, o.requests, 8)
			if err != nil {
				return fmt.Errorf("%s: %w", libraries[i].name, err)
			}
			results[i].request = append(results[i].request, r.CPU)
		}
	}
	for i, t := range targets {
		var err error
		if results[i].memory, err = measure.PeakMemory(t.PIDs); err != nil {
			return err
		}
	}
	return nil
}

// print compares everything with the first library, by medians.
func print(out io.Writer, s size, results []result) error {
	fmt.Fprintf(out, "\n%s (dchest draws digits only)\n", s)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "library\tCPU per picture\ttimes ours\tallocations\tallocated\tPNG bytes\tCPU per request\ttimes ours\tpeak memory\t")
	base := results[0]
	for i, r := range results {
		picture, request := measure.Median(r.picture), measure.Median(r.request)
		fmt.Fprintf(table, "%s\t%s\t%.1f\t%.0f\t%.1f KB\t%.0f\t%s\t%.1f\t%d MiB\t\n", libraries[i].name,
			measure.Micros(picture), float64(picture)/float64(measure.Median(base.picture)),
			measure.Median(r.allocations), measure.Median(r.allocated)/1000, measure.Median(r.bytes),
			measure.Micros(request), float64(request)/float64(measure.Median(base.request)), r.memory>>20)
	}
	return table.Flush()
}
