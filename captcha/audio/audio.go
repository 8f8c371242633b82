// Package audio speaks challenges, for people who cannot see the picture.
package audio

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"unicode"

	"github.com/fibercaptcha/fibercaptcha/captcha/audio/recordings"
)

// A Voice speaks challenges. It may be used concurrently.
type Voice struct {
	languages []string
	signs     map[string]map[rune]bool // what can be said, known without decoding it
	speech    map[string]func() *speech
}

// Config says what a Voice is to be like.
type Config struct {
	// Languages lists the languages it speaks, as BCP 47 tags, the one for everybody else first.
	//
	// Optional. Default: "en", "de", "fr", "es", "pt", "ru", which are all there are.
	Languages []string
}

// ConfigDefault is what New takes for what is not set.
var ConfigDefault = Config{Languages: recordings.Languages()}

// New returns a Voice. It panics on a language that it does not know.
func New(config ...Config) *Voice {
	cfg := ConfigDefault
	if len(config) > 0 && len(config[0].Languages) > 0 {
		cfg = config[0]
	}
	v := &Voice{signs: make(map[string]map[rune]bool), speech: make(map[string]func() *speech)}
	for _, language := range cfg.Languages {
		clips, err := recordings.Open(language)
		if err != nil {
			panic("audio: " + err.Error())
		}
		v.languages = append(v.languages, language)
		v.signs[language] = make(map[rune]bool)
		for _, clip := range clips {
			if clip.Kind == recordings.Name {
				v.signs[language][clip.Sign] = true
			}
		}
		v.speech[language] = sync.OnceValue(func() *speech { return newSpeech(clips) })
	}
	return v
}

// Languages returns the languages that Speak knows.
func (v *Voice) Languages() []string {
	return append([]string(nil), v.languages...)
}

// Speaks reports whether Speak can say a letter in a language. Lower case is spoken like upper case.
func (v *Voice) Speaks(letter rune, language string) bool {
	return v.signs[language][unicode.ToUpper(letter)]
}

// Speak returns a WAV file that says text, letter by letter.
func (v *Voice) Speak(text, language string, seed [32]byte) ([]byte, error) {
	open, ok := v.speech[language]
	if !ok {
		return nil, fmt.Errorf("audio: no language %q; there are %q", language, v.languages)
	}
	if text == "" {
		return nil, fmt.Errorf("audio: nothing to say")
	}
	signs := []rune(strings.ToUpper(text))
	for _, sign := range signs {
		if !v.Speaks(sign, language) {
			return nil, fmt.Errorf("audio: %q cannot be spoken in language %q", sign, language)
		}
	}
	m := mixer{speech: open(), rng: rand.New(rand.NewChaCha8(seed))}
	samples := m.mix(signs)
	wav := make([]byte, 0, headerSize+len(samples)+1)
	wav = appendHeader(wav, len(samples))
	for _, s := range samples {
		wav = append(wav, byte(min(max((s+128)>>8+128, 0), 255)))
	}
	if len(samples)%2 == 1 {
		wav = append(wav, 0)
	}
	return wav, nil
}
