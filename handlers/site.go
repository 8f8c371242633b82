// Package handlers is the demo: a site with a form or two that a captcha guards, as pages and as a JSON API.
package handlers

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/gofiber/fiber/v2/middleware/compress"
	"github.com/gofiber/template/html/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/attempts"
	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/fibercaptcha/fibercaptcha/handlers/metrics"
	"github.com/fibercaptcha/fibercaptcha/handlers/playground"
	"github.com/fibercaptcha/fibercaptcha/handlers/stats"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
	"github.com/fibercaptcha/fibercaptcha/static"
	"github.com/fibercaptcha/fibercaptcha/views"
)

// Storage is where the site keeps messages and accounts. It is the captcha's storage as well.
type Storage interface {
	fiber.Storage
	captcha.Adder
	captcha.Taker
	captcha.Counter
	Ping(ctx context.Context) error
}

// Config is what a site is made of.
type Config struct {
	Guard   *captcha.Guard
	Storage Storage
	Logger  *slog.Logger

	StorageTimeout time.Duration // that a call of Storage takes at most; 0 is that nobody knows

	Limits   Limits
	Proxies  web.Proxies
	Metrics  *metrics.Metrics // counts requests, and is served at /metrics unless MetricsElsewhere
	Stats    *stats.Stats     // is shown at /stats
	Stopping func() bool      // whether the process has been told to end; nil is never

	MetricsElsewhere bool

	// The guard's, for the API's page and description; empty are its defaults.
	KeyField, ImageField string
	MaxLength            int
}

// Limits are the limits of one visitor, each counted for itself; the zero Rate is none.
type Limits struct {
	Issue  limit.Rate // challenges asked for, by the API or by opening a form; pictures drawn by the playground
	Submit limit.Rate // forms sent
	Audio  limit.Rate // sounds asked for
	Login  limit.Rate // passwords tried
}

type site struct {
	Config
	sessions    sessions
	logins      *attempts.Attempts
	passwords   *passwords
	playground  *playground.Playground
	description []byte // the API's, OpenAPI
}

// New returns the site's app.
func New(cfg Config) *fiber.App {
	if cfg.Metrics == nil {
		cfg.Metrics = metrics.New()
	}
	if cfg.Stats == nil {
		cfg.Stats = stats.New(time.Now)
	}
	if cfg.Stopping == nil {
		cfg.Stopping = func() bool { return false }
	}
	assets := web.NewAssets(static.FS)
	app := web.NewApp(templates(assets), cfg.Proxies)
	newSite(cfg).routes(app, assets)
	return app
}

func newSite(cfg Config) *site {
	openAPI, err := fs.ReadFile(static.FS, "openapi.yaml")
	if err != nil {
		panic(err) // it is embedded
	}
	s := &site{
		Config:   cfg,
		sessions: newSessions(cfg.Storage),
		logins: attempts.New(attempts.Config{
			Guard:   cfg.Guard.For("login"),
			Storage: cfg.Storage,
			Network: func(c *fiber.Ctx) string { return attempts.NetworkOf(web.Client(c)) },
		}),
		passwords:  newPasswords(),
		playground: playground.New(),
	}
	s.description = s.apiFields().describe(openAPI)
	return s
}

func templates(assets web.Assets) fiber.Views {
	engine := html.NewFileSystem(http.FS(views.FS), ".html")
	engine.AddFunc("asset", assets.URL)
	engine.AddFunc("refused", refused)
	engine.AddFunc("has", slices.Contains[[]string])
	engine.AddFunc("host", func(base string) string { _, host, _ := strings.Cut(base, "://"); return host })
	engine.AddFunc("rows", func(text string) int { return max(1, strings.Count(text, "\n")) })
	return engine
}

func (s *site) routes(app *fiber.App, assets web.Assets) {
	app.Get("/livez", web.Live)
	app.Get("/readyz", web.Ready(s.Logger, s.Stopping, func(ctx context.Context) error { return s.Storage.Ping(ctx) }))
	if !s.MetricsElsewhere {
		app.Get("/metrics", adaptor.HTTPHandler(s.Metrics.Handler()))
	}
	app.Use(web.Observe(s.Logger, s.Proxies, s.Metrics.Request), web.CloseWhile(s.Stopping), web.Restrict, web.Recover(),
		web.SameOrigin(), web.ReadBody, web.PlainBody)
	issue, submit := limited(s.Limits.Issue), limited(s.Limits.Submit)
	audio, login := limited(s.Limits.Audio), limited(s.Limits.Login)
	draw := limited(s.Limits.Issue) // counted apart, so that nobody plays away their way to the forms

	app.Get("/static/:name", compress.New(), assets.Serve)
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
	app.Get("/login", issue, s.withDeadline, s.loginForm)
	app.Post("/login", login, s.withDeadline, s.loginSubmit)
	app.Get("/account", s.accountHome)
	app.Post("/logout", s.logout)

	app.Get("/api/openapi.yaml", s.openAPI)
	app.All("/api/captcha", issue, s.Guard.Create)
	app.All("/api/captcha/field", issue, s.Guard.Field)
	app.Get("/api/captcha/:key/audio.wav", audio, s.Guard.Audio)
	app.Get("/api/captcha/assets/:file", s.Guard.Assets)
	app.Post("/api/contact", submit, s.contactAPI)
	app.Post("/api/signup", submit, s.signupAPI)
}

// limited lets each visitor through at a rate. What is too much is an error for web.Fail.
func limited(rate limit.Rate) fiber.Handler {
	if rate == (limit.Rate{}) {
		rate.Count = limit.Unlimited
	}
	return limit.New(limit.Config{Rate: rate, Client: web.Client, ErrorHandler: func(_ *fiber.Ctx, err error) error { return err }})
}
