package audio

import "github.com/fibercaptcha/fibercaptcha/captcha/audio/recordings"

// speech is one language, decoded.
type speech struct {
	voices []voice
	all    [][]int16
}

type voice struct {
	links [][]int16
	items map[rune]item
}

type item struct{ name, word []int16 }

func newSpeech(clips []recordings.Clip) *speech {
	s := new(speech)
	for _, clip := range clips {
		for len(s.voices) <= clip.Voice {
			s.voices = append(s.voices, voice{items: make(map[rune]item)})
		}
		v := &s.voices[clip.Voice]
		pcm := clip.Append(make([]int16, 0, clip.Samples))
		s.all = append(s.all, pcm)
		it := v.items[clip.Sign]
		switch clip.Kind {
		case recordings.Link:
			v.links = append(v.links, pcm)
			continue
		case recordings.Name:
			it.name = pcm
		case recordings.Word:
			it.word = pcm
		}
		v.items[clip.Sign] = it
	}
	return s
}
