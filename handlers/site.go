// Package handlers is the demo: a site with a form or two that a captcha guards, as pages and as a JSON API.
package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/gofiber/template/html/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/static"
	"github.com/fibercaptcha/fibercaptcha/views"
)

// Storage is where the site keeps messages and accounts. It is the captcha's storage as well.
type Storage interface {
	fiber.Storage
	captcha.Adder
	captcha.Taker
	Ping(ctx context.Context) error
}

// Config is what a site is made of.
type Config struct {
	Guard   *captcha.Guard
	Storage Storage
	Logger  *slog.Logger

	StorageTimeout time.Duration // that a call of Storage takes at most; 0 is that nobody knows

	Limits   Limits
	Proxies  Proxies
	Metrics  *Metrics    // counts requests, and is served at /metrics unless MetricsElsewhere
	Stats    *Stats      // is shown at /stats
	Stopping func() bool // whether the process has been told to end; nil is never

	MetricsElsewhere bool

	// The guard's, for the API's page and description; empty are its defaults.
	KeyField, ImageField string
	MaxLength            int
}

type site struct {
	Config
	sessions    sessions
	attempts    attempts
	passwords   *passwords
	playground  *playground
	description []byte // the API's, OpenAPI
}

// New returns the site's app.
func New(cfg Config) *fiber.App {
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics(captcha.ConfigDefault.Expiration)
	}
	if cfg.Stats == nil {
		cfg.Stats = NewStats(time.Now)
	}
	assets := loadAssets(static.FS)
	s := &site{
		Config:     cfg,
		sessions:   newSessions(cfg.Storage),
		attempts:   attempts{cfg.Storage},
		passwords:  newPasswords(),
		playground: newPlayground(assets),
	}
	s.description = s.apiFields().describe(assets["openapi.yaml"].content)
	engine := html.NewFileSystem(http.FS(views.FS), ".html")
	engine.AddFunc("asset", assets.url)
	engine.AddFunc("has", slices.Contains[[]string])
	engine.AddFunc("host", func(base string) string { _, host, _ := strings.Cut(base, "://"); return host })
	engine.AddFunc("rows", func(text string) int { return max(1, strings.Count(text, "\n")) })
	app := fiber.New(fiber.Config{
		AppName:               "fibercaptcha",
		Views:                 engine,
		ViewsLayout:           "layout",
		ErrorHandler:          s.fail,
		DisableStartupMessage: true,
		Network:               fiber.NetworkTCP, // IPv4 and IPv6: Fiber by itself listens on IPv4 alone
		BodyLimit:             bodyLimit,
		StreamRequestBody:     true, // for readBody
		ReadTimeout:           10 * time.Second,
		WriteTimeout:          10 * time.Second,
		IdleTimeout:           60 * time.Second,
		// A multipart body that is cut short is then a request that a handler refuses, not a connection that breaks.
		DisablePreParseMultipartForm: true,
		// Without the check Fiber believes what anybody says of the protocol and the host.
		EnableTrustedProxyCheck: true,
		TrustedProxies:          cfg.Proxies.strings(),
	})
	app.Get("/livez", s.live)
	app.Get("/readyz", s.ready)
	if !cfg.MetricsElsewhere {
		app.Get("/metrics", adaptor.HTTPHandler(cfg.Metrics.Handler()))
	}
	panics := recover.New(recover.Config{EnableStackTrace: true, StackTraceHandler: s.panicked})
	app.Use(s.observe, secure, panics, sameOrigin(), readBody, plainBody)
	issue, submit := s.limit(cfg.Limits.Issue), s.limit(cfg.Limits.Submit)
	audio, login := s.limit(cfg.Limits.Audio), s.limit(cfg.Limits.Login)
	draw := s.limit(cfg.Limits.Issue) // counted apart, so that nobody plays away their way to the forms

	app.Get("/static/:name", assets.serve)
	app.Get("/", issue, s.home)
	app.Post("/", submit, s.homeTry)

	app.Get("/playground", draw, s.playgroundShow)
	app.Get("/developers", issue, s.apiShow)
	app.Get("/stats", s.statsShow)

	app.Get("/contact", issue, s.contactForm)
	app.Post("/contact", submit, s.contactSubmit)
	app.Get("/contact/:reference", s.contactReceipt)
	app.Get("/signup", issue, s.signupForm)
	app.Post("/signup", submit, s.signupSubmit)
	app.Get("/login", issue, s.loginForm)
	app.Post("/login", login, s.loginSubmit)
	app.Get("/account", s.accountHome)
	app.Post("/logout", s.logout)

	app.Get("/api/openapi.yaml", s.openAPI)
	app.All("/api/captcha", issue, cfg.Guard.Create)
	app.Get("/api/captcha/:key/audio.wav", audio, cfg.Guard.Audio)
	app.Get("/api/captcha/assets/:file", cfg.Guard.Assets)
	app.Post("/api/contact", submit, s.contactAPI)
	app.Post("/api/signup", submit, s.signupAPI)
	return app
}
