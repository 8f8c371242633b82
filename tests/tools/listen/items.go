package main

import (
	"fmt"

	"github.com/fibercaptcha/fibercaptcha/captcha/audio/recordings"
)

// items lets pocketsphinx hear every English letter and digit alone, as recorded, in each voice, and prints what it
// mishears.
func items() error {
	clips, err := recordings.Open("en")
	if err != nil {
		return err
	}
	type key struct {
		voice int
		sign  rune
	}
	said := map[key][]int16{}
	voices := 0
	for _, kind := range []recordings.Kind{recordings.Name, recordings.Link, recordings.Word} {
		for _, c := range clips {
			voices = max(voices, c.Voice+1)
			switch {
			case c.Kind != kind:
			case kind != recordings.Link:
				k := key{c.Voice, c.Sign}
				said[k] = c.Append(append(said[k], make([]int16, recordings.Rate/20)...))
			case c.Sign == 0:
				for sign := 'A'; sign <= 'Z'; sign++ {
					k := key{c.Voice, sign}
					said[k] = c.Append(append(said[k], make([]int16, recordings.Rate/20)...))
				}
			}
		}
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	s, err := newSphinx(alphabet, 1, func(name, word string) string {
		if word == "" {
			return name
		}
		return name + " as in " + word
	})
	if err != nil {
		return err
	}
	defer s.Close()
	for v := range voices {
		right := 0
		for _, sign := range alphabet {
			sound := make([]float32, recordings.Rate/4)
			for _, sample := range said[key{v, sign}] {
				sound = append(sound, float32(sample))
			}
			sound = append(sound, make([]float32, recordings.Rate/4)...)
			heard, err := s.hear(sound)
			if err != nil {
				return err
			}
			if letters(heard) == string(sign) {
				right++
			} else {
				fmt.Printf("voice %d: %c heard as %q\n", v, sign, heard)
			}
		}
		fmt.Printf("voice %d: %d of %d right\n", v, right, len(alphabet))
	}
	return nil
}
