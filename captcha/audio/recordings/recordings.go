// Package recordings holds the speech that challenges are made of: for each language several synthetic voices, each
// saying the name of every letter and digit, a word for every letter ("Bravo"), and what goes between them ("as in").
// It is a package of its own so that the attacks in this repository have exactly what an attacker can have.
//
// The recordings were made by espeak-ng; "go generate" makes them again from the lists in the make folder. PHONEMES.md
// says how each recording sounds, and MISHEARD.md says which of them a speech recogniser mistakes for others.
package recordings

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
)

//go:generate go run ./make

// Strings stay where they are in the program's file, and take memory only when they are read.
var (
	//go:embed en.voices
	en string
	//go:embed de.voices
	de string
	//go:embed fr.voices
	fr string
	//go:embed es.voices
	es string
	//go:embed pt.voices
	pt string
	//go:embed ru.voices
	ru string
	//go:embed it.voices
	it string
	//go:embed nl.voices
	nl string
	//go:embed pl.voices
	pl string

	files = map[string]string{
		"en": en, "de": de, "fr": fr, "es": es, "pt": pt, "ru": ru, "it": it, "nl": nl, "pl": pl,
	}
)

// Rate is the number of samples a second of every recording.
const Rate = 8000

// Level is the root mean square that every recording has, in units of a 16-bit sample.
const Level = 4000

// A Kind says what part of a spoken letter a clip is.
type Kind byte

const (
	Name Kind = iota // how a letter or digit is called
	Link             // the words between a letter and its word; Sign counts them from 0
	Word             // a word that starts with the letter
)

// A Clip is one recording.
type Clip struct {
	Kind    Kind // what it says
	Sign    rune // a digit or a capital letter
	Voice   int  // from 0; clips of one voice sound like one person
	Samples int  // at 8 kHz
	codes   string
}

// NewClip encodes samples, which should begin and end in silence. Kind, Sign and Voice are left for the caller to set.
func NewClip(samples []int16) Clip {
	return Clip{Samples: len(samples), codes: encode(samples)}
}

// Append decodes the clip onto dst.
func (c Clip) Append(dst []int16) []int16 {
	return decode(dst, c.codes, c.Samples)
}

// Languages lists the BCP 47 tags that Open knows.
func Languages() []string {
	return []string{"en", "de", "fr", "es", "pt", "ru", "it", "nl", "pl"}
}

// Open returns every clip of a language. The clips share the embedded bytes, so opening costs little.
func Open(language string) ([]Clip, error) {
	file, ok := files[language]
	if !ok {
		return nil, fmt.Errorf("there are no recordings in the language %q, only in %q", language, Languages())
	}
	return Unmarshal(file)
}

// again is added to the kind of a clip that has the same codes as a clip before it, such as the Russian names of Latin
// "A" and Cyrillic "А".
const again = 1 << 2

// Marshal writes clips in the form of a .voices file. It begins with the number of clips. Then come each clip's kind,
// sign, voice and number of samples, and the number of an earlier clip if this one is the same again. The codes of all
// other clips follow, in the same order. Numbers are unsigned varints.
func Marshal(clips []Clip) []byte {
	file := binary.AppendUvarint(nil, uint64(len(clips)))
	earlier := make(map[string]int)
	var codes []byte
	for i, c := range clips {
		numbers := []int{int(c.Kind), int(c.Sign), c.Voice, c.Samples}
		if before, ok := earlier[c.codes]; ok && clips[before].Samples == c.Samples {
			numbers[0] |= again
			numbers = append(numbers, before)
		} else {
			earlier[c.codes] = i
			codes = append(codes, c.codes...)
		}
		for _, number := range numbers {
			file = binary.AppendUvarint(file, uint64(number))
		}
	}
	return append(file, codes...)
}

var (
	errTruncated = errors.New("recordings: the file ends too early")
	errOrder     = errors.New("recordings: a clip refers to a later clip, or to one of another length")
)

// Unmarshal reads what Marshal wrote.
func Unmarshal(file string) ([]Clip, error) {
	number := func() int {
		n, width := binary.Uvarint([]byte(file[:min(len(file), binary.MaxVarintLen64)]))
		if width <= 0 || n > 1<<24 {
			file = ""
			return 0
		}
		file = file[width:]
		return int(n)
	}
	clips := make([]Clip, min(number(), len(file)))
	before := make([]int, len(clips)) // the number of the clip that each is again; its own if it is none
	for i := range clips {
		kind := number()
		clips[i] = Clip{Kind: Kind(kind &^ again), Sign: rune(number()), Voice: number(), Samples: number()}
		if before[i] = i; kind&again != 0 {
			before[i] = number()
		}
	}
	for i := range clips {
		if n := before[i]; n != i {
			if n > i || clips[n].Samples != clips[i].Samples {
				return nil, errOrder
			}
			clips[i].codes = clips[n].codes
			continue
		}
		size := (clips[i].Samples + 1) / 2
		if size > len(file) {
			return nil, errTruncated
		}
		clips[i].codes, file = file[:size], file[size:]
	}
	return clips, nil
}
