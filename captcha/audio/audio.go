// Package audio speaks challenges, for people who cannot see the picture: "B as in Bravo", "seven, seven", in nine
// languages. It is a package of its own so that an app without sound does not carry the recordings.
//
//	guard := captcha.New(captcha.Config{Audio: audio.New()})
//
// # What is heard
//
// The package embeds some 5 MB of recordings, which were made with a speech synthesiser. Each letter of a challenge is
// said by one of four speakers, at a pace and pitch of its own. It is played in three bands of the spectrum, whose
// level, rate and time differ from each other and change from moment to moment, and in a small room of its own, whose
// echoes the ear hardly notices and which leaves no wave as it was recorded.
//
// Behind the letters is babble: in each band, three hoarse voices speak fragments of the same recordings, forwards and
// backwards. Each voice is drawn independently, and none uses a recording that another voice in its band has used, so
// that there is no copy to subtract. Fragments are played in grains of 20 to 40 ms that differ in rate and place, so
// that no fragment is like its recording either. All of this follows from the challenge's secret seed.
//
// Letters begin at times that depend on the seed alone, and each has enough time for the longest letter, so that
// neither the times nor the length of the file says which letters they are. Speak is told the greatest number of
// letters that a challenge may have, so that the length does not say how many this one has either.
//
// By default the babble as a whole is 2.4 to 3.8 dB louder than the speaker, as the language needs, and each of its
// three voices is 1 to 2 dB softer. Those levels were found by attacks and by measures of intelligibility, not by tests
// with people. Ask some people who depend on sound to try it, and lower Config.Babble if they need that.
//
// # What it withstands
//
// The program in tests/tools/listen attacks whole challenges with a speech recogniser, with a matched filter, and with
// an alignment that looks for the recordings at the times when letters are said and knows that babble only adds sound.
// It also looks for shifted and mirrored copies of parts of a sound, and subtracts them. The alignment solves one
// English sound in 33. It does best with Italian, of which it solves one sound in 29.
//
// Another attack takes the letters that the alignment finds likeliest and compares their recordings with the sound,
// wave by wave. It solves one sound in 18, and needs some five seconds of a processor for each. To undo the echoes
// first, it would have to try some thousands of rooms. A neural network would do better: anybody can make any number of
// challenges with this package, with their answers, and train a network on them. It would solve most sounds, because it
// learns what bands, grains and echoes leave intact, and needs no exact copy of a recording. The spoken challenges of
// large sites fell to less.
//
// The spoken challenge is the weaker half of a captcha, and an attacker takes the weaker half. So single use, limits on
// requests and the cost of an attempt have to do the rest.
package audio

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/fibercaptcha/fibercaptcha/captcha/audio/recordings"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// Config holds the settings of a Voice.
type Config struct {
	// Languages lists the BCP 47 tags of the languages to speak. The first one is for visitors who prefer none of them.
	//
	// Optional. Default: "en", "de", "fr", "es", "pt", "ru", "it", "nl", "pl", which are all that there are
	Languages []string

	// Babble is how loud the voices in the background are together, in per cent of the speaker's level, up to 200. With
	// less, both people and machines understand the letters more easily. A negative value means no babble.
	//
	// Optional. Default: 132 for German to 155 for Italian, which leaves each language about as intelligible as the others
	Babble int
}

// ConfigDefault is the default Config.
var ConfigDefault = Config{
	Languages: recordings.Languages(),
}

// A Voice speaks challenges. It may be used concurrently. The first challenge in a language decodes the language's
// recordings. That takes some hundred milliseconds, and the result takes 1.8 to 3.2 MB of memory, or 20 MB for all nine
// languages.
type Voice struct {
	languages []string
	spoken    map[string]language
	mixers    sync.Pool
}

type language struct {
	signs  map[rune]bool
	babble int // in fixed point
	open   func() *speech
}

// New returns a Voice. It panics with the error that Build returns.
func New(config ...Config) *Voice {
	v, err := Build(config...)
	if err != nil {
		panic(err)
	}
	return v
}

// Build returns a Voice. Its error is a *setting.Error, for a language that it does not know or a Babble that is out of
// range.
func Build(config ...Config) (*Voice, error) {
	cfg := ConfigDefault
	if len(config) > 0 {
		cfg = config[0]
	}
	if len(cfg.Languages) == 0 {
		cfg.Languages = ConfigDefault.Languages
	}
	if cfg.Babble > 200 {
		return nil, setting.Refuse("Babble", cfg.Babble, "up to 200 per cent, or less than 0 for silence")
	}
	v := &Voice{
		languages: slices.Clone(cfg.Languages),
		spoken:    make(map[string]language),
		mixers:    sync.Pool{New: func() any { return new(mixer) }},
	}
	for _, tag := range v.languages {
		clips, err := recordings.Open(tag)
		if err != nil {
			return nil, setting.Refuse("Languages", tag, "one of %s", strings.Join(ConfigDefault.Languages, ", "))
		}
		babble := cfg.Babble
		if babble == 0 {
			babble = levels[tag]
		}
		l := language{
			signs:  make(map[rune]bool),
			babble: max(babble, 0) * one / 100,
			open:   sync.OnceValue(func() *speech { return newSpeech(clips) }),
		}
		for _, c := range clips {
			if c.Kind == recordings.Name {
				l.signs[c.Sign] = true
			}
		}
		v.spoken[tag] = l
	}
	return v, nil
}

// Languages returns the tags of the languages that Speak knows, the first of Config.Languages first.
func (v *Voice) Languages() []string {
	return slices.Clone(v.languages)
}

// Speaks reports whether Speak can say a letter in a language. Lower case is said like upper case.
//
// All languages have A to Z and 0 to 9; German has Ä, Ö and Ü too, Spanish Ñ, and Russian its own alphabet. Polish has
// none of its letters with marks.
func (v *Voice) Speaks(letter rune, language string) bool {
	return v.spoken[language].signs[unicode.ToUpper(letter)]
}

// MaxLength is the most letters that Speak says; they take less than three minutes.
const MaxLength = 64

// Speak returns a WAV file that says the 1 to MaxLength letters of text, one by one. The file has 8,000 samples a
// second of 8 bits each. longest is how many letters a text may have: the file is as long as for a text with that many,
// so that its length does not say how many letters this text has. The same text, language, longest and seed give the
// same bytes. Every letter takes 2.6 seconds: four letters take 10.7 seconds and 85 KB.
//
// The error says which language cannot be spoken, or the place of the letter that cannot; it does not contain the text.
// The seed must be secret: whoever has it and this package can find the answer by trying.
func (v *Voice) Speak(text, language string, longest int, seed [32]byte) ([]byte, error) {
	spoken, ok := v.spoken[language]
	if !ok {
		return nil, fmt.Errorf("audio: the voice does not speak the language %q; it speaks %q", language, v.languages)
	}
	signs := []rune(text)
	if len(signs) == 0 || len(signs) > MaxLength {
		return nil, fmt.Errorf("audio: can't speak %d letters; accepted: 1 to %d", len(signs), MaxLength)
	}
	for i, sign := range signs {
		if signs[i] = unicode.ToUpper(sign); !spoken.signs[signs[i]] {
			return nil, fmt.Errorf("audio: letter %d of %d cannot be spoken in language %q", i+1, len(signs), language)
		}
	}
	m := v.mixers.Get().(*mixer)
	defer v.mixers.Put(m)
	m.room = min(longest, MaxLength)
	m.speech, m.Rand = spoken.open(), rand.New(rand.NewChaCha8(seed))
	m.mix(signs, spoken.babble)
	return encode(m.out), nil
}
