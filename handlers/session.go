package handlers

import (
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/session"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
)

const (
	sessionLife = 24 * time.Hour // how long somebody stays signed in
	maxLogins   = 50             // of one account in that time, so that nobody fills the storage with sessions
	signedInAs  = "email"

	plainCookie  = "session"
	secureCookie = "__Host-session"
)

// sessions keeps who is signed in, in the site's storage. On a site with TLS, the cookie is never sent without TLS. Its
// name (RFC 6265bis, section 4.1.3.2) is then one that a browser accepts only from a secure page of this very host, so
// that neither a subdomain nor a plain connection can plant such a cookie.
type sessions struct {
	plain, secure *session.Store
	logins        captcha.Counter
}

func newSessions(storage Storage) sessions {
	config := session.Config{
		Storage:        sessionStorage{storage},
		Expiration:     sessionLife,
		KeyLookup:      "cookie:" + plainCookie,
		CookiePath:     "/",
		CookieHTTPOnly: true,
		CookieSameSite: "Lax",
	}
	plain := session.New(config)
	config.KeyLookup = "cookie:" + secureCookie
	config.CookieSecure = true
	return sessions{plain, session.New(config), storage}
}

func (s sessions) get(c *fiber.Ctx) (*session.Session, error) {
	store := s.plain
	if c.Secure() {
		store = s.secure
	}
	var current *session.Session
	err := onStorage(c.UserContext(), "find a session", func() (err error) {
		current, err = store.Get(c)
		return err
	})
	return current, err
}

// signedIn returns the address of the signed-in visitor, or "". It does not ask the storage if there is no cookie.
func (s sessions) signedIn(c *fiber.Ctx) (email string, err error) {
	cookie := plainCookie
	if c.Secure() {
		cookie = secureCookie
	}
	if c.Cookies(cookie) == "" {
		return "", nil
	}
	current, err := s.get(c)
	if err != nil {
		return "", err
	}
	email, _ = current.Get(signedInAs).(string)
	return email, nil
}

// signIn starts a session with a new id, so that an id planted before the login is worthless after it.
func (s sessions) signIn(c *fiber.Ctx, email string) error {
	if err := onStorage(c.UserContext(), "count logins", func() error {
		n, err := s.logins.Count(c.UserContext(), "logins_"+accountKey(email), sessionLife)
		if err == nil && n > maxLogins {
			err = &limit.Error{Wait: sessionLife}
		}
		return err
	}); err != nil {
		return err
	}
	current, err := s.get(c)
	if err != nil {
		return err
	}
	if err := onStorage(c.UserContext(), "end the old session", current.Regenerate); err != nil {
		return err
	}
	current.Set(signedInAs, email)
	return onStorage(c.UserContext(), "keep a session", current.Save)
}

func (s sessions) signOut(c *fiber.Ctx) error {
	current, err := s.get(c)
	if err != nil {
		return err
	}
	return onStorage(c.UserContext(), "end a session", current.Destroy)
}

// sessionStorage keeps sessions apart from everything else, because the middleware looks up what a cookie contains.
type sessionStorage struct{ fiber.Storage }

func (s sessionStorage) Get(id string) ([]byte, error) { return s.Storage.Get("session_" + id) }
func (s sessionStorage) Delete(id string) error        { return s.Storage.Delete("session_" + id) }
func (s sessionStorage) Set(id string, value []byte, ttl time.Duration) error {
	return s.Storage.Set("session_"+id, value, ttl)
}
