package handlers

import (
	"context"
	"errors"
	"time"
)

var errTooSlow = errors.New("the storage has answered too slowly so far for another call within this request")

// paced is a storage within one request that makes many calls, one after the other: when they have taken a quarter longer
// than one call may, no more is begun. Else a storage that answers each of them just in time would keep a visitor waiting
// for the sum of them, and then fail.
type paced struct {
	Storage
	left time.Duration
}

// paced is the site with such a storage, or s itself where calls may take any time.
func (s *site) paced() *site {
	if s.StorageTimeout == 0 {
		return s
	}
	storage := &paced{s.Storage, s.StorageTimeout * 5 / 4}
	own := *s
	own.Storage, own.sessions, own.attempts = storage, newSessions(storage), attempts{storage}
	return &own
}

func (p *paced) call(do func() error) error {
	if p.left <= 0 {
		return errTooSlow
	}
	start := time.Now()
	err := do()
	p.left -= time.Since(start)
	return err
}

func (p *paced) Get(key string) (value []byte, err error) {
	err = p.call(func() error { value, err = p.Storage.Get(key); return err })
	return value, err
}

func (p *paced) Set(key string, value []byte, ttl time.Duration) error {
	return p.call(func() error { return p.Storage.Set(key, value, ttl) })
}

func (p *paced) Delete(key string) error {
	return p.call(func() error { return p.Storage.Delete(key) })
}

func (p *paced) Take(ctx context.Context, key string) (value []byte, err error) {
	err = p.call(func() error { value, err = p.Storage.Take(ctx, key); return err })
	return value, err
}

func (p *paced) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error) {
	err = p.call(func() error { added, err = p.Storage.Add(ctx, key, value, ttl); return err })
	return added, err
}
