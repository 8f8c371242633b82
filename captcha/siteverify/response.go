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
// The hostname takes no room in the key, and is authenticated with it, as is the site. So a replica can tell it that
// does not list that host, or not any more. In the key are the moment of issue and how long it is good.

// sealedFor is how long a response can be opened. Until then one that is too old can be told from one that was made up.
const sealedFor = keep.MaxLife

// repeats is how long a use can be repeated with the same idempotency key.
const repeats = time.Minute

// The verdicts on a response that are no success.
var (
	errInvalid   = errors.New("siteverify: the response is not one that was given for the site")
	errDuplicate = errors.New("siteverify: the response is too old or was used")
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

// user is who uses a response, by the idempotency key. Without one, nobody is the same twice.
type user [16]byte

func userOf(idempotencyKey string) (u user) {
	if idempotencyKey == "" {
		rand.Read(u[:])
		return u
	}
	hash := sha256.Sum256([]byte(idempotencyKey))
	return user(hash[:])
}

// claim gives a key to one user, and to no other. The mark that says to whom is set in one step, so that of any number
// of callers on any number of replicas one is first, and the others learn from the mark whether they are the same user:
// there is nothing to wait for. The braces make a Redis cluster keep all that is about one key on one server.
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
	// Where replicas of the storage confirm writes, the mark that was read may be unconfirmed, and a failover undo it.
	// A write after it that is confirmed confirms it as well.
	_, err = s.storage.Count(ctx, "siteverify_again_{"+key+"}", repeats)
	return err
}
