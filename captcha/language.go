package captcha

import (
	"fmt"
	"slices"

	"github.com/gofiber/fiber/v2"
)

// Speaker speaks challenges. The package captcha/audio has one.
type Speaker interface {
	// Speak returns a WAV file that says text letter by letter in language. The same text, language and seed give the
	// same bytes.
	Speak(text, language string, seed [32]byte) (wav []byte, err error)
	// Languages returns the tags (BCP 47) of the languages that it speaks, the default first.
	Languages() []string
	// Speaks reports whether it can say letter in language.
	Speaks(letter rune, language string) bool
}

// languages returns the languages of sound and texts, the default first.
func (cfg Config) languages() ([]string, error) {
	languages := []string{"en"}
	if cfg.Audio != nil {
		languages = slices.Clone(cfg.Audio.Languages())
		for _, language := range languages {
			for _, letter := range cfg.Alphabet {
				if !cfg.Audio.Speaks(letter, language) {
					return nil, fmt.Errorf("captcha: Audio can't say %q, which is in Alphabet, in language %q", letter, language)
				}
			}
		}
	}
	if cfg.Language == "" {
		return languages, nil
	}
	if !slices.Contains(languages, cfg.Language) {
		return nil, fmt.Errorf("captcha: Language %q is none of %q", cfg.Language, languages)
	}
	return []string{cfg.Language}, nil
}

// Language returns the language in which the request's visitor is best spoken to: Config.Language, or the best match for
// the Accept-Language header.
func (g *Guard) Language(c *fiber.Ctx) string {
	if language := c.AcceptsLanguages(g.languages...); language != "" {
		return language
	}
	return g.languages[0]
}
