package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

// account is what is stored about a visitor who signed up.
type account struct {
	Email   string    `json:"email"`
	Hash    []byte    `json:"hash"`
	Created time.Time `json:"created"`
}

// accountKey returns the key of an address's account. It is the same in upper and lower case.
func accountKey(email string) string { return "account_" + strings.ToLower(email) }

// account returns what is stored under an address: the zero account if there is none.
func (s *site) account(ctx context.Context, email string) (found account, err error) {
	var value []byte
	err = onStorage(ctx, "find an account", func() (err error) {
		value, err = s.Storage.Get(accountKey(email))
		return err
	})
	if err != nil || value == nil {
		return account{}, err
	}
	if err := json.Unmarshal(value, &found); err != nil {
		return account{}, fmt.Errorf("an account in the storage can't be read: %w", err)
	}
	return found, nil
}

type accountPage struct {
	Title   string
	Email   string
	Created time.Time
}

func (s *site) accountHome(c *fiber.Ctx) error {
	email, err := s.sessions.signedIn(c)
	if err != nil {
		return err
	}
	found, err := s.account(c.UserContext(), email)
	if err != nil {
		return err
	}
	if found.Email == "" {
		return s.logout(c)
	}
	return web.Page(c, fiber.StatusOK, "account", accountPage{Title: "Account", Email: found.Email, Created: found.Created})
}

func (s *site) logout(c *fiber.Ctx) error {
	if err := s.sessions.signOut(c); err != nil {
		return err
	}
	return c.Redirect("/login", fiber.StatusSeeOther)
}
