package siteverify

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
)

// A response is a sealed key, a dot and the hostname of the page that it was given to:
//
//	Kx2m...64 characters...9Q.shop.example
//
// The hostname takes no room in the key, but is authenticated with it, as the site is. So even a replica that does not
// list that host, or no longer does, can read it. The key holds the moment of issue and how long the response is good.

// sealedFor is how long a response can be opened. Within that time, a response that is too old can be told from one
// that was made up.
const sealedFor = keep.MaxLife

// repeats is how long a use can be repeated with the same idempotency key.
const repeats = time.Minute

// The verdicts on a response that is refused.
var (
	errInvalid   = errors.New("siteverify: the response was not given for this site")
	errDuplicate = errors.New("siteverify: the response is too old, or was used before")
)

// accepted is what a response proves.
type accepted struct {
	met      time.Time
	hostname string
}

func scopeOf(site *site, hostname string) keep.Scope {
	return keep.Scope{Kind: keep.Receipt, Purpose: site.key, Binding: hostname}
}

// issue returns a response for a page whose visitor has just met a challenge.
func (s *Server) issue(ctx context.Context, p *page) (string, error) {
	c := keep.Challenge{
		Answer:  strconv.Itoa(int(s.cfg.Expiration.Seconds())),
		Expires: s.cfg.Now().Add(sealedFor),
	}
	key, _, err := s.keeper.Issue(ctx, c, scopeOf(p.site, p.hostname))
	return key + "." + p.hostname, err
}

// use uses a response up. Its error is errInvalid, errDuplicate, or the storage's.
func (s *Server) use(ctx context.Context, site *site, response, idempotencyKey string) (accepted, error) {
	key, hostname, _ := strings.Cut(response, ".")
	if !keep.KeyForm(key) || hostname == "" {
		return accepted{}, errInvalid
	}
	c, err := s.keeper.Read(ctx, key, scopeOf(site, hostname))
	if errors.Is(err, keep.ErrUnknown) {
		return accepted{}, errInvalid
	}
	if err != nil {
		return accepted{}, err
	}
	life, err := strconv.Atoi(c.Answer)
	if err != nil {
		return accepted{}, errInvalid
	}
	met := c.Expires.Add(-sealedFor)
	left := time.Duration(life)*time.Second - s.cfg.Now().Sub(met)
	return accepted{met, hostname}, s.claim(ctx, key, userOf(idempotencyKey), left)
}

// user identifies who uses a response, by the idempotency key. Without that key, every use is by somebody else.
type user [16]byte

func userOf(idempotencyKey string) (u user) {
	if idempotencyKey == "" {
		rand.Read(u[:])
		return u
	}
	hash := sha256.Sum256([]byte(idempotencyKey))
	return user(hash[:])
}

// claim gives a key to one user and to no other. The mark that names the user is set in one step. So of any number of
// callers on any number of replicas one is first, and the others learn from the mark, without waiting, whether they are
// the same user. The braces make a Redis cluster keep all that is about one key on one server.
func (s *Server) claim(ctx context.Context, key string, u user, left time.Duration) error {
	used := "siteverify_used_{" + key + "}"
	now := s.cfg.Now()
	if left > 0 {
		mark := binary.BigEndian.AppendUint64(u[:], uint64(now.UnixMilli()))
		added, err := s.storage.Add(ctx, used, mark, left+repeats+keep.Skew)
		if err != nil || added {
			return err
		}
	}
	mark, err := s.storage.Get(ctx, used)
	if err != nil {
		return err
	}
	if len(mark) != len(u)+8 || user(mark) != u {
		return errDuplicate
	}
	if now.Sub(time.UnixMilli(int64(binary.BigEndian.Uint64(mark[len(u):])))) > repeats {
		return errDuplicate
	}
	// If replicas of the storage confirm writes, the mark that was read may still be unconfirmed, and a failover could
	// undo it. Confirming a later write confirms the mark too.
	_, err = s.storage.Count(ctx, "siteverify_again_{"+key+"}", repeats)
	return err
}
