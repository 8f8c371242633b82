package keep_test

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
)

var (
	ctx     = context.Background()
	issued  = time.Date(2026, 11, 22, 12, 34, 56, 789e6, time.UTC)
	puzzle  = keep.Scope{Kind: keep.Puzzle}
	fr      = keep.LanguageOf("fr")
	secret  = strings.Repeat("a", 32)
	version = "rest_captcha_{key}.{version}"
)

// What the first version issued, as its code wrote it.
const (
	firstSealed = "FJrfUWmeAOpV79CVH-3pNQgnKTme_JD4X-Wm4Dz5JrqOQ8jO5AHmIE7ZYC80ptUS"
	firstSeed   = "4fb0071940458dc02210e43e0a6bc9445763e66e287161fd365e6c4ff17b06db"
	firstStored = "513af917e8be4b73000001a2034534754fb0071940458dc02210e43e0a6bc9445763e66e287161fd365e6c4ff17b06db0257413252"
)

func config(storage keep.Plain, at *time.Time) keep.Config {
	return keep.Config{
		Storage:   keep.Wrap(storage),
		Namespace: version,
		Longest:   5 * time.Minute,
		Now:       func() time.Time { return *at },
		NewKey:    func() string { return "de67e7f3-72d9-42d8-9677-ea381610363d" },
		Secrets:   []string{secret},
		Languages: []keep.Language{keep.LanguageOf("en"), keep.LanguageOf("de"), fr},
	}
}

// both returns a keeper of either kind, on storages of their own.
func both(t *testing.T, at *time.Time) map[string]keep.Keeper {
	stored, err := keep.NewStored(config(memory.New(), at))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]keep.Keeper{"sealed": keep.NewSealed(config(memory.New(), at)), "stored": stored}
}

func TestWhatIsKeptComesBackWhole(t *testing.T) {
	at := issued
	for name, keeper := range both(t, &at) {
		want := keep.Challenge{Answer: "WA2R", Language: fr, Terms: keep.Terms{Demand: 3, Preset: 7, Level: 7}, Expires: at.Add(5 * time.Minute)}
		key, kept, err := keeper.Issue(ctx, want, puzzle)
		if err != nil {
			t.Fatal(err)
		}
		if late := want.Expires.Sub(kept.Expires); late < 0 || late >= 8*time.Millisecond {
			t.Errorf("%s: expires %v too early", name, late)
		}
		peeked, err := keeper.Peek(ctx, key, puzzle)
		if err != nil || !same(peeked, kept) {
			t.Errorf("%s: peeked at %+v, %v; want %+v", name, peeked, err, kept)
		}
		taken, err := keeper.Take(ctx, key, puzzle)
		if err != nil || !same(taken, kept) || taken.Answer != want.Answer || taken.Terms != want.Terms || taken.Language != fr {
			t.Errorf("%s: took %+v, %v; want %+v", name, taken, err, kept)
		}
		mustBeUnknown(t, keeper, key, puzzle)
	}
}

func same(a, b keep.Challenge) bool {
	expires := a.Expires.UnixMilli() == b.Expires.UnixMilli()
	a.Expires, b.Expires = time.Time{}, time.Time{}
	return expires && a == b
}

func mustBeUnknown(t *testing.T, keeper keep.Keeper, key string, scope keep.Scope) {
	t.Helper()
	if c, err := keeper.Peek(ctx, key, scope); !errors.Is(err, keep.ErrUnknown) {
		t.Errorf("peek in %+v: %+v, %v", scope, c, err)
	}
	if c, err := keeper.Take(ctx, key, scope); !errors.Is(err, keep.ErrUnknown) {
		t.Errorf("take in %+v: %+v, %v", scope, c, err)
	}
}

// A key is unknown in every scope but its own, and asking in another does not use it up.
func TestScopesAreApart(t *testing.T) {
	at := issued
	scopes := []keep.Scope{
		puzzle,
		{Kind: keep.Receipt},
		{Kind: keep.Puzzle, Purpose: "signup"},
		{Kind: keep.Receipt, Purpose: "signup"},
		{Kind: keep.Puzzle, Purpose: "signup", Binding: "a session"},
		{Kind: keep.Puzzle, Purpose: "login", Binding: "a session"},
		{Kind: keep.Puzzle, Binding: "a session"},
		{Kind: keep.Puzzle, Purpose: "a", Binding: "b 1 c"},
		{Kind: keep.Puzzle, Purpose: "a b", Binding: "1 c"},
	}
	for name, keeper := range both(t, &at) {
		for i, own := range scopes {
			key, _, err := keeper.Issue(ctx, keep.Challenge{Answer: "A", Expires: at.Add(time.Minute)}, own)
			if err != nil {
				t.Fatal(err)
			}
			for j, other := range scopes {
				if i != j {
					mustBeUnknown(t, keeper, key, other)
				}
			}
			if _, err := keeper.Take(ctx, key, own); err != nil {
				t.Errorf("%s: in its own scope %+v: %v", name, own, err)
			}
		}
	}
}

// A replica that is upgraded accepts what the others issue, once, for as long as it lives.
func TestTheVersionBeforeIsGoodForTheRestOfItsLife(t *testing.T) {
	at := issued
	storage := memory.New(memory.Config{Now: func() time.Time { return at }})
	value, err := hex.DecodeString(firstStored)
	if err != nil {
		t.Fatal(err)
	}
	if err := storage.Set("rest_captcha_first.1", value, time.Hour); err != nil {
		t.Fatal(err)
	}
	stored, err := keep.NewStored(config(storage, &at))
	if err != nil {
		t.Fatal(err)
	}
	for key, keeper := range map[string]keep.Keeper{firstSealed: keep.NewSealed(config(storage, &at)), "first": stored} {
		at = issued.Add(5*time.Minute - time.Millisecond)
		mustBeUnknown(t, keeper, key, keep.Scope{Kind: keep.Puzzle, Purpose: "signup"})
		mustBeUnknown(t, keeper, key, keep.Scope{Kind: keep.Receipt})
		at = issued.Add(5 * time.Minute)
		if _, err := keeper.Peek(ctx, key, puzzle); !errors.Is(err, keep.ErrUnknown) {
			t.Errorf("%s after its life: %v", key, err)
		}
		at = issued.Add(5*time.Minute - time.Millisecond)
		c, err := keeper.Take(ctx, key, puzzle)
		if err != nil || c.Answer != "WA2R" || c.Language != fr || hex.EncodeToString(c.Seed[:]) != firstSeed ||
			!c.Expires.Equal(issued.Add(5*time.Minute)) {
			t.Errorf("%s: %+v, %v", key, c, err)
		}
		mustBeUnknown(t, keeper, key, puzzle)
	}
	// A replica of the previous version finds the mark that it would have left itself.
	if mark, err := storage.Get("rest_captcha_~" + firstSealed + ".1"); mark == nil || err != nil {
		t.Errorf("no mark of the spent key: %v", err)
	}
}

// The mark of a spent key outlives the key by as much as clocks may differ, even on a server that is behind by that
// much.
func TestASpentKeyStaysSpentForClocksThatAreBehind(t *testing.T) {
	at := issued
	behind := issued
	storage := memory.New(memory.Config{Now: func() time.Time { return at }})
	here, there := keep.NewSealed(config(storage, &at)), keep.NewSealed(config(storage, &behind))
	key, _, err := here.Issue(ctx, keep.Challenge{Answer: "A", Expires: at.Add(time.Minute)}, puzzle)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := here.Take(ctx, key, puzzle); err != nil {
		t.Fatal(err)
	}
	for at = issued; at.Before(issued.Add(2 * time.Minute)); at = at.Add(100 * time.Millisecond) {
		behind = at.Add(-keep.Skew)
		mustBeUnknown(t, there, key, puzzle)
	}
}

// A clock that is set back while the app runs, by as much as clocks may be apart, does not let a key be used again. The
// storage counts time by a clock of its own.
func TestASpentKeyStaysSpentWhenTheClockIsSetBack(t *testing.T) {
	at, real := issued, issued
	storage := memory.New(memory.Config{Now: func() time.Time { return real }})
	keeper := keep.NewSealed(config(storage, &at))
	key, _, err := keeper.Issue(ctx, keep.Challenge{Answer: "A", Expires: at.Add(time.Minute)}, puzzle)
	if err != nil {
		t.Fatal(err)
	}
	at, real = at.Add(59*time.Second), real.Add(59*time.Second)
	if _, err := keeper.Take(ctx, key, puzzle); err != nil {
		t.Fatal(err)
	}
	at = at.Add(-keep.Skew)
	for range 200 {
		mustBeUnknown(t, keeper, key, puzzle)
		at, real = at.Add(100*time.Millisecond), real.Add(100*time.Millisecond)
	}
}

func TestAKeyFromFurtherAheadThanClocksMayBeIsUnknown(t *testing.T) {
	at, ahead := issued, issued.Add(keep.Skew+time.Second)
	storage := memory.New()
	here, there := keep.NewSealed(config(storage, &at)), keep.NewSealed(config(storage, &ahead))
	key, _, err := there.Issue(ctx, keep.Challenge{Answer: "A", Expires: ahead.Add(5 * time.Minute)}, puzzle)
	if err != nil {
		t.Fatal(err)
	}
	mustBeUnknown(t, here, key, puzzle)
}

// A stored value of another namespace is unknown. One that is too short to be of any is a fault of the storage.
func TestForeignValues(t *testing.T) {
	at := issued
	storage := memory.New()
	stored, err := keep.NewStored(config(storage, &at))
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]error{
		"short":                  keep.ErrStorage,
		strings.Repeat("x", 100): keep.ErrUnknown,
	} {
		if err := storage.Set("rest_captcha_key.1", []byte(value), time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, err := stored.Peek(ctx, "key", puzzle); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", value, err, want)
		}
	}
}

// A storage that fails accepts no answer and shows no challenge, in either way of keeping.
func TestAStorageThatFailsAcceptsNothing(t *testing.T) {
	at := issued
	for name, make := range map[string]func(keep.Plain) (keep.Keeper, error){
		"sealed": func(p keep.Plain) (keep.Keeper, error) { return keep.NewSealed(config(p, &at)), nil },
		"stored": func(p keep.Plain) (keep.Keeper, error) { return keep.NewStored(config(p, &at)) },
	} {
		storage := memory.New()
		keeper, err := make(storage)
		if err != nil {
			t.Fatal(err)
		}
		key := mustIssue(t, keeper, at)
		storage.Close()
		if c, err := keeper.Take(ctx, key, puzzle); !errors.Is(err, keep.ErrStorage) || c != (keep.Challenge{}) {
			t.Errorf("%s: took %+v, %v", name, c, err)
		}
		if c, err := keeper.Peek(ctx, key, puzzle); !errors.Is(err, keep.ErrStorage) || c != (keep.Challenge{}) {
			t.Errorf("%s: peeked at %+v, %v", name, c, err)
		}
	}
}

// An hour's end, at which sealing goes on with other keys, shortens no challenge's life.
func TestAnHourMayEnd(t *testing.T) {
	at := issued.Truncate(time.Hour).Add(-time.Second)
	keeper := keep.NewSealed(config(memory.New(), &at))
	early, late := mustIssue(t, keeper, at), mustIssue(t, keeper, at)
	at = at.Add(2 * time.Second)
	mustTake(t, keeper, early)
	at = at.Add(5*time.Minute - 3*time.Second)
	mustTake(t, keeper, late)
}

// A stored challenge has a seed that nobody can guess, and leaves the storage with its life.
func TestStoredChallengesAreFreshAndGo(t *testing.T) {
	at := issued
	storage := memory.New(memory.Config{Now: func() time.Time { return at }})
	cfg, made := config(storage, &at), 0
	cfg.NewKey = func() string { made++; return strings.Repeat("k", made) }
	stored, err := keep.NewStored(cfg)
	if err != nil {
		t.Fatal(err)
	}
	seeds := map[[32]byte]bool{{}: true}
	for range 3 {
		_, c, err := stored.Issue(ctx, keep.Challenge{Answer: "A", Expires: at.Add(time.Minute)}, puzzle)
		if err != nil || seeds[c.Seed] {
			t.Errorf("seed %x, %v", c.Seed, err)
		}
		seeds[c.Seed] = true
	}
	at = at.Add(time.Minute)
	if value, err := storage.Get("rest_captcha_kk.1"); value != nil || err != nil {
		t.Errorf("after its life there is %q, %v", value, err)
	}
}

// A generator that makes a key twice must not give one visitor's challenge to another.
func TestAKeyThatIsThereIsNotIssuedAgain(t *testing.T) {
	at := issued
	stored, err := keep.NewStored(config(memory.New(), &at))
	if err != nil {
		t.Fatal(err)
	}
	key := mustIssue(t, stored, at)
	if _, _, err := stored.Issue(ctx, keep.Challenge{Answer: "B", Expires: at.Add(time.Minute)}, puzzle); !errors.Is(err, keep.ErrStorage) {
		t.Errorf("issued twice: %v", err)
	}
	if c, err := stored.Take(ctx, key, puzzle); c.Answer != "A" || err != nil {
		t.Errorf("the first is %q, %v", c.Answer, err)
	}
}

// A value that lost its end is not taken for a whole one.
func TestValuesThatWereCutOff(t *testing.T) {
	at := issued
	storage := memory.New()
	stored, err := keep.NewStored(config(storage, &at))
	if err != nil {
		t.Fatal(err)
	}
	key := mustIssue(t, stored, at)
	name := "rest_captcha_" + key + ".1"
	whole, err := storage.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	for length := 1; length < len(whole)-1; length++ { // without its last byte it is that of an empty answer
		if err := storage.Set(name, whole[:length], time.Hour); err != nil {
			t.Fatal(err)
		}
		if c, err := stored.Peek(ctx, key, puzzle); !errors.Is(err, keep.ErrStorage) && !errors.Is(err, keep.ErrUnknown) {
			t.Errorf("%d of %d bytes: %+v, %v", length, len(whole), c, err)
		}
	}
}

func TestKeyForm(t *testing.T) {
	for key, want := range map[string]bool{
		"az-AZ_09": true, strings.Repeat("k", keep.MaxKey): true,
		"": false, strings.Repeat("k", keep.MaxKey+1): false, "~k": false, "k~": false, "k k": false, "k\n": false, "k:1": false, "é": false,
	} {
		if keep.KeyForm(key) != want {
			t.Errorf("%q: want %t", key, want)
		}
	}
}
