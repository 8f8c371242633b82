package captcha

import (
	"context"
	"errors"
	"fmt"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/reveal"
)

// The package captchatest reads answers through this. It is set while the program is loaded and never again, and no
// name of the public API leads to it.
var _ = reveal.By(func(ctx context.Context, guard any, key, binding string) (string, error) {
	g := guard.(*Guard)
	c, err := g.peek(ctx, key, Visitor{Binding: binding})
	if errors.Is(err, ErrUnknownKey) {
		err = fmt.Errorf("%w: %s", err, g.whyUnknown(ctx, key, binding))
	}
	return c.Answer, err
})

// whyUnknown says to the author of a test what the guard says to nobody else.
func (g *Guard) whyUnknown(ctx context.Context, key, binding string) string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	for purpose, other := range g.purposes {
		if _, err := other.peek(ctx, key, Visitor{Binding: binding}); err == nil {
			return fmt.Sprintf("the challenge is for the purpose %q, and this guard's is %q; solve it with guard.For(%q)", purpose, g.purpose, purpose)
		}
	}
	return fmt.Sprintf("it was used, has expired, was issued for another visitor or by a guard with other secrets or another storage, "+
		"or is for another purpose than %q; solve it with the guard that issued it, and for its purpose as guard.For returns it", g.purpose)
}
