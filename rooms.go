package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/fibercaptcha/fibercaptcha/handlers/settings"
	"github.com/fibercaptcha/fibercaptcha/storage"
)

// rooms are the storages for what the site keeps. In memory, each is a storage of its own, so that what visitors store
// never takes the room for what must not be refused: the marks of spent challenges, the failed logins and the sessions.
// STORAGE_URL says how much visitors may store; the other storages are large enough. In Redis all of them are one
// storage with one bound, and package kept bounds what visitors store in it.
type rooms struct {
	challenges, attempts, sessions, accounts, messages, sent storage.Storage

	opened []storage.Storage
}

// ownRoom has room for 200,000 accounts and networks with failed logins, for as many visitors who are logged in, or for
// the answers to as many forms that may be sent a second time. Its memory is taken only as it is used.
const ownRoom = "memory://?entries=200000&bytes=67108864"

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
	r.challenges, r.attempts, r.sessions, r.messages, r.sent = r.accounts, r.accounts, r.accounts, r.accounts, r.accounts
	if inMemory := strings.HasPrefix(set.StorageURL, "memory:"); inMemory {
		r.attempts, r.sessions, r.sent = open("", ownRoom), open("", ownRoom), open("", ownRoom)
		r.challenges, r.messages = open("", "memory://"), open("STORAGE_URL", set.StorageURL)
	}
	if set.Cache != "" {
		r.challenges = open("CAPTCHA_CACHE", set.Cache)
	}
	if err != nil {
		r.close()
		return nil, err
	}
	if strings.HasPrefix(set.StorageURL, "memory:") {
		slog.Info("data is kept in the memory of this process, so a restart loses accounts, messages and logins; set STORAGE_URL to keep them")
	} else {
		slog.Info("data is kept in the storage at STORAGE_URL; a restart of this process loses none of it")
	}
	return r, nil
}

// shared returns the bound of the one storage that has everything, or 0 if there is no such storage or no bound.
func (r *rooms) shared() (bytes int64) {
	if redis, ok := r.messages.(*storage.Redis); ok {
		return redis.Room()
	}
	return 0
}

// ready checks what requests need: that each storage answers, and that there is still room for the mark of a spent
// challenge.
func (r *rooms) ready(ctx context.Context) error {
	_, err := r.challenges.Add(ctx, "ready_"+rand.Text(), []byte{1}, time.Second)
	for _, opened := range r.opened {
		err = errors.Join(err, opened.Ping(ctx))
	}
	return err
}

func (r *rooms) close() {
	for _, opened := range r.opened {
		_ = opened.Close()
	}
}
