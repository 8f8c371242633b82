// Command fibercaptcha runs the demo site.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/redis/go-redis/v9"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/handlers"
	"github.com/fibercaptcha/fibercaptcha/handlers/metrics"
	"github.com/fibercaptcha/fibercaptcha/handlers/settings"
	"github.com/fibercaptcha/fibercaptcha/handlers/stats"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
	"github.com/fibercaptcha/fibercaptcha/storage"
)

// stopTime is how long requests that have arrived are waited for.
const stopTime = 20 * time.Second

// receipts is how long a form may take that was let in by ALTCHA's widget before it is sent.
const receipts = 5 * time.Minute

func main() {
	if len(os.Args) > 1 {
		os.Exit(command(os.Args[1:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal then ends the process at once
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "fibercaptcha:", err)
		os.Exit(1)
	}
}

// command does what is not serving. Its only one is healthcheck, which exits with 0 if the site at ADDR lives.
func command(args []string) (code int) {
	if len(args) != 1 || args[0] != "healthcheck" {
		fmt.Fprintf(os.Stderr, "fibercaptcha: unknown arguments %q; accepted is none, to serve, or healthcheck\n", args)
		return 2
	}
	set, err := settings.Parse(os.Environ())
	if err == nil {
		err = web.Healthcheck(string(set.Addr))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fibercaptcha: healthcheck:", err)
		return 1
	}
	return 0
}

// run goes from settings to storage, captcha, site, and listens until ctx ends.
func run(ctx context.Context) error {
	set, err := settings.Parse(os.Environ())
	if err != nil {
		return err
	}
	slog.SetDefault(set.NewLogger(os.Stderr))
	redis.SetLogger(redisLog{})
	records, challenges, err := openStorages(ctx, set)
	if err != nil {
		return err
	}
	defer records.Close()
	if challenges != records {
		defer challenges.Close()
	}

	counted, counters := metrics.New(), stats.New(time.Now)
	config := set.Captcha()
	config.Storage = counted.Watch(challenges)
	config.Audio = audio.New()
	config.Work, config.Demand, config.Receipts = work.New(), handlers.Demand, receipts
	config.Observe = func(ctx context.Context, e captcha.Event) {
		counted.Observe(ctx, e)
		counters.Observe(ctx, e)
	}
	guard, err := captcha.NewGuard(config)
	if err != nil {
		return settings.Refused(err)
	}

	app := handlers.New(handlers.Config{
		Guard:            guard,
		Storage:          counted.Watch(records),
		StorageTimeout:   time.Duration(set.StorageTimeout),
		Logger:           slog.Default(),
		Limits:           handlers.Limits{Issue: set.LimitIssue, Submit: set.LimitSubmit, Audio: set.LimitAudio, Login: set.LimitLogin},
		Proxies:          set.TrustedProxies,
		Metrics:          counted,
		Stats:            counters,
		MetricsElsewhere: set.MetricsAddr != "",
		Stopping:         func() bool { return ctx.Err() != nil },
		KeyField:         config.Compat.KeyField,
		ImageField:       config.Compat.ImageField,
		MaxLength:        config.MaxLength,
	})
	return listen(ctx, app, set, counted.Handler())
}

// openStorages opens that of the site's records and that of the captcha, which are one unless the captcha has its own.
func openStorages(ctx context.Context, set settings.Settings) (records, challenges storage.Storage, err error) {
	patience := storage.Config{
		Wait:    time.Duration(set.StorageWait) * time.Second,
		Timeout: time.Duration(set.StorageTimeout),
	}
	if records, err = storage.Open(ctx, set.StorageURL, patience); err != nil {
		return nil, nil, fmt.Errorf("STORAGE_URL: %w", err)
	}
	if set.Cache == "" {
		return records, records, nil
	}
	if challenges, err = storage.Open(ctx, set.Cache, patience); err != nil {
		_ = records.Close()
		return nil, nil, fmt.Errorf("CAPTCHA_CACHE: %w", err)
	}
	return records, challenges, nil
}

// listen serves the app until ctx ends, and then for as long as a balancer needs to notice and requests need to end.
func listen(ctx context.Context, app *fiber.App, set settings.Settings, metrics http.Handler) error {
	failed := make(chan error, 2)
	if set.MetricsAddr != "" {
		go func() { failed <- serveMetrics(string(set.MetricsAddr), metrics) }()
	}
	app.Hooks().OnListen(func(fiber.ListenData) error {
		slog.Info("listening", "addr", set.Addr)
		return nil
	})
	go func() { failed <- app.Listen(string(set.Addr)) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		slog.Info("stopping")
		time.Sleep(time.Duration(set.StopDelay))
		return app.ShutdownWithTimeout(stopTime)
	}
}

func serveMetrics(addr string, handler http.Handler) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", handler)
	server := http.Server{Addr: addr, Handler: mux, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second}
	return fmt.Errorf("METRICS_ADDR: %w", server.ListenAndServe())
}

// redisLog takes what go-redis has to say into the log of all else.
type redisLog struct{}

func (redisLog) Printf(ctx context.Context, format string, args ...any) {
	slog.WarnContext(ctx, fmt.Sprintf(format, args...))
}
