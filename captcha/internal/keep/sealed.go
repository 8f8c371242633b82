package keep

import (
	"context"
	"errors"
	"time"
)

// Skew is how far the clocks of replicas may be apart. A spent key is remembered for that much longer than it lives, so
// that a server whose clock is behind does not accept it again.
const Skew = 5 * time.Second

// Sealed keeps challenges in their own keys. Issuing touches no storage; the storage remembers spent keys only.
type Sealed struct {
	secrets *secrets
	storage Storage
	names   names
	cfg     Config
	plain   []byte // the text of the scope in which most keys are asked for
}

// NewSealed returns a keeper that seals. It uses the storage only in Agree, and only if there are no Secrets.
func NewSealed(cfg Config) *Sealed {
	names := newNames(cfg.Namespace)
	known := givenSecrets(cfg.Secrets)
	if len(cfg.Secrets) == 0 {
		known = agreedSecrets(cfg.Storage, names.secret(), cfg.Now)
	}
	return &Sealed{known, cfg.Storage, names, cfg, []byte(Scope{Kind: Puzzle}.text(string(names)))}
}

// Agree agrees on a secret with the other replicas, unless secrets were given. A keeper that could not agree tries
// again with each challenge.
func (k *Sealed) Agree(ctx context.Context) error {
	_, err := k.secrets.sealers(ctx)
	return err
}

func (k *Sealed) scope(s Scope) []byte {
	if s.plain() {
		return k.plain
	}
	return []byte(s.text(string(k.names)))
}

func (k *Sealed) Issue(ctx context.Context, c Challenge, scope Scope) (string, Challenge, error) {
	sealers, err := k.secrets.sealers(ctx)
	if err != nil {
		return "", Challenge{}, storageError("agree on a secret", err)
	}
	key, c := sealers[0].seal(c, k.scope(scope), k.cfg.Now())
	return key, c, nil
}

func (k *Sealed) Peek(ctx context.Context, key string, scope Scope) (Challenge, error) {
	c, err := k.Read(ctx, key, scope)
	if err != nil {
		return Challenge{}, err
	}
	spent, err := k.storage.Get(ctx, k.names.spent(key))
	if err != nil {
		return Challenge{}, storageError("look for a spent key", err)
	}
	if spent != nil {
		return Challenge{}, ErrUnknown
	}
	return c, nil
}

func (k *Sealed) Take(ctx context.Context, key string, scope Scope) (Challenge, error) {
	c, err := k.Read(ctx, key, scope)
	if err != nil {
		return Challenge{}, err
	}
	left := c.Expires.Sub(k.cfg.Now())
	added, err := k.storage.Add(ctx, k.names.spent(key), []byte("spent"), left+Skew)
	if err != nil {
		return Challenge{}, storageError("spend a key", err)
	}
	if !added {
		return Challenge{}, ErrUnknown
	}
	return c, nil
}

// Sending knows a key that was taken as well as one that was not, and asks no storage.
func (k *Sealed) Sending(ctx context.Context, key string, scope Scope) (secret [32]byte, issued bool, err error) {
	c, err := k.Read(ctx, key, scope)
	switch {
	case errors.Is(err, ErrUnknown):
		return secret, false, nil
	case err != nil:
		return secret, false, err
	}
	return c.Subseed('o'), true, nil
}

// Read knows a key that was taken as well as one that was not, and asks no storage.
func (k *Sealed) Read(ctx context.Context, key string, scope Scope) (Challenge, error) {
	now, text := k.cfg.Now(), k.scope(scope)
	c, ok, err := k.secrets.open(ctx, key, func(s *sealer) (Challenge, bool) {
		if c, ok := s.open(key, text, now, k.cfg.Longest+Skew); ok {
			return c, true
		}
		if scope.plain() {
			return s.openFirst(key, string(k.names), now, k.cfg.Languages)
		}
		return Challenge{}, false
	})
	if err != nil {
		return Challenge{}, storageError("agree on a secret", err)
	}
	left := c.Expires.Sub(now)
	if !ok || left <= 0 || left > k.cfg.Longest+Skew {
		return Challenge{}, ErrUnknown
	}
	return c, nil
}
