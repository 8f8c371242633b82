package captcha

import (
	"maps"
	"slices"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
	"github.com/fibercaptcha/fibercaptcha/captcha/internal/tag"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// Speaker speaks challenges. The package captcha/audio has one.
type Speaker interface {
	// Speak returns a WAV file that says text letter by letter in language. No text has more letters than longest, and the
	// file's length does not say how many this one has. The same arguments give the same bytes.
	Speak(text, language string, longest int, seed [32]byte) (wav []byte, err error)
	// Languages returns the tags (BCP 47) of the languages that it speaks, the default first.
	Languages() []string
	// Speaks reports whether it can say letter in language.
	Speaks(letter rune, language string) bool
}

// languages returns the languages of sound and texts, the default first, and each language by the code that it has in
// keys. A language that has texts but is not spoken has the sound of the default language.
func (cfg Config) languages(texts map[string]Texts) ([]string, map[keep.Language]string, error) {
	languages := []string{"en"}
	if cfg.Audio != nil {
		languages = slices.Clone(cfg.Audio.Languages())
		if err := cfg.checkSpeaker(languages, texts); err != nil {
			return nil, nil, err
		}
	}
	for _, language := range slices.Sorted(maps.Keys(texts)) {
		if !slices.Contains(languages, language) {
			languages = append(languages, language)
		}
	}
	if cfg.Language != "" {
		language := tag.NewIndex(languages).Find(cfg.Language)
		if language == "" {
			return nil, nil, setting.Refuse("Language", cfg.Language, "one of %s", strings.Join(languages, ", "))
		}
		languages = []string{language}
	}
	codes := make(map[keep.Language]string, len(languages))
	for _, language := range languages {
		code := keep.LanguageOf(language)
		if other, ok := codes[code]; ok {
			return nil, nil, setting.Refuse("Texts", language, "another spelling of the tag: in a key it is the same as %s", other)
		}
		codes[code] = language
	}
	return languages, codes, nil
}

// firstLanguages returns the guard's languages in the order of the first version, whose keys name a language by its
// place in this list. That version had texts in six languages, and in those that an app added.
func (s *shared) firstLanguages() []string {
	return slices.DeleteFunc(slices.Clone(s.languages), func(language string) bool {
		_, added := s.cfg.Texts[language]
		return !added && !slices.Contains([]string{"en", "de", "fr", "es", "pt", "ru"}, language)
	})
}

// language returns the language that a key names, or the first if this guard does not have that one.
func (g *Guard) language(code keep.Language) string {
	if language, ok := g.codes[code]; ok {
		return language
	}
	return g.languages[0]
}

// code returns the code that keys have for the language of a visitor who is addressed in language, or for the guard's
// first language if it has no such language.
func (g *Guard) code(language string) keep.Language {
	if language = g.index.Find(language); language == "" {
		language = g.languages[0]
	}
	return g.tags[language]
}

// orFirst returns the guard's language for a visitor who is addressed in language, or the guard's first.
func (g *Guard) orFirst(language string) string { return g.language(g.code(language)) }

// checkSpeaker looks at the languages that will be spoken: all of them, or the one for visitors who are addressed in
// Language.
func (cfg Config) checkSpeaker(languages []string, texts map[string]Texts) error {
	if len(languages) == 0 {
		return &setting.Error{Field: "Audio", Accepted: "one that speaks a language"}
	}
	if cfg.Language != "" {
		languages = []string{spoken(languages, cfg.Language)}
	}
	for _, language := range languages {
		if _, ok := texts[language]; !ok {
			return setting.Refuse("Texts", slices.Sorted(maps.Keys(texts)), "texts in %q too, which Audio speaks", language)
		}
		for _, letter := range cfg.Alphabet {
			if !cfg.Audio.Speaks(letter, language) {
				return setting.Refuse("Alphabet", cfg.Alphabet, "letters that Audio can say in each of its languages; it can't say %q in %q. "+
					"Set Language to one in which it can, or give Audio fewer languages", letter, language)
			}
		}
	}
	return nil
}

// spoken returns the language of the sound for a visitor who is addressed in language: a visitor who reads Latin
// American Spanish hears Spanish.
func spoken(languages []string, language string) string {
	if near := tag.NewIndex(languages).Find(language); near != "" {
		return near
	}
	return languages[0]
}

// direction returns the way that a language is written, as the attribute dir has it.
func direction(language string) string {
	if tag.RightToLeft(language) {
		return "rtl"
	}
	return "ltr"
}
