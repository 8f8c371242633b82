package storage_test

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha/storagetest"
	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

// The memory's own tests show that it conforms.
func TestMemoryHasTheLimitsOfItsURL(t *testing.T) {
	s := mustOpen(t, "memory://?entries=2&bytes=20")
	mustSet(t, s, "a", "1", time.Hour)
	if err := s.Set("b", []byte("more than twenty bytes"), time.Hour); !errors.Is(err, storage.ErrFull) {
		t.Errorf("Set of too many bytes: %v", err)
	}
	mustSet(t, s, "b", "2", time.Hour)
	if err := s.Set("c", []byte("3"), time.Hour); !errors.Is(err, storage.ErrFull) {
		t.Errorf("Set of a third entry: %v", err)
	}
}

func TestRedisConforms(t *testing.T) {
	t.Parallel()
	url := redisserver.Start(t)
	storagetest.Run(t, func(t *testing.T) fiber.Storage { return mustOpen(t, url, ownPrefix()) })
}

func mustOpen(t testing.TB, url string, config ...storage.Config) storage.Storage {
	t.Helper()
	s, err := storage.Open(t.Context(), url, config...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// ownPrefix keeps a test's keys apart from others in one database. The signs in it would match more than themselves if
// Reset took them for a pattern.
func ownPrefix() storage.Config {
	return storage.Config{Prefix: "t[a-z]*" + rand.Text() + ":", Timeout: patient}
}

// patient is the time limit of tests that are not about time, on a machine that is busy.
const patient = 30 * time.Second
