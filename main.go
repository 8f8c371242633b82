// Command fibercaptcha runs the demo site.
package main

import (
	"cmp"
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
	"github.com/fibercaptcha/fibercaptcha/handlers"
	"github.com/fibercaptcha/fibercaptcha/storage"
)

// stopTime is how long requests that have arrived are waited for.
const stopTime = 20 * time.Second

func main() {
	if len(os.Args) > 1 {
		os.Exit(command(os.Args[1:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
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
	settings, err := handlers.ParseSettings(os.Environ())
	if err == nil {
		err = handlers.Healthcheck(string(settings.Addr))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fibercaptcha: healthcheck:", err)
		return 1
	}
	return 0
}

func run(ctx context.Context) error {
	settings, err := handlers.ParseSettings(os.Environ())
	if err != nil {
		return err
	}
	slog.SetDefault(settings.NewLogger(os.Stderr))
	redis.SetLogger(redisLog{})
	patience := storage.Config{
		Wait:    time.Duration(settings.StorageWait) * time.Second,
		Timeout: time.Duration(settings.StorageTimeout),
	}
	store, err := storage.Open(ctx, settings.StorageURL, patience)
	if err != nil {
		return fmt.Errorf("STORAGE_URL: %w", err)
	}
	defer store.Close()

	config := settings.Captcha()
	metrics := handlers.NewMetrics(cmp.Or(config.Expiration, captcha.ConfigDefault.Expiration))
	stats := handlers.NewStats(time.Now)
	config.Observe = func(e captcha.Event) {
		metrics.Observe(e)
		stats.Observe(e)
	}
	watched := metrics.Watch(store)
	config.Storage = watched
	if settings.Cache != "" {
		cache, err := storage.Open(ctx, settings.Cache, patience)
		if err != nil {
			return fmt.Errorf("CAPTCHA_CACHE: %w", err)
		}
		defer cache.Close()
		config.Storage = metrics.Watch(cache)
	}
	config.Audio = audio.New(audio.Config{Letters: config.MaxLength})
	guard, err := newGuard(config)
	if err != nil {
		return err
	}
	app := handlers.New(handlers.Config{
		Guard:            guard,
		Storage:          watched,
		StorageTimeout:   patience.Timeout,
		Logger:           slog.Default(),
		Limits:           settings.Limits(),
		Proxies:          settings.TrustedProxies,
		Metrics:          metrics,
		Stats:            stats,
		MetricsElsewhere: settings.MetricsAddr != "",
		Stopping:         func() bool { return ctx.Err() != nil },
		KeyField:         config.KeyField,
		ImageField:       config.ImageField,
		MaxLength:        config.MaxLength,
	})

	failed := make(chan error, 2)
	if settings.MetricsAddr != "" {
		go func() { failed <- serveMetrics(string(settings.MetricsAddr), metrics.Handler()) }()
	}
	app.Hooks().OnListen(func(fiber.ListenData) error {
		slog.Info("listening", "addr", settings.Addr)
		return nil
	})
	go func() { failed <- app.Listen(string(settings.Addr)) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		slog.Info("stopping")
		time.Sleep(time.Duration(settings.StopDelay))
		return app.ShutdownWithTimeout(stopTime)
	}
}

// newGuard makes an error of what is impossible about settings together: as clear as of each alone, and before listening.
func newGuard(config captcha.Config) (guard *captcha.Guard, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = handlers.Impossible(problem)
		}
	}()
	return captcha.New(config), nil
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
