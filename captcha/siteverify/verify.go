package siteverify

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// Reply is what a backend is told, in the form that reCAPTCHA, hCaptcha and Turnstile use.
type Reply struct {
	Success    bool     `json:"success"`
	Challenge  string   `json:"challenge_ts,omitempty"` // when the challenge was met: ISO 8601, in UTC
	Hostname   string   `json:"hostname,omitempty"`     // of the page
	ErrorCodes []string `json:"error-codes"`
}

// The error codes.
const (
	missingSecret   = "missing-input-secret"
	invalidSecret   = "invalid-input-secret"
	missingResponse = "missing-input-response"
	invalidResponse = "invalid-input-response"
	badRequest      = "bad-request"
	duplicate       = "timeout-or-duplicate"
	internalError   = "internal-error"
	keyMismatch     = "sitekey-secret-mismatch"
)

// Bounds of a request, in bytes.
const (
	maxBody = 16 << 10
	maxText = 2048 // of a field, as with the other services
)

// retryAfter is how long a backend is told to wait for the storage, in seconds.
const retryAfter = 2

var fieldNames = []string{"secret", "response", "remoteip", "sitekey", "idempotency_key"}

// Verify answers a backend's POST. The body is urlencoded, JSON or multipart and at most 16 KiB long. Its fields are
// secret and response and, optionally, sitekey, idempotency_key and remoteip.
func (s *Server) Verify(c *fiber.Ctx) error {
	site, status, reply := s.verify(c)
	if s.cfg.Observe != nil {
		result := "ok"
		if !reply.Success {
			result = reply.ErrorCodes[0]
		}
		s.cfg.Observe(c.UserContext(), site, result)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Status(status).JSON(reply)
}

// verify returns the key of the site that a request comes from, and how to answer it.
func (s *Server) verify(c *fiber.Ctx) (key string, status int, reply Reply) {
	if c.Method() != fiber.MethodPost {
		c.Set(fiber.HeaderAllow, fiber.MethodPost)
		return "", http.StatusMethodNotAllowed, refusal(badRequest)
	}
	fields, status, codes := readFields(c)
	if len(codes) > 0 {
		return "", status, refusal(codes...)
	}
	site := s.siteOf(fields["secret"])
	if site == nil {
		if wait := s.wrong.Count(s.cfg.Client(c)); wait > 0 {
			c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int((wait+time.Second-1)/time.Second)))
			return "", http.StatusTooManyRequests, refusal(invalidSecret)
		}
		return "", http.StatusOK, refusal(invalidSecret)
	}
	if named := fields["sitekey"]; named != "" && named != site.key {
		return site.key, http.StatusOK, refusal(keyMismatch)
	}
	proven, err := s.use(c.UserContext(), site, fields["response"], fields["idempotency_key"])
	switch {
	case errors.Is(err, errInvalid):
		return site.key, http.StatusOK, refusal(invalidResponse)
	case errors.Is(err, errDuplicate):
		return site.key, http.StatusOK, refusal(duplicate)
	case err != nil:
		s.storageFailed(c, err)
		return site.key, http.StatusServiceUnavailable, refusal(internalError)
	}
	return site.key, http.StatusOK, Reply{true, proven.met.UTC().Format("2006-01-02T15:04:05.000Z"), proven.hostname, []string{}}
}

func refusal(codes ...string) Reply { return Reply{ErrorCodes: codes} }

// siteOf returns the site that has a secret, or nil. It takes equally long for all secrets of one length.
func (s *Server) siteOf(secret string) (found *site) {
	hash := sha256.Sum256([]byte(secret))
	for _, site := range s.sites {
		for _, own := range site.secrets {
			if subtle.ConstantTimeCompare(own[:], hash[:]) == 1 {
				found = site
			}
		}
	}
	return found
}

// readFields reads a request, or says what is wrong with it.
func readFields(c *fiber.Ctx) (fields map[string]string, status int, codes []string) {
	var unreadable *captcha.Error
	var wrong captcha.FieldErrors
	err := boundBody(c)
	if err == nil {
		fields, err = captcha.Fields(c, fieldNames...)
	}
	switch {
	case errors.As(err, &unreadable):
		return nil, unreadable.Status, []string{badRequest}
	case err != nil && !errors.As(err, &wrong), wrong["non_field_errors"] != nil: // no object, in JSON
		return nil, http.StatusBadRequest, []string{badRequest}
	}
	bad := make(map[string]bool)
	for _, name := range fieldNames {
		errs := wrong[name]
		bad[name] = len(fields[name]) > maxText || len(errs) > 0 && errs[0].Code != "null" // null is JSON for absent
	}
	judge := func(name, missing, invalid string) {
		if bad[name] {
			codes = append(codes, invalid)
		} else if fields[name] == "" {
			codes = append(codes, missing)
		}
	}
	judge("secret", missingSecret, invalidSecret)
	judge("response", missingResponse, invalidResponse)
	if len(codes) == 0 && (bad["remoteip"] || bad["sitekey"] || bad["idempotency_key"]) {
		return nil, http.StatusBadRequest, []string{badRequest}
	}
	return fields, http.StatusOK, codes
}

// boundBody makes sure that no more of a body is read than a request may have.
func boundBody(c *fiber.Ctx) error {
	request := &c.Context().Request
	tooLarge := &captcha.Error{Reason: captcha.Malformed, Status: http.StatusRequestEntityTooLarge, Detail: "The request's body is too large."}
	if request.Header.ContentLength() > maxBody {
		return tooLarge
	}
	if request.IsBodyStream() {
		body, err := io.ReadAll(io.LimitReader(request.BodyStream(), maxBody+1))
		if err != nil {
			return &captcha.Error{Reason: captcha.Malformed, Status: http.StatusBadRequest, Detail: "The request's body ended early.", Cause: err}
		}
		request.SetBodyRaw(body)
	}
	if len(request.Body()) > maxBody {
		return tooLarge
	}
	return nil
}

// storageFailed logs the cause, at most once a second.
func (s *Server) storageFailed(c *fiber.Ctx, cause error) {
	c.Set(fiber.HeaderRetryAfter, strconv.Itoa(retryAfter))
	now := s.cfg.Now().UnixNano()
	if last := s.complained.Load(); (now-last >= int64(time.Second) || now < last) && s.complained.CompareAndSwap(last, now) {
		s.cfg.Logger.ErrorContext(c.UserContext(), "siteverify: the storage failed", "error", cause)
	}
}
