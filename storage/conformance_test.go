package storage_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha/storagetest"
	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

func TestMemoryConforms(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) fiber.Storage { return mustOpen(t, "memory://") })
}

func TestRedisConforms(t *testing.T) {
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

// ownPrefix keeps a test's keys apart from others in one database. The signs in it would match more than themselves, if
// Reset took them for a pattern.
func ownPrefix() storage.Config {
	return storage.Config{Prefix: "t[a-z]*" + rand.Text() + ":", Timeout: patient}
}

// patient is the time limit of tests that are not about time, on a machine that is busy.
const patient = 30 * time.Second
