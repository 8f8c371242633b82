package captcha

import (
	"context"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/permit"
)

// Reveal returns a challenge's answer and uses nothing up. It is for the package captchatest: its first parameter's type
// can't be named outside of this module's captcha packages.
func (g *Guard) Reveal(_ permit.Solve, ctx context.Context, key string) (string, error) {
	if !keyForm(key) {
		return "", ErrUnknownKey
	}
	c, err := g.keeper.peek(ctx, key)
	return c.answer, err
}
