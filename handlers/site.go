// Package handlers is the demo: a site with some forms that a captcha guards, as pages and as a JSON API.
package handlers

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/compress"
	"github.com/gofiber/template/html/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/attempts"
	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/fibercaptcha/fibercaptcha/captcha/once"
	"github.com/fibercaptcha/fibercaptcha/captcha/siteverify"
	"github.com/fibercaptcha/fibercaptcha/handlers/kept"
	"github.com/fibercaptcha/fibercaptcha/handlers/metrics"
	"github.com/fibercaptcha/fibercaptcha/handlers/playground"
	"github.com/fibercaptcha/fibercaptcha/handlers/stats"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
	"github.com/fibercaptcha/fibercaptcha/static"
	"github.com/fibercaptcha/fibercaptcha/views"
)

// Storage is where the site keeps things. It may be the captcha's storage too.
type Storage interface {
	fiber.Storage
	captcha.Adder
	captcha.Taker
	captcha.Counter
	Ping(ctx context.Context) error
}

// Config is what a site is made of.
type Config struct {
	Guard  *captcha.Guard
	Sites  *siteverify.Server // for other sites' backends; nil means none
	Logger *slog.Logger

	// Storage keeps accounts. If a storage is bounded, the others are storages of their own, so that none of them can fill
	// up another. What is left nil is kept in Storage too.
	Storage, Sessions, Attempts, Messages, Sent Storage

	// Room is the size, in bytes, of the storage of messages, accounts and all else; 0 means that it is large enough.
	Room int64

	// Ready returns nil while the storages do what requests need. If it is nil, Storage only has to answer.
	Ready func(ctx context.Context) error

	StorageTimeout time.Duration // the longest that a call of Storage takes; 0: not known

	Limits   Limits
	Proxies  web.Proxies
	Metrics  *metrics.Metrics // counts requests
	Stats    *stats.Stats     // is shown at /stats
	Stopping func() bool      // whether the process has been told to end; nil: it never is

	// The guard's names, for the API's page and description. Empty means its defaults.
	KeyField, ImageField string
}

// Limits are the limits for one visitor, each counted separately. The zero Rate means no limit.
type Limits struct {
	Issue  limit.Rate // challenges asked for, by the API or by opening a form; pictures drawn by the playground
	Submit limit.Rate // forms sent
	Audio  limit.Rate // sounds asked for
	Login  limit.Rate // passwords tried
	Kept   limit.Rate // messages left, and accounts made
}

type site struct {
	Config
	sessions    sessions
	logins      *attempts.Attempts
	passwords   *passwords
	kept        *kept.Kept
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
	for _, room := range []*Storage{&cfg.Sessions, &cfg.Attempts, &cfg.Messages, &cfg.Sent} {
		if *room == nil {
			*room = cfg.Storage
		}
	}
	if cfg.Ready == nil {
		cfg.Ready = func(ctx context.Context) error { return cfg.Storage.Ping(ctx) }
	}
	if cfg.Stopping == nil {
		cfg.Stopping = func() bool { return false }
	}
	assets := web.NewAssets(static.FS)
	app := web.NewApp(templates(assets), cfg.Proxies)
	newSite(cfg).routes(app, assets)
	return app
}

// purposes are what the pages' challenges are for. The guard has to know all of them before it shows one: the field's
// next request may come to a replica that has shown none, or to a process that has just been started.
var purposes = []string{"home", "contact", "signup", "login"}

func newSite(cfg Config) *site {
	openAPI, err := fs.ReadFile(static.FS, "openapi.yaml")
	if err != nil {
		panic(err) // it is embedded
	}
	for _, purpose := range purposes {
		cfg.Guard.For(purpose)
	}
	s := &site{
		Config:   cfg,
		sessions: newSessions(cfg.Sessions),
		logins: attempts.New(attempts.Config{
			Guard:   cfg.Guard.For("login"),
			Storage: cfg.Attempts,
			Network: func(c *fiber.Ctx) string { return attempts.NetworkOf(web.Client(c)) },
		}),
		passwords:  newPasswords(),
		kept:       kept.New(cfg.Messages, cfg.Limits.Kept, cfg.Room),
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
	app.Get("/readyz", web.Ready(s.Logger, s.Stopping, s.Ready))
	app.Use(web.Observe(s.Logger, s.Proxies, s.Metrics.Request), web.CloseWhile(s.Stopping), web.Restrict, web.Recover(),
		web.Visitors(s.sessions.signedIn), web.SameOrigin(), web.PlainBody)
	// A request over a limit goes no further: its body is not read.
	body, opened := web.NewBodies().Read, web.Opened
	asked := unlessServed(opened)
	issue, submit := limited(s.Limits.Issue), limited(s.Limits.Submit)
	audio, login := limited(s.Limits.Audio), limited(s.Limits.Login)
	draw, look := limited(s.Limits.Issue), limited(s.Limits.Issue) // counted apart, so that playing does not use up the way to the forms
	work := limited(s.Limits.Issue)                                // counted apart, because it comes after a challenge
	drawing := web.NewTurns(max(1, runtime.GOMAXPROCS(0)/2))

	if s.Sites != nil {
		app.Use("/api/captcha", s.Sites.CrossOrigin)
		app.Get("/api/siteverify/site.js", s.Sites.Script)
		app.All("/api/siteverify/response", s.Sites.CrossOrigin, submit, body, s.Sites.Respond)
		app.All("/api/siteverify", body, s.Sites.Verify)
	}
	app.Get("/static/:name", compress.New(), assets.Serve)
	app.Get("/api/captcha/assets/:file", s.Guard.Assets)

	app.Use(unlessServed(web.OwnSite))
	app.Get("/", opened, issue, s.home)
	app.Post("/", submit, body, s.homeTry)

	app.Get("/playground", opened, draw, drawing.InTurn(s.playgroundShow))
	app.Get("/developers", opened, issue, s.apiShow)
	app.Get("/stats", look, s.statsShow)

	app.Get("/contact", opened, issue, s.contactForm)
	app.Post("/contact", submit, body, s.once("contact"), s.contactSubmit)
	app.Get("/contact/:reference", look, s.contactReceipt)
	app.Get("/signup", opened, issue, s.signupForm)
	app.Post("/signup", submit, body, s.once("signup"), s.signupSubmit)
	app.Get("/login", opened, issue, s.withDeadline, s.loginForm)
	app.Post("/login", login, body, s.once("login"), s.loginSubmit)
	app.Get("/account", look, s.accountHome)
	app.Post("/logout", look, s.logout)

	app.Get("/api/openapi.yaml", look, s.openAPI)
	app.All("/api/captcha", asked, issue, s.Guard.Create)
	app.All("/api/captcha/field", asked, issue, s.Guard.Field)
	app.All("/api/captcha/receipt", submit, body, s.Guard.Exchange)
	app.Get("/api/captcha/:key/audio.wav", audio, drawing.InTurn(s.Guard.Audio))
	app.Get("/api/captcha/:key/work", work, s.Guard.Work)
	app.Get("/api/captcha/altcha", asked, issue, s.Guard.Altcha)
	app.Post("/api/captcha/altcha/verify", submit, body, s.Guard.VerifyAltcha)
	app.Post("/api/contact", submit, body, s.contactAPI)
	app.Post("/api/signup", submit, body, s.signupAPI)
}

// unlessServed skips a handler for this site's own pages if the request comes from a page of a site that it serves.
func unlessServed(handler fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if siteverify.Served(c) {
			return c.Next()
		}
		return handler(c)
	}
}

// once gives the second copy of a form the same answer as the first.
func (s *site) once(purpose string) fiber.Handler {
	config := once.Config{Guard: s.Guard.For(purpose), Storage: s.Sent, Logger: s.Logger}
	if s.Room > 0 {
		const forms = 3 // the answers to all of them may take an eighth of the storage
		config.Room = int(min(max(s.Room/8/forms, 64<<10), int64(once.ConfigDefault.Room)))
	}
	return once.New(config)
}

// limited lets each visitor through at a rate. A request above it is an error for web.Fail.
func limited(rate limit.Rate) fiber.Handler {
	if rate == (limit.Rate{}) {
		rate.Count = limit.Unlimited
	}
	return limit.New(limit.Config{Rate: rate, Client: web.Client, ErrorHandler: func(_ *fiber.Ctx, err error) error { return err }})
}
