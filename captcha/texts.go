package captcha

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/tag"
)

// Texts are what the form field says to a visitor, in one language. They are plain text, not HTML.
type Texts struct {
	Label      string // the name of the text field, if there is no sound
	LabelSound string // the same, if there is a sound
	Count      string // follows the label in brackets if all answers are equally long; {n} is how many characters, 2 or more

	Picture      string // the picture's text alternative: what it is for, if there is no sound
	PictureSound string // the same, and where to find the sound, if there is one

	Sound   string // the name of the browser's own control for the sound
	Listen  string // the button that plays the sound
	Stop    string // the same button while the sound plays
	Refresh string // the button that gets another challenge
	Letters string // the button that brings picture and text field back after the browser has met the challenge

	Refreshed string // another challenge is there, as the visitor asked
	Expired   string // another challenge is there, because the one before was about to expire
	Over      string // the challenge has expired, and what was typed was left alone
	Slow      string // another challenge was asked for and is slow to come
	TooMany   string // the app refuses another challenge for now (429)
	Offline   string // the app could not be reached for another challenge
	Silent    string // the sound could not be played
	Sending   string // the form has been sent, and its reply is slow to come
	Checked   string // the browser has met the challenge

	LeaveEmpty string // names a text field that no visitor sees, and that nobody but a program fills in

	Missing     string // for ErrMissing
	Sent        string // for ErrUnknownKey of a receipt, as when a form was sent twice
	Used        string // for any other ErrUnknownKey
	Wrong       string // for ErrWrongAnswer and ErrMalformed
	Unavailable string // for ErrStorage and any other error
}

// Each file below texts has the texts of the language that it is named after. A program carries them packed, in a
// quarter of the room.
//
//go:generate go run ./texts/make
//go:embed texts/texts.json.gz
var packedTexts []byte

// defaultTexts returns the texts that there are, by language, for whoever does not change them.
var defaultTexts = sync.OnceValue(func() (texts map[string]Texts) {
	unpacked, err := gzip.NewReader(bytes.NewReader(packedTexts))
	if err == nil {
		err = json.NewDecoder(unpacked).Decode(&texts)
	}
	if err != nil {
		panic(err) // The file is part of the program.
	}
	return texts
})

// withDefaults fills in what t leaves out, and returns the names of these texts.
func (t Texts) withDefaults(defaults Texts) (filled Texts, missing []string) {
	value, from := reflect.ValueOf(&t).Elem(), reflect.ValueOf(defaults)
	for i := range value.NumField() {
		if value.Field(i).String() == "" {
			value.Field(i).Set(from.Field(i))
			missing = append(missing, value.Type().Field(i).Name)
		}
	}
	return t, missing
}

// texts returns the texts by language: the default ones, changed and added to by Config.Texts. A language without
// default ones takes what is left out from its nearest relative, as de-CH does from de. A language without relatives
// takes English, which is logged.
func (cfg Config) texts() map[string]Texts {
	texts := maps.Clone(defaultTexts())
	known := tag.NewIndex(slices.Sorted(maps.Keys(texts)))
	for _, language := range slices.Sorted(maps.Keys(cfg.Texts)) {
		near := known.Find(language)
		defaults, ok := defaultTexts()[near]
		if !ok {
			defaults = defaultTexts()["en"]
		}
		var missing []string
		texts[language], missing = cfg.Texts[language].withDefaults(defaults)
		if !ok && len(missing) > 0 {
			cfg.Logger.Warn("captcha: Texts lacks some sentences, which are shown in English", "language", language, "missing", strings.Join(missing, ", "))
		}
	}
	return texts
}
