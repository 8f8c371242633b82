package main

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha/audio/recordings"
)

const heading = `# How each recording sounds

Written by "go generate" in this folder. Each row has a text that espeak-ng was given to speak, and the phonemes that it
spoke, in the International Phonetic Alphabet. There is a column of phonemes for every accent among a language's voices.
The sign is the letter or digit that the text stands for. A link is said between the name of a letter and a word that
begins with it, as in "B as in Bravo".
`

// appendPhonemes adds a language's table: a row for every text, a column for every accent among its voices.
func appendPhonemes(page []byte, language string, l list) ([]byte, error) {
	var accents []string
	for _, voice := range l.voices {
		accent, _, _ := strings.Cut(voice, "+")
		if !slices.Contains(accents, accent) {
			accents = append(accents, accent)
		}
	}
	page = fmt.Appendf(page, "\n## %s\n\nVoices: %s.\n\n| sign | said | %s |\n|---|---|%s\n", language,
		strings.Join(l.voices, ", "), strings.Join(accents, " | "), strings.Repeat("---|", len(accents)))
	for _, text := range l.texts {
		sign := string(text.sign)
		if text.kind == recordings.Link {
			sign = "link"
		}
		page = fmt.Appendf(page, "| %s | %s |", sign, text.say)
		for _, accent := range accents {
			ipa, err := exec.Command("espeak-ng", "-v", accent, "-q", "--ipa", text.say).Output()
			if err != nil {
				return nil, fmt.Errorf("phonemes of %q: %w", text.say, err)
			}
			page = fmt.Appendf(page, " %s |", strings.TrimSpace(string(ipa)))
		}
		page = append(page, '\n')
	}
	return page, nil
}
