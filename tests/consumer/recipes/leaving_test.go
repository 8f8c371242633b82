package recipes

import (
	"context"
	"errors"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
)

// leaving is a storage whose server goes away.
type leaving struct {
	*memory.Memory
	gone bool
}

func (l *leaving) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if l.gone {
		return false, errors.New("dial tcp 10.0.0.7:6379: connect: connection refused")
	}
	return l.Memory.Add(ctx, key, value, ttl)
}
