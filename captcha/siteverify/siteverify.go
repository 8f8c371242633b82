// Package siteverify turns an app into a captcha server for other apps, in any language. Their pages, on origins of
// their own, show the captcha with a script and an element. A form on such a page submits a response to the other app's
// backend. The backend posts the response here, with a secret, to have it verified. Requests and replies have the form
// that the server libraries of reCAPTCHA, hCaptcha and Turnstile use.
//
//	guard := captcha.New(captcha.Config{Storage: store})
//	server := siteverify.New(siteverify.Config{Guard: guard, Sites: []siteverify.Site{{
//		Key:     "shop",
//		Secrets: []string{os.Getenv("SHOP_SECRET")},
//		Origins: []string{"https://shop.example"},
//	}}})
//	server.Register(app) // before the guard's own
//	guard.Register(app)
//
// The page at https://shop.example loads the script:
//
//	<script type="module" src="https://captcha.example/api/siteverify/site.js"></script>
//
// Its form contains the element:
//
//	<captcha-site data-sitekey="shop"></captcha-site>
//
// When the form is sent, the element exchanges the solved challenge for a response and puts it into the field
// captcha_response, or into the fields that the attribute data-response names. The backend posts it:
//
//	$ curl https://captcha.example/api/siteverify -d secret=... -d response=...
//	{"success":true,"challenge_ts":"2026-01-31T12:00:00.000Z","hostname":"shop.example","error-codes":[]}
//
// # What a response says
//
// A response is good once, for [Config.Expiration], with a secret of its site, on all replicas. It is sealed, so that
// nothing need be stored about it until it is used. It proves that somebody met a challenge at the time challenge_ts,
// and that the challenge was issued to a page whose Origin named hostname. Browsers tell the truth about the Origin;
// other programs can send any of the site's origins. The guard's Config.Demand decides what a challenge demands; there,
// [Site.Has] says whether a purpose is one of a site's.
//
// A backend that got no reply can ask again with the same idempotency_key. For a minute after the first use it gets the
// same reply, from any replica. Any other second use of a response is refused as timeout-or-duplicate.
//
// The error codes are those of the other services: missing-input-secret, invalid-input-secret, missing-input-response,
// invalid-input-response, bad-request, timeout-or-duplicate, internal-error, and hCaptcha's sitekey-secret-mismatch.
// Once a response has been judged, the status is 200, whatever the verdict. If the storage fails, the reply is
// internal-error with 503, and never a success. remoteip is ignored, because the same visitor may reach the two servers
// from two addresses, one of them IPv6.
package siteverify

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/internal/client"
	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// Site is another app that the server serves.
type Site struct {
	// Key names the site in its pages. It is public: 1 to 40 letters, digits, - and _.
	Key string `json:"key"`

	// Secrets are those by which the site's backend identifies itself, at least 32 characters each, from a random source.
	// Each of them is accepted, so that a new one can be added before the old one is removed. No two sites may share a
	// secret.
	Secrets []string `json:"secrets"`

	// Origins are the origins of the site's pages, as browsers send them: "https://shop.example", with a port only if it
	// is not the scheme's default. A page of another origin gets no captcha.
	Origins []string `json:"origins"`
}

// purposes is the prefix of the sites' purposes, which keeps them apart from the app's own.
const purposes = "site_"

// purpose returns the prefix of the purposes of a site's challenges. A mark of the page's origin follows it, because a
// challenge is good for pages of one origin only.
func (s Site) purpose() string { return purposes + s.Key }

func (s Site) purposeOf(origin string) string {
	hash := sha256.Sum256([]byte(origin))
	return s.purpose() + "_" + base64.RawURLEncoding.EncodeToString(hash[:8])
}

// Has reports whether a purpose is one of the site's. It is for the guard's Config.Demand.
func (s Site) Has(purpose string) bool {
	return slices.ContainsFunc(s.Origins, func(origin string) bool { return s.purposeOf(origin) == purpose })
}

// Config holds the settings of a server.
type Config struct {
	// Guard issues the challenges and judges them.
	//
	// Required
	Guard *captcha.Guard

	// Sites are the sites that are served, 1 to 1000.
	//
	// Required
	Sites []Site

	// Storage remembers which responses were used. All replicas share one storage. A storage that implements captcha.Adder
	// and captcha.Counter makes a response single use on all of them. Any other fiber.Storage makes it single use within
	// each process only, which is logged at start.
	//
	// Optional. Default: the guard's Storage, or if it has none, bounded memory of this process
	Storage fiber.Storage

	// SealingSecrets seal the responses, as captcha.Config.Secrets seal challenges. They may be the same secrets.
	//
	// Optional. Default: one secret that all replicas agree on through Storage
	SealingSecrets []string

	// Expiration is how long a response can be verified, from one second to an hour.
	//
	// Optional. Default: 5 * time.Minute
	Expiration time.Duration

	// Path is where backends verify responses. Below it are the script for pages, at site.js, and the address from which
	// that script gets responses, at response.
	//
	// Optional. Default: "/api/siteverify"
	Path string

	// WrongSecrets is how many wrong secrets one network may send. Further ones are answered with 429. A right secret is
	// never refused: many backends may be behind one address, and one with a wrong secret must not lock out the others.
	//
	// Optional. Default: 30 a minute
	WrongSecrets limit.Rate

	// Client returns the address that a request comes from.
	//
	// Optional. Default: c.IP(), which behind a proxy is the proxy's address: see limit.Config
	Client func(c *fiber.Ctx) netip.Addr

	// Observe is told of every request to Verify, for counting. site is the site whose secret the request brought, or ""
	// if it was no site's. result is "ok" or the first error code.
	//
	// Optional. Default: nil
	Observe func(ctx context.Context, site, result string)

	// Logger gets warnings about settings at start, and the causes of storage failures, at most one a second. Nothing
	// secret is logged.
	//
	// Optional. Default: slog.Default()
	Logger *slog.Logger

	// Now tells the time. A test replaces it.
	//
	// Optional. Default: time.Now
	Now func() time.Time
}

// ConfigDefault is the default Config, except for Guard and Sites.
var ConfigDefault = Config{
	Expiration:   5 * time.Minute,
	Path:         "/api/siteverify",
	WrongSecrets: limit.Rate{Count: 30, Per: time.Minute},
}

// Server serves sites. It is safe for concurrent use.
type Server struct {
	cfg     Config
	sites   map[string]*site // by their purposes
	pages   map[string]*page // by theirs
	keeper  *keep.Sealed
	storage keep.Storage
	wrong   *limit.Limiter
	script  script

	complained atomic.Int64 // when a storage's failure was last logged, in Unix nanoseconds
}

type site struct {
	key     string
	secrets [][sha256.Size]byte
	pages   map[string]*page // by their origins
}

// page is the pages of one origin.
type page struct {
	site     *site
	origin   string
	hostname string
	purpose  string
	guard    *captcha.Guard
}

// New returns a server with these settings. It panics with the error that NewServer returns.
func New(config Config) *Server {
	s, err := NewServer(config)
	if err != nil {
		panic(err)
	}
	return s
}

// NewServer returns a server with these settings. Its error wraps a *setting.Error, or several.
func NewServer(config Config) (*Server, error) {
	cfg := withDefaults(config)
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("siteverify: %w", err)
	}
	wrong, err := limit.NewLimiter(cfg.WrongSecrets, nil)
	if err != nil {
		return nil, fmt.Errorf("siteverify: %w", setting.In("WrongSecrets", err))
	}
	s := &Server{cfg: cfg, sites: make(map[string]*site), pages: make(map[string]*page), wrong: wrong, script: newScript(cfg)}
	for _, given := range cfg.Sites {
		s.add(given)
	}
	s.keep()
	return s, nil
}

func withDefaults(cfg Config) Config {
	if cfg.Storage == nil && cfg.Guard != nil {
		cfg.Storage = cfg.Guard.Storage()
	}
	if cfg.Expiration == 0 {
		cfg.Expiration = ConfigDefault.Expiration
	}
	if cfg.Path == "" {
		cfg.Path = ConfigDefault.Path
	}
	if cfg.WrongSecrets == (limit.Rate{}) {
		cfg.WrongSecrets = ConfigDefault.WrongSecrets
	}
	if cfg.Client == nil {
		cfg.Client = client.Of
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return cfg
}

// Bounds of settings.
const (
	minSecret     = 32 // characters: 128 bits if they are hexadecimal digits
	maxSites      = 1000
	maxOrigins    = 100
	maxExpiration = time.Hour
)

// memoryEntries bounds the default storage: some 30 MB of marks of used responses.
const memoryEntries = 1 << 17

var (
	keyForm    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)
	pathForm   = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$`)
	originForm = regexp.MustCompile(`^https?://([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?$`)
)

func (cfg Config) check() error {
	var errs []error
	refuse := func(field string, value any, accepted string, args ...any) {
		errs = append(errs, setting.Refuse(field, value, accepted, args...))
	}
	if cfg.Guard == nil {
		refuse("Guard", nil, "a guard")
	}
	if len(cfg.Sites) < 1 || len(cfg.Sites) > maxSites {
		refuse("Sites", len(cfg.Sites), "a list of 1 to %d sites", maxSites)
	}
	if cfg.Expiration < time.Second || cfg.Expiration > maxExpiration {
		refuse("Expiration", cfg.Expiration, "1s to %v", maxExpiration)
	}
	if !pathForm.MatchString(cfg.Path) {
		refuse("Path", cfg.Path, "names between slashes, of letters, digits and ._~-, as in %q", ConfigDefault.Path)
	}
	for i, secret := range cfg.SealingSecrets {
		errs = append(errs, checkSecret(fmt.Sprintf("SealingSecrets[%d]", i), secret))
	}
	keys, secrets := make(map[string]bool), make(map[string]bool)
	for i, site := range cfg.Sites {
		name := fmt.Sprintf("Sites[%d]", i)
		if !keyForm.MatchString(site.Key) || keys[site.Key] {
			refuse(name+".Key", site.Key, "1 to 40 letters, digits, - and _, that no other site has")
		}
		keys[site.Key] = true
		errs = append(errs, checkSecrets(name, site.Secrets, secrets), checkOrigins(name, site.Origins))
	}
	return errors.Join(errs...)
}

func checkSecret(field, secret string) error {
	if n := utf8.RuneCountInString(secret); n < minSecret {
		return &setting.Error{Field: field, Accepted: fmt.Sprintf("at least %d characters from a random source; it has %d", minSecret, n)}
	}
	return nil
}

func checkSecrets(name string, secrets []string, seen map[string]bool) error {
	if len(secrets) == 0 {
		return &setting.Error{Field: name + ".Secrets", Accepted: "one secret or more"}
	}
	var errs []error
	for i, secret := range secrets {
		field := fmt.Sprintf("%s.Secrets[%d]", name, i)
		errs = append(errs, checkSecret(field, secret))
		if seen[secret] {
			errs = append(errs, &setting.Error{Field: field, Accepted: "a secret that no other entry has; this one was given before"})
		}
		seen[secret] = true
	}
	return errors.Join(errs...)
}

func checkOrigins(name string, origins []string) error {
	if len(origins) < 1 || len(origins) > maxOrigins {
		return setting.Refuse(name+".Origins", len(origins), "1 to %d origins", maxOrigins)
	}
	var errs []error
	for i, origin := range origins {
		if _, ok := hostnameOf(origin); !ok || slices.Contains(origins[:i], origin) {
			errs = append(errs, setting.Refuse(fmt.Sprintf("%s.Origins[%d]", name, i), origin,
				"an origin as browsers send it, given once, such as https://shop.example: in lower case, with international names in ASCII, "+
					"without a path, and without the scheme's own port, 443 or 80"))
		}
	}
	return errors.Join(errs...)
}

// hostnameOf returns the host of an origin. ok is false if the origin is not spelt as browsers spell it.
func hostnameOf(origin string) (hostname string, ok bool) {
	u, err := url.Parse(origin)
	if err != nil || !originForm.MatchString(origin) || len(u.Hostname()) > 253 {
		return "", false
	}
	own := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	return u.Hostname(), u.Port() != own
}

// add makes the guards for a site's pages, one for each origin, whose challenges are for it alone. An origin's mark is
// the same on every replica, whatever else the replica lists.
func (s *Server) add(given Site) {
	site := &site{key: given.Key, pages: make(map[string]*page)}
	for _, secret := range given.Secrets {
		site.secrets = append(site.secrets, sha256.Sum256([]byte(secret)))
	}
	for _, origin := range given.Origins {
		hostname, _ := hostnameOf(origin)
		page := &page{site: site, origin: origin, hostname: hostname, purpose: given.purposeOf(origin)}
		page.guard = s.cfg.Guard.For(page.purpose)
		site.pages[origin], s.pages[page.purpose] = page, page
	}
	s.sites[given.purpose()] = site
}

// keep prepares what seals responses and remembers the used ones.
func (s *Server) keep() {
	store, secrets, logger := s.cfg.Storage, slices.Clone(s.cfg.SealingSecrets), s.cfg.Logger
	if store == nil {
		store = memory.New(memory.Config{Entries: memoryEntries, Now: s.cfg.Now})
		if len(secrets) == 0 {
			secrets = []string{keep.RandomSecret()}
		} else {
			logger.Warn("siteverify: SealingSecrets is set but there is no Storage, so a response is accepted once by each process with these " +
				"secrets; if there are several, give them one Storage")
		}
	}
	if lacks := keep.Lacks(store, "Add", "Count"); len(lacks) > 0 {
		logger.Warn("siteverify: the storage lacks atomic steps, so a response may be accepted once by each process that shares it; "+
			"set Config.Storage to one that has them", "storage", fmt.Sprintf("%T", store), "steps", lacks)
	}
	s.storage = keep.Wrap(store)
	s.keeper = keep.NewSealed(keep.Config{
		Storage: s.storage, Namespace: "siteverify_{key}.{version}", Longest: keep.MaxLife, Now: s.cfg.Now, Secrets: secrets,
	})
	if err := s.keeper.Agree(context.Background()); err != nil {
		logger.Warn("siteverify: the replicas have not agreed on a secret yet; the server tries again with each response", "error", err)
	}
}
