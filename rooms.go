package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fibercaptcha/fibercaptcha/handlers/settings"
	"github.com/fibercaptcha/fibercaptcha/storage"
)

// rooms are the storages of what the site keeps. In memory each is one of its own: what visitors store never takes the room of
// what must not be refused, which is the marks of spent challenges, the failed logins and the sessions. In Redis all are one,
// whose room is bounded for all together, and package kept bounds what visitors store.
type rooms struct {
	challenges, attempts, sessions, accounts, messages storage.Storage

	opened []storage.Storage
}

func openRooms(ctx context.Context, set settings.Settings) (*rooms, error) {
	r := &rooms{}
	var err error
	open := func(variable, url string) (opened storage.Storage) {
		if err != nil {
			return nil
		}
		opened, err = storage.Open(ctx, url, storage.Config{
			Wait:    time.Duration(set.StorageWait) * time.Second,
			Timeout: time.Duration(set.StorageTimeout),
		})
		if err != nil {
			err = fmt.Errorf("%s: %w", variable, err)
			return nil
		}
		r.opened = append(r.opened, opened)
		return opened
	}
	r.accounts = open("STORAGE_URL", set.StorageURL)
	shared := r.accounts
	for _, room := range []*storage.Storage{&r.challenges, &r.attempts, &r.sessions, &r.messages} {
		switch {
		case room == &r.challenges && set.Cache != "":
			*room = open("CAPTCHA_CACHE", set.Cache)
		case strings.HasPrefix(set.StorageURL, "memory:"):
			*room = open("STORAGE_URL", set.StorageURL)
		default:
			*room = shared
		}
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// ready tries what requests need: that there is still room for the mark of a spent challenge.
func (r *rooms) ready(ctx context.Context) error {
	_, err := r.challenges.Add(ctx, "ready_"+rand.Text(), []byte{1}, time.Second)
	return errors.Join(err, r.accounts.Ping(ctx))
}

func (r *rooms) close() {
	for _, opened := range r.opened {
		_ = opened.Close()
	}
}
