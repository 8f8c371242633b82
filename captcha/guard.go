package captcha

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

// Guard issues challenges and verifies their answers. It is safe for concurrent use.
type Guard struct {
	cfg       Config
	alphabet  []rune
	renderer  *picture.Renderer
	keeper    keeper
	reply     frame
	texts     map[string]Texts
	languages []string
}

// New returns a guard with these settings. Impossible settings panic with the bad value quoted: they are a programmer's
// mistake, and better found at start than in a request.
func New(config ...Config) *Guard {
	cfg := withDefaults(config...)
	g, err := newGuard(cfg)
	if err != nil {
		panic(err.Error())
	}
	if n := len(cfg.InsecureMasterAnswers); n > 0 {
		cfg.Logger.Warn("captcha: master answers are set; whoever knows one gets past every challenge", "count", n)
	}
	return g
}

func newGuard(cfg Config) (*Guard, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	renderer, err := picture.New(cfg.Picture, cfg.Alphabet, cfg.MaxLength)
	if err != nil {
		return nil, fmt.Errorf("captcha: %w", err)
	}
	texts := cfg.texts()
	languages, err := cfg.languages(texts)
	if err != nil {
		return nil, err
	}
	keeper, err := newKeeper(cfg)
	if err != nil {
		return nil, err
	}
	return &Guard{cfg, []rune(cfg.Alphabet), renderer, keeper, newFrame(cfg), texts, languages}, nil
}

// newKeeper chooses between sealing and storing.
func newKeeper(cfg Config) (keeper, error) {
	var storage atomicStorage
	_, adds := cfg.Storage.(Adder)
	_, takes := cfg.Storage.(Taker)
	if cfg.Storage == nil {
		storage, adds, takes = newMemory(memoryEntries, cfg.Expiration+clockSkew, cfg.Now), true, true
	} else {
		storage = local{cfg.Storage}
	}

	stored := cfg.Stored || !adds && len(cfg.Secrets) == 0
	if stored && !takes || !stored && !adds {
		cfg.Logger.Warn("captcha: the storage has no atomic step; a challenge is single use within this process only",
			"storage", fmt.Sprintf("%T", cfg.Storage))
	}
	form := strings.ReplaceAll(cfg.StorageKey, "{version}", storedVersion)
	storageKey := func(key string) string { return strings.Replace(form, "{key}", key, 1) }
	if stored {
		if key := cfg.KeyGenerator(); !keyForm(key) {
			return nil, fmt.Errorf("captcha: %w", keyFormError(key))
		}
		return &storedKeeper{storage, storageKey, newNamespace(form), cfg.KeyGenerator, cfg.Expiration, cfg.Now}, nil
	}

	if n := cfg.MaxLength * longestLetter(cfg.Alphabet); n > maxSealed {
		return nil, fmt.Errorf("captcha: an answer of %d letters from Alphabet %q takes up to %d bytes, and a sealed key holds %d: "+
			"use fewer letters, or Stored", cfg.MaxLength, cfg.Alphabet, n, maxSealed)
	}
	var known *secrets
	switch {
	case len(cfg.Secrets) > 0:
		known = givenSecrets(form, cfg.Secrets)
	case cfg.Storage == nil:
		known = givenSecrets(form, []string{randomSecret()})
	default:
		// No challenge's key has a tilde, so that none can name the secret.
		known = agreedSecrets(form, storage, storageKey("~secret"), cfg.Now)
		if _, err := known.sealers(context.Background()); err != nil {
			cfg.Logger.Warn("captcha: no secret could be agreed on yet; it is tried again with each challenge", "error", err)
		}
	}
	return &sealedKeeper{known, storage, storage.Get, storageKey, cfg.Expiration, cfg.Now}, nil
}

func longestLetter(alphabet string) (bytes int) {
	for _, r := range alphabet {
		bytes = max(bytes, utf8.RuneLen(r))
	}
	return bytes
}

// Challenge is what a visitor is shown. It does not hold the answer.
type Challenge struct {
	Key      string    // names the challenge in a submission
	Image    []byte    // a PNG
	Width    int       // of the picture, in CSS pixels
	Height   int       // of the picture, in CSS pixels
	Expires  time.Time // when it can no longer be answered
	Language string    // of its sound and its field's texts

	guard *Guard
}

// DataURI returns the picture for an img element's src.
func (c *Challenge) DataURI() template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(c.Image))
}

// Generate issues a challenge. Its sound will be in language, which is what Guard.Language returns for a request; without
// one it is Config.Language, or English. The error is ErrStorage.
func (g *Guard) Generate(ctx context.Context, language ...string) (*Challenge, error) {
	index := 0
	if len(language) > 0 {
		index = max(0, slices.Index(g.languages, language[0]))
	}
	key, c, err := g.issue(ctx, index)
	if err != nil {
		return nil, err
	}
	width, height := g.renderer.Size(c.answer)
	return &Challenge{
		Key:      key,
		Image:    g.renderer.Append(nil, c.answer, c.pictureSeed()),
		Width:    width,
		Height:   height,
		Expires:  c.expires,
		Language: g.languages[index],
		guard:    g,
	}, nil
}

// issue makes a challenge and does not draw it.
func (g *Guard) issue(ctx context.Context, language int) (string, content, error) {
	key, c, err := g.keeper.issue(ctx, content{
		answer:   randomAnswer(g.alphabet, g.cfg.Length, g.cfg.MaxLength),
		language: byte(language),
		expires:  g.cfg.Now().Add(g.cfg.Expiration),
	})
	g.cfg.Observe(Event{Kind: Issued, Err: err})
	return key, c, err
}

// Verify decides about one submission. It returns nil for the right answer; FieldErrors (ErrMissing or ErrMalformed) for
// fields that can't be an answer, which uses nothing up; ErrUnknownKey, ErrWrongAnswer or ErrStorage. A right or wrong
// answer uses the challenge up. White space around either field does not count, nor does the letters' case.
func (g *Guard) Verify(ctx context.Context, key, value string) error {
	age, err := g.verify(ctx, strings.TrimSpace(key), strings.TrimSpace(value))
	g.cfg.Observe(Event{Kind: Verified, Err: err, Age: age})
	return err
}

func (g *Guard) verify(ctx context.Context, key, value string) (age time.Duration, err error) {
	if err := checkShape(g.cfg.KeyField, key, value, g.cfg.valueLimit()); err != nil {
		return 0, err
	}
	if answer, ok := g.cfg.InsecureMasterAnswers[key]; ok {
		return 0, judge(answer, value)
	}
	if !keyForm(key) {
		return 0, ErrUnknownKey
	}
	c, err := g.keeper.take(ctx, key)
	if err != nil {
		return 0, err
	}
	return g.cfg.Expiration - c.expires.Sub(g.cfg.Now()), judge(c.answer, value)
}

func judge(answer, value string) error {
	if !sameAnswer(answer, value) {
		return ErrWrongAnswer
	}
	return nil
}

// checkShape says what is wrong with the fields themselves, which are trimmed.
func checkShape(keyField, key, value string, limit int) error {
	errs := FieldErrors{}
	checkField(errs, keyField, key, keyLimit)
	checkField(errs, valueField, value, limit)
	if len(errs) > 0 {
		return errs
	}
	return nil
}

func checkField(errs FieldErrors, field, text string, limit int) {
	switch {
	case text == "":
		errs.add(field, msgBlank)
	case !utf8.ValidString(text):
		errs.add(field, msgNotString)
	case strings.ContainsRune(text, 0):
		errs.add(field, msgNUL)
	case utf8.RuneCountInString(text) > limit:
		errs.add(field, fmt.Sprintf("Ensure this field has no more than %d characters.", limit))
	}
}

// keyForm reports whether key is spelt as keys are. What is not never reaches the storage, where other things than
// challenges may have names.
func keyForm(key string) bool {
	for i := range len(key) {
		switch b := key[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '-', b == '_':
		default:
			return false
		}
	}
	return len(key) > 0 && len(key) <= keyLimit
}

func keyFormError(key string) error {
	return fmt.Errorf("KeyGenerator makes keys like %q; accepted are 1 to %d letters, digits, - and _", key, keyLimit)
}

// storageError wraps the storage's own error in ErrStorage.
func storageError(doing string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrStorage, doing, err)
}

// Kind is what an Event is about.
type Kind string

// The kinds of events. A browser asks for a sound in one request or in several.
const (
	Issued   Kind = "issued"
	Spoken   Kind = "spoken"
	Verified Kind = "verified"
)

// Event is one thing that a guard did.
type Event struct {
	Kind Kind          // what was done
	Err  error         // nil, or why it was refused or failed
	Age  time.Duration // of a Verified challenge whose key was valid: the time from issue to answer
}

// Reason returns a short constant word for Err, fit for a metric's label: ok, missing, malformed, unknown_key,
// wrong_answer, storage_failed, or failed where Config.Audio did.
func (e Event) Reason() string {
	switch {
	case e.Err == nil:
		return "ok"
	case errors.Is(e.Err, ErrMissing):
		return "missing"
	case errors.Is(e.Err, ErrMalformed):
		return "malformed"
	case errors.Is(e.Err, ErrUnknownKey):
		return "unknown_key"
	case errors.Is(e.Err, ErrWrongAnswer):
		return "wrong_answer"
	case errors.Is(e.Err, ErrStorage):
		return "storage_failed"
	default:
		return "failed"
	}
}
