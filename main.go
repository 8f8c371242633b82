// Command fibercaptcha runs the demo site.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/redis/go-redis/v9"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/captcha/siteverify"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/handlers"
	"github.com/fibercaptcha/fibercaptcha/handlers/metrics"
	"github.com/fibercaptcha/fibercaptcha/handlers/settings"
	"github.com/fibercaptcha/fibercaptcha/handlers/stats"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

// stopTime is how long a process that stops waits for the requests that have arrived.
const stopTime = 20 * time.Second

// receipts is how long a visitor whom ALTCHA's widget has checked may take to send the form.
const receipts = 5 * time.Minute

func main() {
	if len(os.Args) > 1 {
		os.Exit(command(os.Args[1:]))
	}
	signalled, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, end := context.WithCancel(context.Background())
	context.AfterFunc(signalled, func() {
		stop() // before anything is said of it, for then a second signal ends the process at once
		end()
	})
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "fibercaptcha:", err)
		os.Exit(1)
	}
}

const usage = `Usage: fibercaptcha [command]

Without a command, fibercaptcha serves the demo. The commands are:

  healthcheck  exit with 0 if the demo at ADDR is running, and with 1 if it is not
  licences     print the licences of the embedded fonts

Settings are environment variables, such as ADDR=:8080. README.md and handlers/README.md describe them.
`

// command runs a command other than serving, and returns the exit code.
func command(args []string) (code int) {
	switch strings.Join(args, " ") {
	case "healthcheck":
		return healthcheck()
	case "licences":
		fmt.Print(picture.Licences())
		return 0
	case "-h", "-help", "--help", "help":
		fmt.Print(usage)
		return 0
	}
	fmt.Fprintf(os.Stderr, "fibercaptcha: unknown arguments %q\n\n%s", args, usage)
	return 2
}

func healthcheck() (code int) {
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

// run builds the site from settings, storage and captcha, and listens until ctx ends.
func run(ctx context.Context) error {
	set, err := settings.Parse(os.Environ())
	if err != nil {
		return err
	}
	slog.SetDefault(set.NewLogger(os.Stderr))
	redis.SetLogger(redisLog{})
	for _, stranger := range settings.Unknown(os.Environ()) {
		if stranger.Meant != "" {
			slog.Warn("this environment variable is not a setting and has no effect", "variable", stranger.Name, "did_you_mean", stranger.Meant)
		} else {
			slog.Warn("this environment variable is not a setting and has no effect", "variable", stranger.Name)
		}
	}
	rooms, err := openRooms(ctx, set)
	if err != nil {
		return err
	}
	defer rooms.close()

	counted, counters := metrics.New(), stats.New(time.Now)
	config := set.Captcha()
	config.Storage = counted.Watch(rooms.challenges)
	config.Audio = audio.New()
	config.Work, config.Receipts = work.New(), receipts
	config.Demand = func(c *fiber.Ctx, purpose string) captcha.Demand {
		return cmp.Or(set.Sites.Demand(purpose), handlers.Demand(c, purpose))
	}
	config.Observe = func(ctx context.Context, e captcha.Event) {
		counted.Observe(ctx, e)
		counters.Observe(ctx, e)
	}
	if pressure := set.Pressure(); pressure != nil {
		config.Pressure, config.Client = pressure, web.Client
		counted.Pressure(pressure)
	}
	guard, err := captcha.NewGuard(config)
	if err != nil {
		return settings.Refused(err)
	}
	sites, err := serveSites(guard, set, counted)
	if err != nil {
		return settings.Refused(err)
	}

	app := handlers.New(handlers.Config{
		Guard:          guard,
		Sites:          sites,
		Storage:        counted.Watch(rooms.accounts),
		Sessions:       counted.Watch(rooms.sessions),
		Attempts:       counted.Watch(rooms.attempts),
		Messages:       counted.Watch(rooms.messages),
		Sent:           counted.Watch(rooms.sent),
		Room:           rooms.shared(),
		Ready:          rooms.ready,
		StorageTimeout: time.Duration(set.StorageTimeout),
		Logger:         slog.Default(),
		Limits: handlers.Limits{Issue: set.LimitIssue, Submit: set.LimitSubmit, Audio: set.LimitAudio, Login: set.LimitLogin,
			Kept: limit.Rate(set.LimitKept)},
		Proxies:    set.TrustedProxies,
		Metrics:    counted,
		Stats:      counters,
		Stopping:   func() bool { return ctx.Err() != nil },
		KeyField:   config.Compat.KeyField,
		ImageField: config.Compat.ImageField,
	})
	return listen(ctx, app, set, counted.Handler())
}

// serveSites returns the server for other backends' sites, or nil if there are none.
func serveSites(guard *captcha.Guard, set settings.Settings, counted *metrics.Metrics) (*siteverify.Server, error) {
	if len(set.Sites) == 0 {
		return nil, nil
	}
	return siteverify.NewServer(siteverify.Config{
		Guard:          guard,
		Sites:          set.Sites.List(),
		SealingSecrets: set.Secrets,
		Client:         web.Client,
		Observe:        counted.Verified,
	})
}

// listen serves the app until ctx ends, and then for as long as a balancer needs to notice and requests need to finish.
func listen(ctx context.Context, app *fiber.App, set settings.Settings, metrics http.Handler) error {
	failed := make(chan error, 2)
	if err := listenForMetrics(set, metrics, failed); err != nil {
		return err
	}
	listener, err := web.Listen(ctx, string(set.Addr))
	if err != nil {
		return fmt.Errorf("ADDR: %w; set ADDR to another address, as in ADDR=:8080", err)
	}
	slog.Info("listening", "addr", set.Addr, "url", address(listener.Addr()))
	go func() { failed <- app.Listener(web.LimitConnections(listener, set.Connections, set.TrustedProxies)) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		slog.Info("stopping")
		time.Sleep(time.Duration(set.StopDelay))
		return app.ShutdownWithTimeout(stopTime)
	}
}

// address is where a browser on this machine finds what listens.
func address(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if ip, bad := netip.ParseAddr(host); err == nil && bad == nil && (ip.IsUnspecified() || ip.IsLoopback()) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// listenForMetrics serves the metrics. An address that nobody chose may already be in use by another site on this
// machine.
func listenForMetrics(set settings.Settings, handler http.Handler, failed chan<- error) error {
	addr, optional := set.Metrics()
	if addr == "" {
		return nil
	}
	listener, err := net.Listen("tcp", addr)
	switch {
	case err != nil && optional:
		slog.Warn("metrics are not served, because their address is in use; set METRICS_ADDR to another address, or to none", "error", err)
		return nil
	case err != nil:
		return fmt.Errorf("METRICS_ADDR: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", handler)
	server := http.Server{Handler: mux, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second}
	go func() { failed <- fmt.Errorf("METRICS_ADDR: %w", server.Serve(listener)) }()
	return nil
}

// redisLog writes go-redis's messages into the same log as everything else.
type redisLog struct{}

func (redisLog) Printf(ctx context.Context, format string, args ...any) {
	slog.WarnContext(ctx, fmt.Sprintf(format, args...))
}
