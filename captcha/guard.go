package captcha

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/answer"
	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
	"github.com/fibercaptcha/fibercaptcha/captcha/internal/tag"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// Guard issues challenges and verifies their answers. It is safe for concurrent use.
type Guard struct {
	*shared
	purpose string
}

// shared is what the guards of all purposes have in common.
type shared struct {
	cfg       Config
	alphabet  *answer.Alphabet
	renderers [presets * (1 + MaxPressure)]*picture.Renderer
	steps     [1 + MaxPressure]Step // of pressure
	levels    int                   // of them, 0 included
	keeper    keep.Keeper           // of challenges
	receipts  *keep.Sealed          // of receipts, if Config.Receipts is set: nothing is kept of one until it is used
	reply     frame
	texts     map[string]Texts
	languages []string
	index     tag.Index                // of the languages
	codes     map[keep.Language]string // languages by their codes in keys
	tags      map[string]keep.Language // and the other way round
	assets    []asset

	mounted    atomic.Pointer[func() string] // where the app that Register was called with is mounted
	complained atomic.Int64                  // when a failure was last logged, in Unix nanoseconds

	mu       sync.RWMutex
	purposes map[string]*Guard
}

// New returns a guard with these settings. It panics with the error that NewGuard returns: impossible settings are a
// programmer's mistake, and better found at start than in a request.
func New(config ...Config) *Guard {
	g, err := NewGuard(config...)
	if err != nil {
		panic(err)
	}
	return g
}

// NewGuard returns a guard with these settings. Its error wraps a *SettingError, or several.
func NewGuard(config ...Config) (*Guard, error) {
	cfg := withDefaults(config...)
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("captcha: %w", err)
	}
	alphabet, err := answer.New(cfg.Alphabet)
	if err != nil {
		return nil, fmt.Errorf("captcha: %w", err)
	}
	s := &shared{cfg: cfg, alphabet: alphabet, reply: newFrame(cfg), assets: newAssets(cfg.Work), purposes: make(map[string]*Guard)}
	for _, step := range []func() error{s.press, s.checkMasters, s.picture, s.speak, s.keep} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("captcha: %w", err)
		}
	}
	if n := len(cfg.Compat.InsecureMasterAnswers); n > 0 {
		cfg.Logger.Warn("captcha: master answers are set; whoever knows one gets past every challenge", "count", n)
	}
	g := &Guard{shared: s, purpose: cfg.Purpose}
	s.purposes[cfg.Purpose] = g
	return g, nil
}

// Storage returns Config.Storage, which is nil if the guard keeps used keys in the memory of its process.
func (g *Guard) Storage() fiber.Storage { return g.cfg.Storage }

// For returns the guard for another purpose, such as "signup". It shares the settings, the storage and the routes of g.
// Neither guard accepts the other's challenges. Call it when the app starts; it returns the same guard each time. A
// purpose is at most 64 letters, digits, - and _; For panics on any other.
func (g *Guard) For(purpose string) *Guard {
	if err := checkPurpose(purpose); err != nil {
		panic(fmt.Errorf("captcha: For: %w", err))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	other := g.purposes[purpose]
	if other == nil {
		other = &Guard{g.shared, purpose}
		g.purposes[purpose] = other
	}
	return other
}

// ofPurpose returns the guard for a purpose that a request names, or nil if the app has none for it.
func (g *Guard) ofPurpose(purpose string) *Guard {
	if purpose == "" || purpose == g.purpose {
		return g
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.purposes[purpose]
}

// checkMasters refuses master answers that can't be submitted.
func (s *shared) checkMasters() error {
	for key, value := range s.cfg.Compat.InsecureMasterAnswers {
		submission, err := (&Guard{shared: s}).Submission(key, value, Visitor{})
		if err != nil || submission.key != key || submission.value != value {
			return &setting.Error{
				Field: "Compat.InsecureMasterAnswers",
				Accepted: fmt.Sprintf("keys of 1 to %d characters and answers of 1 to %d, with no white space around them",
					keep.MaxKey, s.valueLimit()),
			}
		}
	}
	return nil
}

// picture prepares the pictures.
func (s *shared) picture() (err error) {
	for _, sentence := range picture.Unwise(s.cfg.Alphabet) {
		s.cfg.Logger.Warn("captcha: Alphabet is unwise: " + sentence)
	}
	s.renderers[replyPreset], err = picture.New(s.cfg.Picture, s.cfg.Alphabet, s.cfg.MaxLength)
	if err != nil {
		return s.ofPicture("Picture", err)
	}
	s.renderers[fieldPreset], err = s.renderers[replyPreset].With(s.cfg.FieldPicture, s.cfg.MaxLength)
	if err != nil {
		return s.ofPicture("FieldPicture", err)
	}
	for level := 1; level < s.levels; level++ {
		if err := s.picturesAt(level); err != nil {
			return setting.In("Pressure", err)
		}
	}
	return nil
}

// ofPicture gives a setting that the picture package refuses the name that it has in this package: two of them are the
// guard's own, and MaxLength is Length if an app sets that alone.
func (s *shared) ofPicture(name string, err error) error {
	var refused *setting.Error
	switch {
	case !errors.As(err, &refused) || refused.Field != "Alphabet" && refused.Field != "MaxLength":
		return setting.In(name, err)
	case refused.Field == "MaxLength" && s.cfg.MaxLength == s.cfg.Length:
		return &setting.Error{Field: "Length", Value: refused.Value, Accepted: refused.Accepted}
	}
	return err
}

// speak prepares texts and sound.
func (s *shared) speak() (err error) {
	s.texts = s.cfg.texts()
	s.languages, s.codes, err = s.cfg.languages(s.texts)
	if err != nil {
		return err
	}
	s.index = tag.NewIndex(s.languages)
	s.tags = make(map[string]keep.Language, len(s.codes))
	for code, language := range s.codes {
		s.tags[language] = code
	}
	return nil
}

// keeperOf returns the keeper of challenges, or that of receipts.
func (s *shared) keeperOf(kind keep.Kind) keep.Keeper {
	if kind == keep.Receipt && s.receipts != nil {
		return s.receipts
	}
	return s.keeper
}

// keep chooses between sealing and storing challenges.
func (s *shared) keep() error {
	if s.cfg.Storage == nil {
		if fiber.IsChild() {
			return &setting.Error{Field: "Storage", Value: "nil", Accepted: "a storage that all processes share, because Prefork runs several of them"}
		}
		if len(s.cfg.Secrets) > 0 && !s.cfg.Stored {
			s.cfg.Logger.Warn("captcha: Secrets is set but Storage is not, so an answer is accepted once by each process with these secrets; " +
				"if there are several, give them one Storage")
		}
	}
	cfg := keep.Config{
		Storage:   s.cfg.newStorage(),
		Namespace: s.cfg.Compat.Namespace,
		Longest:   max(s.cfg.Expiration, s.cfg.Receipts),
		Now:       s.cfg.Now,
		NewKey:    s.cfg.Compat.KeyGenerator,
		Secrets:   slices.Clone(s.cfg.Secrets),
	}
	for _, language := range s.firstLanguages() {
		cfg.Languages = append(cfg.Languages, keep.LanguageOf(language))
	}
	if s.cfg.Stored {
		stored, err := keep.NewStored(cfg)
		if err != nil {
			return &setting.Error{Field: "Compat.KeyGenerator", Accepted: err.Error()}
		}
		s.keeper = stored
		if s.cfg.Receipts == 0 {
			return nil
		}
	} else if n := s.cfg.MaxLength * longestLetter(s.cfg.Alphabet); n > keep.MaxAnswer {
		return setting.Refuse("MaxLength", s.cfg.MaxLength, "answers of at most %d bytes of UTF-8, the most that a sealed key holds; these take up to %d. "+
			"Use fewer letters, or set Stored", keep.MaxAnswer, n)
	}
	if s.cfg.Storage == nil && len(cfg.Secrets) == 0 {
		cfg.Secrets = []string{keep.RandomSecret()}
	}
	sealed := keep.NewSealed(cfg)
	if err := sealed.Agree(context.Background()); err != nil {
		s.cfg.Logger.Warn("captcha: the replicas have not agreed on a secret yet; the guard tries again with each challenge", "error", err)
	}
	s.receipts = sealed
	if s.keeper == nil {
		s.keeper = sealed
	}
	return nil
}

func longestLetter(alphabet string) (bytes int) {
	for _, r := range alphabet {
		bytes = max(bytes, utf8.RuneLen(r))
	}
	return bytes
}

func typeName(v any) string { return fmt.Sprintf("%T", v) }
