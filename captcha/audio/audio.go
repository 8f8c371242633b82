// Package audio speaks challenges, for people who cannot see the picture: "B as in Bravo", "seven, seven", in nine
// languages. It is a package of its own so that an app without sound does not carry the recordings.
//
//	guard := captcha.New(captcha.Config{Audio: audio.New()})
//
// # What is heard
//
// Recordings made once with a speech synthesiser are embedded, some 5 MB. Each letter of a challenge has one of four
// speakers, its own pace and pitch, and each of its parts is played in three bands of the spectrum whose level, rate
// and time differ, from moment to moment too. Behind it is babble: in each band three hoarse voices that speak
// fragments of the same recordings forwards and backwards. Each voice is drawn by itself, and none uses a recording
// that another one of its band has used, so that there is no copy to subtract. Fragments are played in grains of 20 to
// 40 ms that differ in rate and place, so that none is like its recording either. All of it follows from the
// challenge's secret seed.
//
// Letters begin at times that depend on the seed alone, in room that is enough for the longest, so that neither the
// times nor the length of the file says which they are. Speak is told the greatest number that there may be, which
// hides how many they are.
//
// By default the babble as a whole is set some 3 dB louder than the speaker, and each of its three voices 2 dB softer.
// The figure was found by attacking and by measures of what can be understood, not by listening to people: have some
// who depend on sound try it, and lower Config.Babble if they ask for that.
//
// # What it withstands
//
// The program in tests/tools/listen attacks whole challenges with a recogniser of speech, with a matched filter and
// with an alignment that looks for the recordings at the times when letters are said and knows that babble only adds
// sound. It also looks for shifts and mirror images of a sound in itself, and subtracts them. The alignment solves one
// sound in 40 of English, one in 25 of Spanish, and no language fares worse. Another attack takes the letters that the
// alignment finds likeliest and compares their recordings with the sound wave by wave: it solves one sound in seven,
// for some five seconds of a processor each. A better one still is a network trained on challenges made with this
// package, which anyone can make without end and with their answers. It would solve most of them: it learns what the
// bands and grains leave intact, and needs no exact copy of a recording. Large sites' spoken challenges fell to less.
// The spoken challenge is the weaker half of a captcha and an attacker takes the weaker half, so single use, limits on
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
	// Languages lists the BCP 47 tags of the languages to speak, the one for everybody else first.
	//
	// Optional. Default: "en", "de", "fr", "es", "pt", "ru", "it", "nl", "pl", which are all there are.
	Languages []string

	// Babble is how loud the voices in the background are together, in per cent of the speaker's level, up to 200.
	// Less is easier to understand for people and machines. Negative is silence.
	//
	// Optional. Default: 137
	Babble int
}

// ConfigDefault is what New takes for what is not set.
var ConfigDefault = Config{
	Languages: recordings.Languages(),
	Babble:    137,
}

// A Voice speaks challenges. It may be used concurrently. The first challenge in a language decodes its recordings,
// which takes some hundred milliseconds and then keeps 1.8 to 3.2 MB, or 20 MB for all nine languages.
type Voice struct {
	languages []string
	spoken    map[string]language
	babble    int
	mixers    sync.Pool
}

type language struct {
	signs map[rune]bool
	open  func() *speech
}

// New returns a Voice. It panics with the error that Build returns.
func New(config ...Config) *Voice {
	v, err := Build(config...)
	if err != nil {
		panic(err)
	}
	return v
}

// Build returns a Voice. Its error is a *setting.Error, about a language that it does not know or what is out of range.
func Build(config ...Config) (*Voice, error) {
	cfg := ConfigDefault
	if len(config) > 0 {
		cfg = config[0]
	}
	if len(cfg.Languages) == 0 {
		cfg.Languages = ConfigDefault.Languages
	}
	if cfg.Babble == 0 {
		cfg.Babble = ConfigDefault.Babble
	}
	if cfg.Babble > 200 {
		return nil, setting.Refuse("Babble", cfg.Babble, "up to 200 per cent, or less than 0 for silence")
	}
	v := &Voice{
		languages: slices.Clone(cfg.Languages),
		spoken:    make(map[string]language),
		babble:    max(cfg.Babble, 0) * one / 100,
		mixers:    sync.Pool{New: func() any { return new(mixer) }},
	}
	for _, tag := range v.languages {
		clips, err := recordings.Open(tag)
		if err != nil {
			return nil, setting.Refuse("Languages", tag, "one of %s", strings.Join(ConfigDefault.Languages, ", "))
		}
		l := language{signs: make(map[rune]bool), open: sync.OnceValue(func() *speech { return newSpeech(clips) })}
		for _, c := range clips {
			if c.Kind == recordings.Name {
				l.signs[c.Sign] = true
			}
		}
		v.spoken[tag] = l
	}
	return v, nil
}

// Languages returns the tags that Speak takes, the one for everybody else first.
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

// MaxLength is how many letters Speak says at most: less than three minutes.
const MaxLength = 64

// Speak returns a WAV file, 8,000 samples a second of 8 bits each, that says text, of 1 to MaxLength letters, one by
// one. longest is how many letters a text may have: the file is as long as that of one with so many, and does not say
// how many it has. The same text, language, longest and seed give the same bytes. Each letter takes 2.6 seconds,
// whichever it is: four are 10.7 seconds and 85 KB.
//
// The error says which language, or which letter by its place, cannot be spoken; it does not hold the text. The seed
// must be secret: with it and this package, the answer can be found by trying.
func (v *Voice) Speak(text, language string, longest int, seed [32]byte) ([]byte, error) {
	spoken, ok := v.spoken[language]
	if !ok {
		return nil, fmt.Errorf("audio: no language %q; there are %q", language, v.languages)
	}
	signs := []rune(text)
	if len(signs) == 0 || len(signs) > MaxLength {
		return nil, fmt.Errorf("audio: %d letters to speak; 1 to %d are possible", len(signs), MaxLength)
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
	m.mix(signs, v.babble)
	return encode(m.out), nil
}
