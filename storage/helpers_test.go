package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/storage"
)

func testNegativeTTL(t *testing.T, s storage.Storage) {
	for _, ttl := range []time.Duration{-1, -2, -time.Second} {
		if err := s.Set("key", []byte("value"), ttl); !errors.Is(err, storage.ErrTTL) {
			t.Errorf("Set with %s = %v, want ErrTTL", ttl, err)
		}
		if added, err := s.Add(t.Context(), "key", []byte("value"), ttl); added || !errors.Is(err, storage.ErrTTL) {
			t.Errorf("Add with %s = %t, %v, want ErrTTL", ttl, added, err)
		}
	}
	mustBeAbsent(t, s, "key")
}

func mustSet(t testing.TB, s storage.Storage, key, value string, ttl time.Duration) {
	t.Helper()
	if err := s.Set(key, []byte(value), ttl); err != nil {
		t.Fatalf("Set(%q): %v", key, err)
	}
}

func mustAdd(t testing.TB, s storage.Storage, key string, ttl time.Duration, want bool) {
	t.Helper()
	if got, err := s.Add(t.Context(), key, []byte("added!"), ttl); err != nil || got != want {
		t.Fatalf("Add(%q) = %t, %v; want %t", key, got, err, want)
	}
}

func mustHold(t testing.TB, s storage.Storage, key, want string) {
	t.Helper()
	if got, err := s.Get(key); err != nil || string(got) != want {
		t.Fatalf("Get(%q) = %q, %v; want %q", key, got, err, want)
	}
}

func mustBeAbsent(t testing.TB, s storage.Storage, key string) {
	t.Helper()
	if got, err := s.Get(key); got != nil || err != nil {
		t.Fatalf("Get(%q) = %q, %v; want nil, nil", key, got, err)
	}
}
