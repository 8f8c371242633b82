package captcha

import (
	"context"
	"time"
)

const (
	// maxPeriods is how many periods back a key may have been sealed: the longest Expiration, and the part of an hour
	// that had passed by then.
	maxPeriods = int64(maxExpiration/period) + 1

	// clockSkew is how far the clocks of replicas may be apart. A spent key is remembered for that much longer than it
	// lives, so that a server whose clock is behind can not accept it again.
	clockSkew = 5 * time.Second
)

// sealedKeeper keeps challenges in their own keys. Issuing touches no storage; the storage remembers spent keys only.
type sealedKeeper struct {
	secrets    *secrets
	spent      Adder
	stored     func(key string) ([]byte, error)
	storageKey func(key string) string
	expiration time.Duration
	now        func() time.Time
}

func (k *sealedKeeper) issue(ctx context.Context, c content) (string, content, error) {
	sealers, err := k.secrets.sealers(ctx)
	if err != nil {
		return "", content{}, storageError("agree on a secret", err)
	}
	key, seed := sealers[0].seal(c, k.now())
	c.seed = seed
	return key, c, nil
}

func (k *sealedKeeper) peek(ctx context.Context, key string) (content, error) {
	c, err := k.open(ctx, key)
	if err != nil {
		return content{}, err
	}
	spent, err := k.stored(k.mark(key))
	if err != nil {
		return content{}, storageError("look for a spent key", err)
	}
	if spent != nil {
		return content{}, ErrUnknownKey
	}
	return c, nil
}

func (k *sealedKeeper) take(ctx context.Context, key string) (content, error) {
	c, err := k.open(ctx, key)
	if err != nil {
		return content{}, err
	}
	left := c.expires.Sub(k.now())
	added, err := k.spent.Add(ctx, k.mark(key), []byte("spent"), left+clockSkew)
	if err != nil {
		return content{}, storageError("spend a key", err)
	}
	if !added {
		return content{}, ErrUnknownKey
	}
	return c, nil
}

// mark is what says in the storage that key is spent. No key has a tilde, so that a guard that stores its challenges can't
// be made to take the mark of another guard's for one of them, and remove it.
func (k *sealedKeeper) mark(key string) string { return k.storageKey("~" + key) }

// open returns what key stands for, while it can still be answered.
func (k *sealedKeeper) open(ctx context.Context, key string) (content, error) {
	now := k.now()
	c, ok, err := k.secrets.open(ctx, key, now)
	if err != nil {
		return content{}, storageError("agree on a secret", err)
	}
	left := c.expires.Sub(now)
	if !ok || left <= 0 || left > k.expiration+clockSkew {
		return content{}, ErrUnknownKey
	}
	return c, nil
}
