package handlers

import (
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/fibercaptcha/fibercaptcha/storage"
)

// Whoever has an account can't fill the storage with its sessions.
func TestSessionsOfAnAccountAreBounded(t *testing.T) {
	store, err := storage.Open(t.Context(), "memory://")
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	kept := newSessions(store)
	app := fiber.New()
	app.Get("/:email", func(c *fiber.Ctx) error {
		if err := kept.signIn(c, c.Params("email")); errors.As(err, new(*limit.Error)) {
			return c.SendStatus(fiber.StatusTooManyRequests)
		} else if err != nil {
			return err
		}
		return c.SendStatus(fiber.StatusNoContent)
	})
	signIn := func(email string) int {
		response, err := app.Test(httptest.NewRequest("GET", "/"+email, nil))
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode
	}
	for n := range maxLogins {
		if status := signIn("ada@example.org"); status != fiber.StatusNoContent {
			t.Fatalf("login %d: status %d", n+1, status)
		}
	}
	if status := signIn("ADA@example.org"); status != fiber.StatusTooManyRequests {
		t.Errorf("one more: status %d", status)
	}
	if status := signIn("bob@example.org"); status != fiber.StatusNoContent {
		t.Errorf("another account: status %d", status)
	}
}
