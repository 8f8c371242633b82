package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/measure"
)

// kinds are the servers that this program can be: a constant reply, and challenges kept in either way.
var kinds = []string{"constant", "sealed", "stored"}

// serve is the server process.
func serve(args []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	kind := flags.String("kind", "", "what to be")
	size := flags.Int("size", 0, "bytes of the constant reply")
	url := flags.String("storage", "memory://", "where to keep challenges")
	if err := flags.Parse(args); err != nil {
		return err
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	if *kind == "constant" {
		app.All("/api/captcha/", constant(*size))
	} else {
		store, err := storage.Open(context.Background(), *url)
		if err != nil {
			return err
		}
		defer store.Close()
		app.All("/api/captcha/", captcha.New(captcha.Config{Storage: store, Stored: *kind == "stored"}).Create)
	}
	return measure.Serve(app)
}

// constant replies with the headers of a challenge.
func constant(size int) fiber.Handler {
	body := []byte(`{"filler":"` + strings.Repeat("A", max(0, size-len(`{"filler":""}`))) + `"}`)
	return func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderCacheControl, "no-store")
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.Send(body)
	}
}

// prepare starts what the options ask for. Stop is to be called even after an error.
func prepare(ctx context.Context, o options) (targets []*measure.Target, stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, stop := range slices.Backward(stops) {
			stop()
		}
	}
	storageURL := "memory://"
	if o.redis {
		url, stopRedis, err := redis(ctx)
		if err != nil {
			return nil, stop, err
		}
		storageURL, stops = url, append(stops, stopRedis)
	}
	size, err := replySize(ctx)
	if err != nil {
		return nil, stop, err
	}
	for _, kind := range strings.Split(o.servers, ",") {
		if kind == "none" {
			continue
		}
		if !slices.Contains(kinds, kind) {
			return nil, stop, fmt.Errorf("-servers has %q; accepted: %s, none", kind, strings.Join(kinds, ", "))
		}
		t, stopServer, err := start(kind, size, storageURL)
		if err != nil {
			return nil, stop, err
		}
		targets, stops = append(targets, t), append(stops, stopServer)
	}
	if o.url != "" {
		t, err := measure.NewTarget(o.name, o.method, o.url, measure.WithChildren(o.pid))
		if err != nil {
			return nil, stop, err
		}
		targets = append(targets, t)
	}
	if len(targets) == 0 {
		return nil, stop, errors.New("nothing to measure: -servers is none and -url is not set")
	}
	return targets, stop, nil
}

// replySize is the mean size of a challenge's reply.
func replySize(ctx context.Context) (int, error) {
	t, stop, err := start("sealed", 0, "memory://")
	if err != nil {
		return 0, err
	}
	defer stop()
	r, err := t.Measure(ctx, 500, 1)
	return r.Bytes, err
}

// start runs this program as a server.
func start(kind string, size int, storageURL string) (*measure.Target, func(), error) {
	return measure.Start(kind, "/api/captcha/", "serve", "-kind", kind, "-size", strconv.Itoa(size), "-storage", storageURL)
}

// redis returns the URL of the Redis at REDIS_URL, or of a redis-server that it starts and that keeps nothing on disk.
func redis(ctx context.Context) (url string, stop func(), err error) {
	if url := os.Getenv("REDIS_URL"); url != "" {
		return url, func() {}, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	process := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--save", "", "--appendonly", "no")
	if err := process.Start(); err != nil {
		return "", nil, fmt.Errorf("-redis needs REDIS_URL or a redis-server: %w", err)
	}
	stop = func() {
		process.Process.Kill()
		process.Wait()
	}
	url = fmt.Sprintf("redis://127.0.0.1:%d", port)
	store, err := storage.Open(ctx, url, storage.Config{Wait: 30 * time.Second}) // waits until it is up
	if err != nil {
		stop()
		return "", nil, err
	}
	return url, stop, store.Close()
}
