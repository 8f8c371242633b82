package captcha_test

import (
	"context"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
)

const (
	secretA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	secretB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	secretC = "cccccccccccccccccccccccccccccccc"
)

func TestSealedKeyIs64URLSafeCharactersWhateverTheAnswer(t *testing.T) {
	form := regexp.MustCompile(`^[A-Za-z0-9_-]{64}$`)
	for _, length := range []int{1, 4, 14} {
		guard := captcha.New(captcha.Config{Length: length, Picture: wide})
		if key := mustGenerate(t, guard); !form.MatchString(key) {
			t.Errorf("key %q for %d letters", key, length)
		}
	}
}

func TestIssuingTouchesNoStorage(t *testing.T) {
	storage := atomicPlain{newPlain()}
	guard := captcha.New(captcha.Config{Storage: storage})
	calls, values := storage.calls, len(storage.values)
	for range 10000 {
		if err := captcha.IssueUndrawn(guard); err != nil {
			t.Fatal(err)
		}
	}
	mustGenerate(t, guard)
	if storage.calls != calls || len(storage.values) != values {
		t.Errorf("%d calls and %d more values", storage.calls-calls, len(storage.values)-values)
	}
}

func TestVerifyingIsOneCall(t *testing.T) {
	storage := atomicPlain{newPlain()}
	guard := captcha.New(captcha.Config{Storage: storage})
	key := mustGenerate(t, guard)
	answer := captchatest.Solve(t, guard, key)
	calls := storage.calls
	wantErr(t, verify(guard, key, answer), nil)
	if n := storage.calls - calls; n != 1 {
		t.Errorf("%d calls", n)
	}
}

func TestTamperedKeysAreUnknown(t *testing.T) {
	guard := captcha.New(captcha.Config{})
	key := mustGenerate(t, guard)
	sealed, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(forged string) {
		t.Helper()
		if forged == "" || strings.TrimSpace(forged) == key {
			return // blank, and white space that does not count
		}
		if err := verify(guard, forged, "ABCD"); err == nil || strings.Contains(err.Error(), "wrong") {
			t.Errorf("key %q: %v", forged, err)
		}
	}
	for i := range len(sealed) * 8 {
		forged := append([]byte(nil), sealed...)
		forged[i/8] ^= 1 << (i % 8)
		refuse(base64.RawURLEncoding.EncodeToString(forged))
	}
	for i := range len(key) * 8 {
		forged := []byte(key)
		forged[i/8] ^= 1 << (i % 8)
		refuse(string(forged))
	}
	for i := range len(key) {
		refuse(key[:i])
		refuse(key[i:])
		refuse(key[:i] + "\n" + key[i:])
		refuse(key[:i] + "\r\n" + key[i:])
	}
	refuse(key + "A")
	refuse(base64.StdEncoding.EncodeToString(sealed) + "=")
	wantErr(t, verify(guard, key, captchatest.Solve(t, guard, key)), nil)
}

func TestKeysOfOtherGuards(t *testing.T) {
	guard := captcha.New(captcha.Config{Secrets: []string{secretA}})
	for name, row := range map[string]struct {
		cfg  captcha.Config
		want error
	}{
		"same secret":     {captcha.Config{Secrets: []string{secretA}}, nil},
		"other secret":    {captcha.Config{Secrets: []string{secretB}}, captcha.ErrUnknownKey},
		"other namespace": {captcha.Config{Secrets: []string{secretA}, Compat: captcha.Compat{Namespace: "easy_{key}"}}, captcha.ErrUnknownKey},
		"stored":          {captcha.Config{Stored: true}, captcha.ErrUnknownKey},
	} {
		t.Run(name, func(t *testing.T) {
			other := captcha.New(row.cfg)
			key := mustGenerate(t, other)
			wantErr(t, verify(guard, key, captchatest.Solve(t, other, key)), row.want)
		})
	}
}

func TestStoringGuardsLeaveSpentKeysSpent(t *testing.T) {
	storage := atomicPlain{newPlain()}
	sealing, storing := captcha.New(captcha.Config{Storage: storage}), captcha.New(captcha.Config{Storage: storage, Stored: true})
	key := mustGenerate(t, sealing)
	answer := captchatest.Solve(t, sealing, key)
	wantErr(t, verify(sealing, key, answer), nil)
	wantErr(t, verify(storing, key, answer), captcha.ErrUnknownKey)
	wantErr(t, verify(sealing, key, answer), captcha.ErrUnknownKey)
}

func TestKeysFromTheFutureAreUnknown(t *testing.T) {
	ahead, here := newClock(), newClock()
	future := captcha.New(captcha.Config{Secrets: []string{secretA}, Now: ahead.now})
	guard := captcha.New(captcha.Config{Secrets: []string{secretA}, Now: here.now})
	for _, row := range []struct {
		ahead time.Duration
		want  error
	}{
		{4 * time.Second, nil}, // clocks differ
		{6 * time.Second, captcha.ErrUnknownKey},
		{time.Hour, captcha.ErrUnknownKey},
		{1000 * time.Hour, captcha.ErrUnknownKey},
	} {
		ahead.at.Store(here.at.Load())
		ahead.move(row.ahead)
		key := mustGenerate(t, future)
		wantErr(t, verify(guard, key, captchatest.Solve(t, future, key)), row.want)
	}
}

func TestChallengesOutliveThePeriodTheyWereSealedIn(t *testing.T) {
	clock := newClock()
	guard := captcha.New(captcha.Config{Now: clock.now, Expiration: 24 * time.Hour})
	for range 30 {
		key := mustGenerate(t, guard)
		answer := captchatest.Solve(t, guard, key)
		clock.move(24*time.Hour - time.Second)
		wantErr(t, verify(guard, key, answer), nil)
		clock.move(time.Hour)
	}
}

func TestAnyTimeCanBeNow(t *testing.T) {
	for _, ms := range []int64{-1e12, 0, 1<<40 - 1000, 1.7e12, 1<<41 - 1000, 5e12} {
		clock := newClock()
		clock.at.Store(ms * 1e6)
		guard := captcha.New(captcha.Config{Now: clock.now})
		early, late := mustGenerate(t, guard), mustGenerate(t, guard)
		earlyAnswer, lateAnswer := captchatest.Solve(t, guard, early), captchatest.Solve(t, guard, late)
		clock.move(5*time.Minute - time.Millisecond)
		wantErr(t, verify(guard, early, earlyAnswer), nil)
		clock.move(time.Millisecond)
		wantErr(t, verify(guard, late, lateAnswer), captcha.ErrUnknownKey)
	}
}

func TestTheZeroTimeCanBeNow(t *testing.T) {
	guard := captcha.New(captcha.Config{Storage: atomicPlain{newPlain()}, Now: func() (zero time.Time) { return zero }})
	key := mustGenerate(t, guard)
	wantErr(t, verify(guard, key, captchatest.Solve(t, guard, key)), nil)
}

func TestRotationRefusesNoChallengeAlreadyShown(t *testing.T) {
	storage := atomicPlain{newPlain()}
	with := func(secrets ...string) *captcha.Guard {
		return captcha.New(captcha.Config{Storage: storage, Secrets: secrets})
	}
	before := with(secretA)
	shown := mustGenerate(t, before)
	answer := captchatest.Solve(t, before, shown)

	during := with(secretB, secretA)
	wantErr(t, verify(during, shown, answer), nil)
	wantErr(t, verify(before, shown, answer), captcha.ErrUnknownKey)

	shown = mustGenerate(t, during)
	answer = captchatest.Solve(t, during, shown)
	after := with(secretC, secretB)
	wantErr(t, verify(after, shown, answer), nil)

	old := mustGenerate(t, before)
	wantErr(t, verify(after, old, captchatest.Solve(t, before, old)), captcha.ErrUnknownKey)
}

func TestReplicasAgreeOnASecret(t *testing.T) {
	storage := atomicPlain{newPlain()}
	one, two := captcha.New(captcha.Config{Storage: storage}), captcha.New(captcha.Config{Storage: storage})
	key := mustGenerate(t, one)
	answer := captchatest.Solve(t, one, key)
	wantErr(t, verify(two, key, answer), nil)
	wantErr(t, verify(one, key, answer), captcha.ErrUnknownKey)

	key = mustGenerate(t, one)
	answer = captchatest.Solve(t, one, key)
	restarted := captcha.New(captcha.Config{Storage: storage})
	wantErr(t, verify(restarted, key, answer), nil)
}

func TestReplicasAgreeAgainAfterTheStorageLostItsData(t *testing.T) {
	clock := newClock()
	storage := atomicPlain{newPlain()}
	old := captcha.New(captcha.Config{Storage: storage, Now: clock.now})
	shown := mustGenerate(t, old)
	answer := captchatest.Solve(t, old, shown)

	storage.Reset()
	clock.move(2 * time.Second)
	fresh := captcha.New(captcha.Config{Storage: storage, Now: clock.now})
	key := mustGenerate(t, fresh)
	wantErr(t, verify(old, key, captchatest.Solve(t, fresh, key)), nil)
	wantErr(t, verify(old, shown, answer), nil)
	key = mustGenerate(t, old)
	wantErr(t, verify(fresh, key, captchatest.Solve(t, old, key)), nil)
}

func TestUnknownKeysDoNotMakeTheStorageBusy(t *testing.T) {
	clock := newClock()
	storage := atomicPlain{newPlain()}
	guard := captcha.New(captcha.Config{Storage: storage, Now: clock.now})
	forged := strings.Repeat("A", 64)
	calls := storage.calls
	for range 1000 {
		wantErr(t, verify(guard, forged, "ABCD"), captcha.ErrUnknownKey)
	}
	if n := storage.calls - calls; n > 2 {
		t.Errorf("%d calls for 1,000 forged keys within one second", n)
	}
}

func TestIssuingGoesOnWithoutTheStorage(t *testing.T) {
	storage := atomicPlain{newPlain()}
	guard := captcha.New(captcha.Config{Storage: storage, Logger: quiet})
	storage.broken = errOutage
	key := mustGenerate(t, guard)
	wantErr(t, verify(guard, key, "ABCD"), captcha.ErrStorage)
}

func TestStartWithoutTheStorage(t *testing.T) {
	clock := newClock()
	storage := atomicPlain{newPlain()}
	storage.broken = errOutage
	guard := captcha.New(captcha.Config{Storage: storage, Logger: quiet, Now: clock.now})
	_, err := guard.IssueTo(ctx, captcha.Visitor{})
	wantErr(t, err, captcha.ErrStorage)
	storage.broken = nil
	clock.move(time.Second)
	mustGenerate(t, guard)
}

// attentive is a storage that refuses callers who have left.
type attentive struct{ atomicPlain }

func (s attentive) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	return s.atomicPlain.Add(ctx, key, value, ttl)
}

func TestWhoLeavesTooSoonHoldsNobodyUp(t *testing.T) {
	clock := newClock()
	storage := attentive{atomicPlain{newPlain()}}
	storage.broken = errOutage
	guard := captcha.New(captcha.Config{Storage: storage, Logger: quiet, Now: clock.now})
	storage.broken = nil
	clock.move(time.Second)
	gone, leave := context.WithCancel(ctx)
	leave()
	_, err := guard.IssueTo(gone, captcha.Visitor{})
	wantErr(t, err, captcha.ErrStorage)
	mustGenerate(t, guard)
}

func TestOneKeyOnePicture(t *testing.T) {
	guard := captcha.New(captcha.Config{Secrets: []string{secretA}})
	one, err := guard.IssueTo(ctx, captcha.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	two, err := guard.IssueTo(ctx, captcha.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	if one.Key == two.Key || string(one.Image) == string(two.Image) {
		t.Error("two challenges share a key or a picture")
	}
}

func FuzzForgedKeys(f *testing.F) {
	issuer := captcha.New(captcha.Config{Secrets: []string{secretB}})
	challenge, err := issuer.IssueTo(ctx, captcha.Visitor{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(challenge.Key, "ABCD")
	f.Add("", "")
	f.Add(strings.Repeat("A", 64), "\x00")
	f.Add("de67e7f3-72d9-42d8-9677-ea381610363d", "K\u212A")
	sealed := captcha.New(captcha.Config{Secrets: []string{secretA}})
	stored := captcha.New(captcha.Config{Stored: true})
	f.Fuzz(func(t *testing.T, key, value string) {
		for _, guard := range []*captcha.Guard{sealed, stored} {
			err := verify(guard, key, value)
			if err == nil || strings.Contains(err.Error(), captcha.ErrWrongAnswer.Error()) {
				t.Fatalf("key %q, which was never issued, was known: %v", key, err)
			}
		}
	})
}
