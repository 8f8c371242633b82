package storage

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// countScript gives the first the time to live; those after it leave that as it is.
var countScript = redis.NewScript(refuseLate + `
local n = redis.call('INCR', KEYS[1])
if n == 1 and ARGV[2] ~= '0' then
	redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return n`)

// Count adds one under key and returns how many were added since the first, which lives ttl.
func (r *Redis) Count(ctx context.Context, key string, ttl time.Duration) (int64, error) {
	if key == "" {
		return 0, ErrEmpty
	}
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	n, err := r.run(ctx, countScript, key, wholeMilliseconds(ttl).Milliseconds()).Int64()
	return n, failed("count", err)
}
