package handlers

import (
	"context"
	"errors"
	"fmt"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/fibercaptcha/fibercaptcha/handlers/kept"
	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

// withDeadline gives a request with several calls to the storage a quarter longer than one call may take. Otherwise a
// storage that answers each call just in time would keep a visitor waiting for all of them.
func (s *site) withDeadline(c *fiber.Ctx) error {
	if s.StorageTimeout == 0 {
		return c.Next()
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), s.StorageTimeout*5/4)
	defer cancel()
	c.SetUserContext(ctx)
	return c.Next()
}

// onStorage takes a step on the storage, unless the request's deadline has passed. A failure is web.ErrStorage, unless
// the reason is that the visitor may not store more.
func onStorage(ctx context.Context, doing string, step func() error) error {
	err := ctx.Err()
	if err == nil {
		err = step()
	}
	if errors.Is(err, kept.ErrFull) || errors.As(err, new(*limit.Error)) {
		return err
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", web.ErrStorage, doing, err)
	}
	return nil
}
