package keep_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
)

// agreed is a memory that counts the questions for the secret, and can be down.
type agreed struct {
	*memory.Memory
	asked int
	down  error
}

func (a *agreed) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if strings.Contains(key, "~secret") {
		a.asked++
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if a.down != nil {
		return false, a.down
	}
	return a.Memory.Add(ctx, key, value, ttl)
}

// sealing returns a keeper that agrees on its secret through the storage.
func sealing(storage keep.Plain, at *time.Time) *keep.Sealed {
	cfg := config(storage, at)
	cfg.Secrets = nil
	return keep.NewSealed(cfg)
}

func mustIssue(t *testing.T, keeper keep.Keeper, at time.Time) (key string) {
	t.Helper()
	key, _, err := keeper.Issue(ctx, keep.Challenge{Answer: "A", Expires: at.Add(5 * time.Minute)}, puzzle)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func mustTake(t *testing.T, keeper keep.Keeper, key string) {
	t.Helper()
	if _, err := keeper.Take(ctx, key, puzzle); err != nil {
		t.Errorf("Take: %v", err)
	}
}

func TestReplicasAgree(t *testing.T) {
	at := issued
	storage := &agreed{Memory: memory.New()}
	one, two := sealing(storage, &at), sealing(storage, &at)
	for range 3 {
		mustTake(t, two, mustIssue(t, one, at))
		mustTake(t, one, mustIssue(t, two, at))
	}
	if storage.asked != 2 {
		t.Errorf("the storage was asked %d times by two replicas, want once by each", storage.asked)
	}
}

// After the storage lost its data, whoever comes first offers the secret that is in use, and a replica that started with
// another one is understood: one secret is found by asking, and the one before is not forgotten.
func TestReplicasAgreeAgain(t *testing.T) {
	at := issued
	storage := &agreed{Memory: memory.New()}
	old := sealing(storage, &at)
	shown := mustIssue(t, old, at)
	storage.Reset()
	at = at.Add(2 * time.Second)
	mustBeUnknown(t, old, strings.Repeat("A", 64), puzzle) // which makes it ask, and offer its own again
	mustTake(t, sealing(storage, &at), shown)

	storage.Reset()
	at = at.Add(2 * time.Second)
	fresh := sealing(storage, &at)
	theirs := mustIssue(t, fresh, at)
	ours := mustIssue(t, old, at)
	mustTake(t, old, theirs)
	mustTake(t, old, ours)
	mustTake(t, fresh, mustIssue(t, old, at))
}

// Three secrets are remembered and not every one that ever was.
func TestFewSecretsAreRemembered(t *testing.T) {
	at := issued
	storage := &agreed{Memory: memory.New()}
	old := sealing(storage, &at)
	keys := []string{mustIssue(t, old, at)}
	for range 3 {
		storage.Reset()
		at = at.Add(2 * time.Second)
		keys = append(keys, mustIssue(t, sealing(storage, &at), at))
		if _, err := old.Peek(ctx, keys[len(keys)-1], puzzle); err != nil {
			t.Fatal(err)
		}
	}
	mustBeUnknown(t, old, keys[0], puzzle)
	for _, key := range keys[1:] {
		mustTake(t, old, key)
	}
}

// Forged keys make a replica ask the storage for the secret once a second, and what was never sealed not at all.
func TestForgedKeysAskSeldom(t *testing.T) {
	at := issued
	storage := &agreed{Memory: memory.New()}
	keeper := sealing(storage, &at)
	mustIssue(t, keeper, at)
	for _, row := range []struct {
		later time.Duration
		key   string
		asked int
	}{
		{0, strings.Repeat("A", 64), 0},
		{999 * time.Millisecond, strings.Repeat("A", 64), 0},
		{time.Millisecond, strings.Repeat("A", 63), 0},
		{0, strings.Repeat("A", 64), 1},
		{10 * time.Second, strings.Repeat("A", 64), 1},
	} {
		at, storage.asked = at.Add(row.later), 0
		for range 10 {
			if _, err := keeper.Peek(ctx, row.key, puzzle); !errors.Is(err, keep.ErrUnknown) {
				t.Fatal(err)
			}
		}
		if storage.asked != row.asked {
			t.Errorf("%s later: asked %d times, want %d", row.later, storage.asked, row.asked)
		}
	}
}

func TestASecretThatIsNoneIsAFailure(t *testing.T) {
	at := issued
	storage := &agreed{Memory: memory.New()}
	if err := storage.Set("rest_captcha_~secret.1", []byte("short"), 0); err != nil {
		t.Fatal(err)
	}
	keeper := sealing(storage, &at)
	if err := keeper.Agree(ctx); err == nil || !strings.Contains(err.Error(), "5 bytes, not 32") {
		t.Errorf("Agree: %v", err)
	}
	if _, _, err := keeper.Issue(ctx, keep.Challenge{}, puzzle); !errors.Is(err, keep.ErrStorage) {
		t.Errorf("Issue: %v", err)
	}
	if _, err := keeper.Take(ctx, strings.Repeat("A", 64), puzzle); !errors.Is(err, keep.ErrStorage) {
		t.Errorf("Take: %v", err)
	}
}

// A failure is remembered for a second, so that nobody waits in a queue. A caller who left is no failure.
func TestAFailedAgreementStandsForAMoment(t *testing.T) {
	at := issued
	storage := &agreed{Memory: memory.New(), down: errBroken}
	keeper := sealing(storage, &at)
	for range 3 {
		if err := keeper.Agree(ctx); !errors.Is(err, errBroken) {
			t.Errorf("Agree: %v", err)
		}
	}
	if storage.asked != 1 {
		t.Errorf("asked %d times", storage.asked)
	}
	storage.down = nil
	if err := keeper.Agree(ctx); !errors.Is(err, errBroken) {
		t.Errorf("Agree at once: %v", err)
	}
	at = at.Add(time.Second)
	gone, leave := context.WithCancel(ctx)
	leave()
	if err := keeper.Agree(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("Agree of who has left: %v", err)
	}
	if err := keeper.Agree(ctx); err != nil {
		t.Errorf("Agree after who has left: %v", err)
	}
}
