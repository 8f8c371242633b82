package keep

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// secretSize is the size in bytes of a generated secret: AES-256's strength.
const secretSize = 32

// secrets holds the secrets that keys are sealed with. The first one seals, and each of them opens.
type secrets struct {
	known atomic.Pointer[[]*sealer]

	// Only if the secret is agreed on through the storage; otherwise agreed is nil.
	agreed Storage
	name   string
	now    func() time.Time
	mu     sync.Mutex
	asked  time.Time
	failed error // the outcome of asking
}

// The least time between two questions to the storage whether another replica has replaced the secret, which the guard
// asks when no known secret opens a key. It is short enough for a visitor who tries again, and too long to be worth an
// attacker's while.
const askAgainAfter = time.Second

// maxKnown is how many agreed secrets are remembered. A second one comes up only after the storage lost its data.
const maxKnown = 3

func givenSecrets(given []string) *secrets {
	s := &secrets{}
	sealers := make([]*sealer, len(given))
	for i, secret := range given {
		sealers[i] = newSealer(secret)
	}
	s.known.Store(&sealers)
	return s
}

func agreedSecrets(storage Storage, name string, now func() time.Time) *secrets {
	s := &secrets{agreed: storage, name: name, now: now}
	s.known.Store(&[]*sealer{})
	return s
}

// RandomSecret returns a secret for a single process.
func RandomSecret() string {
	b := make([]byte, secretSize)
	rand.Read(b)
	return string(b)
}

// sealers returns the secrets, the one to seal with first. Its error is the storage's.
func (s *secrets) sealers(ctx context.Context) ([]*sealer, error) {
	if known := *s.known.Load(); len(known) > 0 {
		return known, nil
	}
	return s.ask(ctx)
}

// open tries every secret with try. Its error is the storage's.
func (s *secrets) open(ctx context.Context, key string, try func(*sealer) (Challenge, bool)) (Challenge, bool, error) {
	known, err := s.sealers(ctx)
	if err != nil {
		return Challenge{}, false, err
	}
	if c, ok := openAny(known, try); ok || s.agreed == nil || len(key) != sealedChars {
		return c, ok, nil
	}
	if known, err = s.ask(ctx); err != nil {
		return Challenge{}, false, err
	}
	c, ok := openAny(known, try)
	return c, ok, nil
}

func openAny(known []*sealer, try func(*sealer) (Challenge, bool)) (Challenge, bool) {
	for _, sealer := range known {
		if c, ok := try(sealer); ok {
			return c, true
		}
	}
	return Challenge{}, false
}

// ask calls agree, unless that was tried a moment ago and its outcome still stands. So a caller that waits for a
// storage that hangs waits for one attempt, not for a queue of them.
func (s *secrets) ask(ctx context.Context) ([]*sealer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked.IsZero() || s.now().Sub(s.asked) >= askAgainAfter {
		s.failed = s.agree(ctx)
		// That a caller has left says nothing about the storage.
		if s.failed == nil || !errors.Is(ctx.Err(), context.Canceled) {
			s.asked = s.now()
		}
	}
	return *s.known.Load(), s.failed
}

// agree offers the storage the secret in use, or a new one, and adopts the one that it then has. Callers hold mu.
func (s *secrets) agree(ctx context.Context) error {
	known := *s.known.Load()
	offer := RandomSecret()
	if len(known) > 0 {
		offer = known[0].secret
	}
	added, err := s.agreed.Add(ctx, s.name, []byte(offer), 0)
	if err != nil {
		return err
	}
	secret := offer
	if !added {
		value, err := s.agreed.Get(ctx, s.name)
		if err != nil {
			return err
		}
		if len(value) != secretSize {
			return fmt.Errorf("the secret under %q has %d bytes, not %d", s.name, len(value), secretSize)
		}
		secret = string(value)
	}
	if len(known) == 0 || known[0].secret != secret {
		known = append([]*sealer{newSealer(secret)}, known...)
		known = known[:min(len(known), maxKnown)]
		s.known.Store(&known)
	}
	return nil
}
