package siteverify

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// Register adds the server's routes to app, and the handler CrossOrigin, which lets the sites' pages use the guard's
// routes. Call it before the guard's Register; it panics if the guard's routes are there already. To put handlers of
// your own in front of the routes, add them with app.Use before you call Register, or add CrossOrigin, Script, Respond
// and Verify one by one.
func (s *Server) Register(app fiber.Router) {
	ofGuard, own := s.cfg.Guard.Edge().Path(), s.cfg.Path
	switch app := app.(type) {
	case *fiber.App:
		for _, route := range app.GetRoutes(true) {
			if strings.HasPrefix(route.Path, ofGuard) {
				panic(fmt.Errorf("siteverify: Register: the app already has a handler at %s; register the server before its guard", route.Path))
			}
		}
	case *fiber.Group:
		below, err := s.cfg.Guard.Edge().PathBelow(app.Prefix)
		rest, ok := strings.CutPrefix(own, strings.TrimSuffix(app.Prefix, "/")+"/")
		if err == nil && !ok {
			err = fmt.Errorf("siteverify: Register: Config.Path is %s, which is not below the group %s", own, app.Prefix)
		}
		if err != nil {
			panic(err)
		}
		ofGuard, own = below, "/"+rest
	}
	app.Use(strings.TrimSuffix(ofGuard, "/"), s.CrossOrigin)
	app.Get(own+"/site.js", s.Script)
	app.All(own+"/response", s.CrossOrigin, s.Respond)
	app.All(own, s.Verify)
}

// served is the key under which a request's page is noted in its Locals.
type served struct{}

// CrossOrigin stands before the guard's routes and before Respond, and lets the sites' pages use them. A site's pages
// are those of the origins that it lists; they send no credentials. A request that names a site but comes from another
// origin is answered with 403. A request that names no site passes unchanged, except that pages of every origin may
// load the form field's files.
func (s *Server) CrossOrigin(c *fiber.Ctx) error {
	if !strings.HasPrefix(c.Query("purpose"), purposes) {
		if reads(c) && path.Base(path.Dir(c.Path())) == "assets" {
			forEverybody(c)
		}
		return c.Next()
	}
	c.Vary(fiber.HeaderOrigin)
	page := s.page(c)
	if page == nil {
		c.Set(fiber.HeaderCacheControl, "no-store")
		return c.Status(http.StatusForbidden).JSON(fiber.Map{"detail": "The site key is unknown, or its site does not list this origin."})
	}
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if c.Get(fiber.HeaderOrigin) != "" {
		c.Set(fiber.HeaderAccessControlAllowOrigin, page.origin)
		c.Set(fiber.HeaderAccessControlExposeHeaders, fiber.HeaderRetryAfter)
	}
	if c.Method() == fiber.MethodOptions {
		c.Set(fiber.HeaderAccessControlAllowMethods, "GET, POST")
		c.Set(fiber.HeaderAccessControlAllowHeaders, "Accept, Accept-Language, Content-Type, Range")
		c.Set(fiber.HeaderAccessControlMaxAge, "600")
		return c.SendStatus(http.StatusNoContent)
	}
	c.Context().QueryArgs().Set("purpose", page.purpose)
	c.Locals(served{}, page)
	return c.Next()
}

// Served reports whether a request comes from a site's page and CrossOrigin has let it in.
func Served(c *fiber.Ctx) bool { return c.Locals(served{}) != nil }

// page returns the page that a request comes from, or nil if that is not a page of the site that the request names. The
// first request names the site, and its Origin says which page it is for; later requests name the page. Browsers send
// the origin with every POST and with every request that a script makes to another origin, and never a wrong one. A
// request for a picture that another site's page shows comes without an origin. It is refused, because it would
// otherwise count as the visitor's own.
func (s *Server) page(c *fiber.Ctx) *page {
	name, origin := c.Query("purpose"), c.Get(fiber.HeaderOrigin)
	p := s.pages[name]
	if site := s.sites[name]; p == nil && site != nil {
		p = site.pages[origin]
	}
	read := reads(c)
	if from := c.Get("Sec-Fetch-Site"); from == "cross-site" || from == "same-site" {
		read = false
	}
	if p == nil || origin != p.origin && !(origin == "" && read) {
		return nil
	}
	return p
}

func reads(c *fiber.Ctx) bool { return c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead }

// Respond answers a POST from a site's page, whose fields meet a challenge, with a response:
//
//	{"response": "...", "expires_in": 300}
//
// A refusal is {"message": "..."}, a sentence for the visitor in the language that the request prefers. Register
// CrossOrigin before it.
func (s *Server) Respond(c *fiber.Ctx) error {
	page, ok := c.Locals(served{}).(*page)
	if !ok {
		return c.SendStatus(http.StatusNotFound)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	if c.Method() != fiber.MethodPost {
		c.Set(fiber.HeaderAllow, fiber.MethodPost)
		return c.SendStatus(http.StatusMethodNotAllowed)
	}
	if err := s.met(c, page.guard); err != nil {
		return s.refuse(c, page.guard, err)
	}
	response, err := s.issue(c.UserContext(), page)
	if err != nil {
		s.storageFailed(c, err)
		return s.refuse(c, page.guard, captcha.ErrStorage)
	}
	return c.JSON(fiber.Map{"response": response, "expires_in": int(s.cfg.Expiration.Seconds())})
}

func (s *Server) met(c *fiber.Ctx, guard *captcha.Guard) error {
	if err := boundBody(c); err != nil {
		return err
	}
	submission, err := guard.Read(c)
	if err != nil {
		return err
	}
	return guard.Verify(c.UserContext(), submission)
}

func (s *Server) refuse(c *fiber.Ctx, guard *captcha.Guard, err error) error {
	status := http.StatusBadRequest
	if refused := (*captcha.Error)(nil); errors.As(err, &refused) {
		status = refused.Status
	}
	if status == http.StatusServiceUnavailable {
		c.Set(fiber.HeaderRetryAfter, fmt.Sprint(retryAfter))
	}
	return c.Status(status).JSON(fiber.Map{"message": guard.Message(guard.Language(c), err)})
}

//go:embed assets/site.js
var scriptSource string

type script struct{ text, tag string }

// newScript writes into the script where the guard's routes are, relative to the script, so that it works below any
// prefix.
func newScript(cfg Config) script {
	up := strings.Repeat("../", strings.Count(cfg.Path, "/"))
	text := strings.ReplaceAll(scriptSource, `"../captcha/`, `"`+up+strings.TrimPrefix(cfg.Guard.Edge().Path(), "/"))
	hash := sha256.Sum256([]byte(text))
	return script{text, `"` + hex.EncodeToString(hash[:8]) + `"`}
}

// Script answers GET with the script for pages.
func (s *Server) Script(c *fiber.Ctx) error {
	forEverybody(c)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderCacheControl, "no-cache")
	c.Set(fiber.HeaderETag, s.script.tag)
	if c.Get(fiber.HeaderIfNoneMatch) == s.script.tag {
		return c.SendStatus(http.StatusNotModified)
	}
	c.Set(fiber.HeaderContentType, "text/javascript; charset=utf-8")
	return c.SendString(s.script.text)
}

// forEverybody lets pages of any origin load a file, even as a module.
func forEverybody(c *fiber.Ctx) {
	c.Set(fiber.HeaderAccessControlAllowOrigin, "*")
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
}
