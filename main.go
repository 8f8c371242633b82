// Command fibercaptcha runs the demo site.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
	"github.com/fibercaptcha/fibercaptcha/handlers"
	"github.com/fibercaptcha/fibercaptcha/storage"
)

// stopTime is how long requests that have arrived are waited for.
const stopTime = 20 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "fibercaptcha:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	settings, err := handlers.ParseSettings()
	if err != nil {
		return err
	}
	// A setting that is impossible together with others is found by the guard: as clear, and also before listening.
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("%v", problem)
		}
	}()
	store, err := storage.Open(ctx, settings.StorageURL)
	if err != nil {
		return fmt.Errorf("STORAGE_URL: %w", err)
	}
	defer store.Close()

	config := settings.Captcha()
	config.Storage = store
	if settings.Cache != "" {
		cache, err := storage.Open(ctx, settings.Cache)
		if err != nil {
			return fmt.Errorf("CAPTCHA_CACHE: %w", err)
		}
		defer cache.Close()
		config.Storage = cache
	}
	config.Audio = audio.New()
	app := handlers.New(handlers.Config{Guard: captcha.New(config), Storage: store, Logger: slog.Default()})

	failed := make(chan error, 1)
	go func() { failed <- app.Listen(settings.Addr) }()
	slog.Info("listening", "addr", settings.Addr)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return app.ShutdownWithTimeout(stopTime)
	}
}
