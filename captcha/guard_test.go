package captcha_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

var ctx = context.Background()

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// clock is a clock that stands until it is moved.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.at.Store(time.Date(2026, 11, 22, 12, 34, 56, 792e6, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time       { return time.Unix(0, c.at.Load()) }
func (c *clock) move(d time.Duration) { c.at.Add(int64(d)) }

// plain is a fiber.Storage and nothing more, with a latency that gives Get-then-Delete every chance to go wrong.
type plain struct {
	mu     sync.Mutex
	values map[string][]byte
	broken error
	calls  int
}

func newPlain() *plain { return &plain{values: make(map[string][]byte)} }

func (p *plain) do(step func()) error {
	time.Sleep(10 * time.Microsecond)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	if p.broken == nil {
		step()
	}
	return p.broken
}

func (p *plain) Get(key string) (value []byte, err error) {
	err = p.do(func() { value = p.values[key] })
	return value, err
}

func (p *plain) Set(key string, value []byte, _ time.Duration) error {
	return p.do(func() { p.values[key] = value })
}

func (p *plain) Delete(key string) error { return p.do(func() { delete(p.values, key) }) }
func (p *plain) Reset() error            { return p.do(func() { clear(p.values) }) }
func (p *plain) Close() error            { return nil }

// atomicPlain has the atomic steps as well.
type atomicPlain struct{ *plain }

func (p atomicPlain) Take(_ context.Context, key string) (value []byte, err error) {
	err = p.do(func() { value = p.values[key]; delete(p.values, key) })
	return value, err
}

func (p atomicPlain) Add(_ context.Context, key string, value []byte, _ time.Duration) (added bool, err error) {
	err = p.do(func() {
		if _, ok := p.values[key]; !ok {
			p.values[key], added = value, true
		}
	})
	return added, err
}

// modes are the ways in which a guard can keep its challenges. Each must behave like the others.
func modes() map[string]func() captcha.Config {
	const secret = "0123456789abcdef0123456789abcdef"
	return map[string]func() captcha.Config{
		"sealed, no storage":    func() captcha.Config { return captcha.Config{} },
		"sealed, agreed secret": func() captcha.Config { return captcha.Config{Storage: atomicPlain{newPlain()}} },
		"sealed, given secret": func() captcha.Config {
			return captcha.Config{Storage: atomicPlain{newPlain()}, Secrets: []string{secret}}
		},
		"sealed, plain storage":  func() captcha.Config { return captcha.Config{Storage: newPlain(), Secrets: []string{secret}} },
		"stored, no storage":     func() captcha.Config { return captcha.Config{Stored: true} },
		"stored, atomic storage": func() captcha.Config { return captcha.Config{Stored: true, Storage: atomicPlain{newPlain()}} },
		"stored, plain storage":  func() captcha.Config { return captcha.Config{Storage: newPlain(), Stored: true} },
		"sealed, plain, agreed":  func() captcha.Config { return captcha.Config{Storage: newPlain()} },
	}
}

func inEveryMode(t *testing.T, test func(t *testing.T, cfg captcha.Config)) {
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := mode()
			cfg.Logger = quiet
			test(t, cfg)
		})
	}
}

func mustGenerate(t *testing.T, guard *captcha.Guard) string {
	t.Helper()
	challenge, err := guard.IssueTo(ctx, captcha.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	return challenge.Key
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("error %v, want %v", got, want)
	}
}

func TestRightAnswerIsAcceptedOnce(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		guard := captcha.New(cfg)
		key := mustGenerate(t, guard)
		answer := captchatest.Solve(t, guard, key)
		wantErr(t, verify(guard, " "+key+"\n", "\t"+strings.ToLower(answer)+" "), nil)
		wantErr(t, verify(guard, key, answer), captcha.ErrUnknownKey)
	})
}

func TestWrongAnswerUsesTheChallengeUp(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		guard := captcha.New(cfg)
		key := mustGenerate(t, guard)
		answer := captchatest.Solve(t, guard, key)
		wantErr(t, verify(guard, key, "no"), captcha.ErrWrongAnswer)
		wantErr(t, verify(guard, key, answer), captcha.ErrUnknownKey)
	})
}

func TestWhatCanNotBeAnAnswerUsesNothingUp(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		guard := captcha.New(cfg)
		key := mustGenerate(t, guard)
		for _, row := range []struct {
			key, value string
			want       error
		}{
			{key, "", captcha.ErrMissing},
			{key, " \t", captcha.ErrMissing},
			{"", "ABCD", captcha.ErrMissing},
			{"unknown", "", captcha.ErrMissing},
			{key, "ABCDABCDA", captcha.ErrMalformed},
			{key, "AB\x00D", captcha.ErrMalformed},
			{key, "AB\xffD", captcha.ErrMalformed},
			{key + strings.Repeat("x", 65), "ABCD", captcha.ErrMalformed},
			{"unknown", "ABCD", captcha.ErrUnknownKey},
			{"rest_captcha_~secret.1", "ABCD", captcha.ErrUnknownKey},
			{"~secret", "ABCD", captcha.ErrUnknownKey},
		} {
			wantErr(t, verify(guard, row.key, row.value), row.want)
		}
		wantErr(t, verify(guard, key, captchatest.Solve(t, guard, key)), nil)
	})
}

func TestExpiryIsExact(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		clock := newClock()
		cfg.Now, cfg.Expiration = clock.now, 90*time.Second
		guard := captcha.New(cfg)
		early, late := mustGenerate(t, guard), mustGenerate(t, guard)
		earlyAnswer, lateAnswer := captchatest.Solve(t, guard, early), captchatest.Solve(t, guard, late)
		clock.move(90*time.Second - time.Millisecond)
		wantErr(t, verify(guard, early, earlyAnswer), nil)
		clock.move(time.Millisecond)
		wantErr(t, verify(guard, late, lateAnswer), captcha.ErrUnknownKey)
	})
}

// To several guards over one storage, each of which accepts the others' challenges.
func TestConcurrentSubmissionsOfOneAnswer(t *testing.T) {
	t.Parallel()
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		guards := []*captcha.Guard{captcha.New(cfg)}
		if cfg.Storage != nil {
			guards = append(guards, captcha.New(cfg), captcha.New(cfg))
		}
		for range 20 {
			key := mustGenerate(t, guards[0])
			answer := captchatest.Solve(t, guards[0], key)
			var accepted atomic.Int32
			var wait sync.WaitGroup
			for i := range 100 {
				wait.Go(func() {
					if verify(guards[i%len(guards)], key, answer) == nil {
						accepted.Add(1)
					}
				})
			}
			wait.Wait()
			if n := accepted.Load(); n != 1 {
				t.Fatalf("accepted %d times", n)
			}
		}
	})
}

func TestStorageFailureIsNeitherRightNorWrong(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		var storage *plain
		switch s := cfg.Storage.(type) {
		case *plain:
			storage = s
		case atomicPlain:
			storage = s.plain
		default:
			return // a guard's own memory can't fail
		}
		guard := captcha.New(cfg)
		key := mustGenerate(t, guard)
		answer := captchatest.Solve(t, guard, key)

		failure := errors.New("connection refused")
		storage.broken = failure
		for _, value := range []string{answer, "no"} {
			err := verify(guard, key, value)
			wantErr(t, err, captcha.ErrStorage)
			wantErr(t, err, failure)
		}
		storage.broken = nil
		wantErr(t, verify(guard, key, answer), nil)
	})
}

// What keyboards make of the letters is right; another letter, and one too few or too many, is wrong.
func TestAnswersAsTheyAreTyped(t *testing.T) {
	guard := captcha.New(captcha.Config{Compat: captcha.Compat{InsecureMasterAnswers: map[string]string{
		"latin": "KIS", "digits": "12034", "lower": "abc",
	}}, Logger: quiet})
	for _, row := range []struct {
		key, value string
		want       error
	}{
		{"latin", "kis", nil},
		{"latin", "\u212Ais", nil},         // the Kelvin sign
		{"latin", "k\u0131s", nil},         // the dotless i
		{"latin", "\uFF2B I\u200B S", nil}, // full width, spaces, what can't be seen
		{"latin", "kit", captcha.ErrWrongAnswer},
		{"latin", "ki", captcha.ErrWrongAnswer},
		{"latin", "kiss", captcha.ErrWrongAnswer},
		{"latin", "k-is", captcha.ErrWrongAnswer},
		{"digits", "12 34", captcha.ErrWrongAnswer},
		{"digits", "1 2 0 3 4", nil},
		{"digits", "\u0661\u0662\u0660\u0663\u0664", nil}, // Arabic digits
		{"digits", "12034", nil},
		{"lower", "ABC", nil},
		{"lower", "abc", nil},
	} {
		wantErr(t, verify(guard, row.key, row.value), row.want)
	}
}

func TestOneStorageKeyInFrontOfAnother(t *testing.T) {
	storage := atomicPlain{newPlain()}
	strict := captcha.New(captcha.Config{Storage: storage, Stored: true})
	easy := captcha.New(captcha.Config{Storage: storage, Stored: true, Compat: captcha.Compat{Namespace: "rest_captcha_easy_{key}.{version}"}})
	key := mustGenerate(t, easy)
	answer := captchatest.Solve(t, easy, key)
	wantErr(t, verify(strict, "easy_"+key, answer), captcha.ErrUnknownKey)
}

func TestLongAnswersCanBeSubmitted(t *testing.T) {
	guard := captcha.New(captcha.Config{Length: 12, Picture: wide})
	key := mustGenerate(t, guard)
	wantErr(t, verify(guard, key, captchatest.Solve(t, guard, key)), nil)
}

func TestLengthsSpanTheRange(t *testing.T) {
	guard := captcha.New(captcha.Config{Length: 3, MaxLength: 5, Picture: wide})
	seen := map[int]bool{}
	for range 200 {
		seen[len(captchatest.Solve(t, guard, mustGenerate(t, guard)))] = true
	}
	if want := map[int]bool{3: true, 4: true, 5: true}; !maps.Equal(seen, want) {
		t.Fatalf("lengths %v, want %v", seen, want)
	}
}

func TestImpossibleSettingsPanicWithTheValue(t *testing.T) {
	for _, row := range []struct {
		cfg  captcha.Config
		want string
	}{
		{captcha.Config{Expiration: time.Millisecond}, "Expiration is 1ms"},
		{captcha.Config{Expiration: 25 * time.Hour}, "Expiration is 25h0m0s"},
		{captcha.Config{Length: -1}, "Length is -1"},
		{captcha.Config{Length: 33}, "Length is 33"},
		{captcha.Config{Length: 5, MaxLength: 4}, "MaxLength is 4"},
		{captcha.Config{Alphabet: "A"}, `Alphabet is "A"`},
		{captcha.Config{Alphabet: "ABa"}, "'A' and 'a'"},
		{captcha.Config{Alphabet: "A B"}, "' '"},
		{captcha.Config{Alphabet: "A\xff"}, `"A\xff"`},
		{captcha.Config{Compat: captcha.Compat{Namespace: "captcha"}}, `Compat.Namespace is "captcha"`},
		{captcha.Config{Compat: captcha.Compat{Namespace: "{key}{version}"}}, `Compat.Namespace is "{key}{version}"`},
		{captcha.Config{Compat: captcha.Compat{KeyField: "captcha_value"}}, `Compat.KeyField is "captcha_value"`},
		{captcha.Config{Compat: captcha.Compat{ImageField: "image_type"}}, `Compat.ImageField is "image_type"`},
		{captcha.Config{Compat: captcha.Compat{KeyField: "image_decode"}}, `Compat.KeyField is "image_decode"`},
		{captcha.Config{Compat: captcha.Compat{KeyField: "captcha_image"}}, `Compat.KeyField is "captcha_image"`},
		{captcha.Config{Compat: captcha.Compat{KeyField: "captcha_work"}}, `Compat.KeyField is "captcha_work"`},
		{captcha.Config{Compat: captcha.Compat{KeyField: "captcha_receipt"}}, `Compat.KeyField is "captcha_receipt"`},
		{captcha.Config{Compat: captcha.Compat{KeyField: "altcha"}}, `Compat.KeyField is "altcha"`},
		{captcha.Config{Compat: captcha.Compat{ImageField: "captcha_asks"}}, `Compat.ImageField is "captcha_asks"`},
		{captcha.Config{Compat: captcha.Compat{ValueField: "captcha_refresh"}}, `Compat.ValueField is "captcha_refresh"`},
		{captcha.Config{Compat: captcha.Compat{ValueField: "captcha_key"}}, `Compat.ValueField is "captcha_key"`},
		{captcha.Config{Compat: captcha.Compat{ValueField: "the answer"}}, `Compat.ValueField is "the answer"`},
		{captcha.Config{Purpose: "sign up"}, `Purpose is "sign up"`},
		{captcha.Config{Picture: picture.Config{Width: 5000}}, "Picture.Width is 5000"},
		{captcha.Config{MaxBody: -1}, `MaxBody is -1`},
		{captcha.Config{Path: "/a b/"}, `Path is "/a b/"`},
		{captcha.Config{Path: "/*/"}, `Path is "/*/"`},
		{captcha.Config{Path: "//host/"}, `Path is "//host/"`},
		{captcha.Config{Path: "/captcha"}, `Path is "/captcha"`},
		{captcha.Config{Compat: captcha.Compat{InsecureMasterAnswers: map[string]string{"k": " AB"}}}, `InsecureMasterAnswers is not accepted`},
		{captcha.Config{Secrets: []string{"short"}}, "it has 5"},
		{captcha.Config{Length: 15, Picture: wide}, "MaxLength is 15"},
		{captcha.Config{Language: "xx"}, `Language is "xx"`},
		{captcha.Config{Stored: true, Compat: captcha.Compat{KeyGenerator: func() string { return "a.b" }}}, `made the key "a.b"`},
		{captcha.Config{Compat: captcha.Compat{InsecureMasterAnswers: map[string]string{"k": ""}}}, `with no white space around them`},
	} {
		t.Run(row.want, func(t *testing.T) {
			defer func() {
				err, _ := recover().(error)
				var refused *captcha.SettingError
				if !errors.As(err, &refused) || !strings.Contains(err.Error(), row.want) || refused.Field == "" || refused.Accepted == "" {
					t.Errorf("panic %v, want a refused setting and %s", err, row.want)
				}
			}()
			captcha.New(row.cfg)
		})
	}
}

// A key that no submission could name fails when it is made, not when the visitor has solved its picture.
func TestKeysOfTheWrongFormFail(t *testing.T) {
	keys := []string{"good", `bad"key`}
	guard := captcha.New(captcha.Config{Stored: true, Compat: captcha.Compat{KeyGenerator: func() string {
		key := keys[0]
		keys = append(keys[1:], `bad"key`)
		return key
	}}})
	_, err := guard.IssueTo(ctx, captcha.Visitor{})
	wantErr(t, err, captcha.ErrStorage)
	if cause := fmt.Sprint(errors.Unwrap(err)); !strings.Contains(cause, `"bad\"key"`) {
		t.Errorf("%s does not name the key", cause)
	}
}

func TestEventsTellTheOutcome(t *testing.T) {
	var got []string
	clock := newClock()
	guard := captcha.New(captcha.Config{Now: clock.now, Observe: func(_ context.Context, e captcha.Event) {
		got = append(got, string(e.Kind)+" "+string(e.Reason)+" "+e.Age.String())
	}})
	right, wrong := mustGenerate(t, guard), mustGenerate(t, guard)
	clock.move(7 * time.Second)
	verify(guard, right, captchatest.Solve(t, guard, right))
	verify(guard, wrong, "no")
	verify(guard, wrong, "no")
	app := newApp(guard)
	mustDo(t, app, post("/api/contact", "application/json", `{"captcha_key":"`+wrong+`"}`))
	mustDo(t, app, post("/api/contact", "application/json", `{"captcha_key":"`+wrong+`","captcha_value":"far too long"}`))
	want := "issued ok 0s, issued ok 0s, verified ok 7s, verified wrong_answer 7s, verified unknown_key 0s, " +
		"verified missing 0s, verified malformed 0s"
	if joined := strings.Join(got, ", "); joined != want {
		t.Errorf("events\n%s\nwant\n%s", joined, want)
	}
}

func TestWarningsSayWhatIsUnsafe(t *testing.T) {
	for _, row := range []struct {
		cfg  captcha.Config
		want string
	}{
		{captcha.Config{Storage: newPlain()}, "an answer may be accepted once by each process that shares it"},
		{captcha.Config{Storage: newPlain(), Stored: true}, "step=Take"},
		{captcha.Config{Storage: newPlain(), Stored: true, Receipts: time.Minute}, `step="Take and Add"`},
		{captcha.Config{Storage: atomicPlain{newPlain()}}, ""},
		{captcha.Config{Secrets: []string{secretA}}, "Secrets is set but Storage is not"},
		{captcha.Config{Alphabet: "O0AB"}, "unwise"},
		{captcha.Config{Compat: captcha.Compat{InsecureMasterAnswers: map[string]string{"k": "sesame"}}}, "master answers are set"},
	} {
		var log strings.Builder
		row.cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
		captcha.New(row.cfg)
		if got := log.String(); !strings.Contains(got, row.want) || row.want == "" && got != "" || strings.Contains(got, "sesame") {
			t.Errorf("log %q, want %q", got, row.want)
		}
	}
}

var _ fiber.Storage = (*plain)(nil)

// unsure is the error of a storage that did a step and can't promise that it stays done.
type unsure struct{}

func (unsure) Error() string     { return "one replica of two" }
func (unsure) Unconfirmed() bool { return true }

func TestAnAnswerThatMayBeUsedUpIsSaidToBe(t *testing.T) {
	storage := atomicPlain{newPlain()}
	guard := captcha.New(captcha.Config{Storage: storage, Logger: quiet})
	key := mustGenerate(t, guard)
	storage.broken = fmt.Errorf("add: %w", unsure{})
	err := verify(guard, key, "ABCD")
	wantErr(t, err, captcha.ErrStorage)
	if !strings.Contains(err.Error(), "may be used up") || strings.Contains(err.Error(), "replica") {
		t.Errorf("%v", err)
	}
}
