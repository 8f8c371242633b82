package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A sphinx hears with Debian's pocketsphinx and its English model, told by a grammar what can be said.
type sphinx struct {
	folder, grammar string
}

// english is how the grammar spells each letter and digit, and the word that follows it.
var english = map[rune][2]string{
	'A': {"a.", "alpha"}, 'B': {"b.", "bravo"}, 'C': {"c.", "charlie"}, 'D': {"d.", "delta"}, 'E': {"e.", "echo"},
	'F': {"f.", "foxtrot"}, 'G': {"g.", "golf"}, 'H': {"h.", "hotel"}, 'I': {"i.", "india"}, 'J': {"j.", "juliet"},
	'K': {"k.", "kilo"}, 'L': {"l.", "lima"}, 'M': {"m.", "mike"}, 'N': {"n.", "november"}, 'O': {"o.", "oscar"},
	'P': {"p.", "papa"}, 'Q': {"q.", "quebec"}, 'R': {"r.", "romeo"}, 'S': {"s.", "sierra"}, 'T': {"t.", "tango"},
	'U': {"u.", "uniform"}, 'V': {"v.", "victor"}, 'W': {"w.", "whiskey"}, 'X': {"x.", "x-ray"}, 'Y': {"y.", "yankee"},
	'Z': {"z.", "zulu"}, '0': {"zero"}, '1': {"one"}, '2': {"two"}, '3': {"three"}, '4': {"four"}, '5': {"five"},
	'6': {"six"}, '7': {"seven"}, '8': {"eight"}, '9': {"nine"},
}

// inChallenge is how a letter or digit is said in a challenge, in the grammar's words.
func inChallenge(name, word string) string {
	if word == "" {
		return name + " " + name
	}
	return name + " (as in | for | like) " + word
}

// solve hears a challenge.
func (s *sphinx) solve(sound []float32) (string, error) {
	heard, err := s.hear(sound)
	return letters(heard), err
}

// newSphinx writes the grammar of an alphabet: length letters, each in one of the ways that say offers.
func newSphinx(alphabet string, length int, say func(name, word string) string) (*sphinx, error) {
	folder, err := os.MkdirTemp("", "listen")
	if err != nil {
		return nil, err
	}
	var letters []string
	for _, sign := range alphabet {
		letters = append(letters, fmt.Sprintf("%s {%c}", say(english[sign][0], english[sign][1]), sign))
	}
	grammar := "#JSGF V1.0;\ngrammar challenge;\n<letter> = " + strings.Join(letters, " | ") +
		";\npublic <challenge> =" + strings.Repeat(" <letter>", length) + ";\n"
	s := &sphinx{folder: folder, grammar: filepath.Join(folder, "challenge.gram")}
	return s, os.WriteFile(s.grammar, []byte(grammar), 0o644)
}

func (s *sphinx) Close() error {
	return os.RemoveAll(s.folder)
}

// hear returns the words that pocketsphinx heard.
func (s *sphinx) hear(sound []float32) ([]string, error) {
	raw, err := os.CreateTemp(s.folder, "*.raw")
	if err != nil {
		return nil, err
	}
	defer os.Remove(raw.Name())
	defer raw.Close()
	if _, err := raw.Write(double(sound)); err != nil {
		return nil, err
	}
	command := exec.Command("pocketsphinx_continuous", "-infile", raw.Name(), "-jsgf", s.grammar, "-logfn", os.DevNull)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("pocketsphinx_continuous: %w: %s", err, complaint.String())
	}
	return strings.Fields(string(out)), nil
}

// letters reads the signs from what was heard. A name stands for a sign, the word after a letter's name adds nothing,
// and a digit is said twice.
func letters(heard []string) string {
	names := map[string]rune{}
	for sign, said := range english {
		names[said[0]] = sign
	}
	text, digit := "", ""
	for _, word := range heard {
		sign, ok := names[word]
		if ok && word != digit {
			text += string(sign)
		}
		if ok && english[sign][1] == "" && word != digit {
			digit = word
		} else {
			digit = ""
		}
	}
	return text
}

// double brings sound from 8 to the 16 kHz that the model was trained on, as 16-bit samples. A windowed sinc gives the
// sample between every two. A little white noise keeps the upper half of the spectrum from being empty, which the model
// has never heard and takes for "one".
func double(sound []float32) []byte {
	const reach = 16
	peak := float32(1)
	for _, s := range sound {
		peak = max(peak, s, -s)
	}
	out := make([]byte, 0, 4*len(sound))
	gain := 25000 / peak
	noise := rand.New(rand.NewPCG(1, 2))
	put := func(s float32) {
		out = binary.LittleEndian.AppendUint16(out, uint16(int16(s*gain)+int16(noise.NormFloat64()*150)))
	}
	for i, s := range sound {
		middle := 0.0
		for j := max(0, i-reach+1); j <= min(len(sound)-1, i+reach); j++ {
			x := math.Pi * (float64(j-i) - 0.5)
			middle += float64(sound[j]) * math.Sin(x) / x * (0.5 + 0.5*math.Cos(x/reach))
		}
		put(s)
		put(float32(middle))
	}
	return out
}
