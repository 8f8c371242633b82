// Package once is the package captcha/once for apps on Fiber v3. The manual is there.
//
//	app.Post("/contact", once.New(once.Config{Guard: guard}), contact)
package once

import (
	"fmt"
	"github.com/gofiber/fiber/v3"

	"github.com/fibercaptcha/fibercaptcha/captcha/fiberv3"
	"github.com/fibercaptcha/fibercaptcha/captcha/once"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// ErrUnfinished says that a form was sent before, and that its answer is not known.
var ErrUnfinished = once.ErrUnfinished

// Config holds the settings of forms that are answered once: those of captcha/once, except that Guard is a field of
// this Config.
type Config struct {
	// Config holds all other settings.
	once.Config

	// Guard is the guard that protects the form, with the form's own purpose.
	//
	// Required
	Guard *fiberv3.Guard
}

// New returns a handler that stands before a form's own. It panics with the error that NewHandler returns.
func New(config Config) fiber.Handler {
	handler, err := NewHandler(config)
	if err != nil {
		panic(fmt.Errorf("once: %w", err))
	}
	return handler
}

// NewHandler is New, but returns a *setting.Error instead of panicking.
func NewHandler(config Config) (fiber.Handler, error) {
	cfg := config
	if cfg.Config.Guard != nil {
		return nil, &setting.Error{Field: "Config.Guard", Value: "one of Fiber v2", Accepted: "nil; set once.Config.Guard"}
	}
	if cfg.Guard != nil {
		cfg.Config.Guard = cfg.Guard.Guard
	}
	forms, err := once.NewForms(cfg.Config)
	if err != nil {
		return nil, err
	}
	return func(c fiber.Ctx) error {
		return forms.Answer(c.Context(), c.RequestCtx(), cfg.Guard.Visitor(c), func() error {
			if err := c.Next(); err != nil {
				return c.App().ErrorHandler(c, err) // what it answers is to be kept
			}
			return nil
		})
	}, nil
}
