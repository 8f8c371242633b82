package audio

import "github.com/fibercaptcha/fibercaptcha/captcha/audio/recordings"

// A speech is everything that can be said in one language, decoded.
type speech struct {
	voices []voice
	clips  []clip // of all voices
}

type voice struct {
	letters map[rune]*letter
	links   []clip
}

// A letter is what is said for a sign. A digit has no word.
type letter struct {
	name, word clip
}

func newSpeech(recorded []recordings.Clip) *speech {
	s := &speech{clips: make([]clip, 0, len(recorded))}
	splitter := newSplitter(recorded)
	for _, r := range recorded {
		for len(s.voices) <= r.Voice {
			s.voices = append(s.voices, voice{letters: make(map[rune]*letter)})
		}
		c := splitter.split(r)
		s.clips = append(s.clips, c)
		s.voices[r.Voice].add(r, c)
	}
	return s
}

func (v *voice) add(r recordings.Clip, c clip) {
	if r.Kind == recordings.Link {
		v.links = append(v.links, c)
		return
	}
	l := v.letters[r.Sign]
	if l == nil {
		l = new(letter)
		v.letters[r.Sign] = l
	}
	if r.Kind == recordings.Name {
		l.name = c
	} else {
		l.word = c
	}
}
