package captcha

import (
	"context"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/reveal"
)

// The package captchatest reads answers through this. It is set while the program is loaded and never again, and no name of
// the public API leads to it.
var _ = reveal.By(func(ctx context.Context, guard any, key, binding string) (string, error) {
	c, err := guard.(*Guard).peek(ctx, key, Visitor{Binding: binding})
	return c.Answer, err
})
