package main

import (
	"math"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha/audio/recordings"
)

// A template is one recording played at one rate.
type template struct {
	kind   recordings.Kind
	sign   rune
	group  int // of voice and rate: the parts of one letter share it
	frames []frame
}

// A matcher looks for recordings in a challenge.
type matcher struct {
	templates []template
	find      func(sound []frame, t *template) []hit
}

// rates are those at which the recordings are tried: what a challenge is known to use.
var rates = []float64{0.87, 0.95, 1.03, 1.11, 1.19}

// newMatcher prepares every recording of a language whose sign is in the alphabet, at each of the rates. What is said
// between a letter and its word tells nothing and is left out.
func newMatcher(language, alphabet string, find func([]frame, *template) []hit) (*matcher, error) {
	clips, err := recordings.Open(language)
	if err != nil {
		return nil, err
	}
	m := &matcher{find: find}
	for _, c := range clips {
		if c.Kind == recordings.Link || !strings.ContainsRune(alphabet, c.Sign) {
			continue
		}
		pcm := c.Append(nil)
		for i, rate := range rates {
			m.templates = append(m.templates, template{c.Kind, c.Sign, c.Voice*len(rates) + i, listen(play(pcm, rate))})
		}
	}
	return m, nil
}

// play reads a recording at a rate.
func play(pcm []int16, rate float64) []float32 {
	out := make([]float32, int(float64(len(pcm)-1)/rate))
	for i := range out {
		at := float64(i) * rate
		j := int(at)
		part := float32(at - float64(j))
		out[i] = float32(pcm[j])*(1-part) + float32(pcm[j+1])*part
	}
	return out
}

// A hit is a place where a template may be.
type hit struct {
	score float32
	start int
}

const never = -1e9 // the score of what cannot be

// An utterance is a letter found in the sound.
type utterance struct {
	sign  rune
	score float32
	start int
}

const reach = 90 * 128 / hop // frames that may pass between the end of a letter's name and the start of its word

// spoken are the two recordings of one letter by one voice at one rate, and where each may be.
type spoken struct {
	sign        rune
	group       int
	name, again []hit // again is its word, or for a digit its name, which is said twice
}

// listenFor looks for every recording in the sound.
func (m *matcher) listenFor(sound []float32) (all []spoken) {
	frames := listen(sound)
	type key struct {
		sign  rune
		group int
	}
	names, words := map[key][]hit{}, map[key][]hit{}
	for i := range m.templates {
		t := &m.templates[i]
		hits := standardise(m.find(frames, t))
		if t.kind == recordings.Name {
			names[key{t.sign, t.group}] = hits
		} else {
			words[key{t.sign, t.group}] = hits
		}
	}
	for k, name := range names {
		again, ok := words[k]
		if !ok {
			again = name
		}
		all = append(all, spoken{k.sign, k.group, name, again})
	}
	return all
}

// solve finds for each letter what explains the sound best at its time.
func (m *matcher) solve(sound []float32) (string, error) {
	var found []utterance
	for _, s := range m.listenFor(sound) {
		for _, h := range s.again {
			u := join(s.name, h)
			found = append(found, utterance{s.sign, u.score, u.start})
		}
	}
	return choose(found), nil
}

// join finds the best hit of a letter's first part before one of its second, and adds them up.
func join(first []hit, second hit) hit {
	best := hit{never, 0}
	for _, h := range first[max(0, second.start-reach):max(0, second.start)] {
		if h.score > best.score {
			best = h
		}
	}
	return hit{best.score + second.score, best.start}
}

// standardise makes the scores of different templates comparable: in standard deviations from the template's mean.
func standardise(hits []hit) []hit {
	sum, square, count := 0.0, 0.0, 0.0
	for _, h := range hits {
		if h.score > never/2 {
			sum += float64(h.score)
			square += float64(h.score) * float64(h.score)
			count++
		}
	}
	mean := sum / count
	deviation := math.Sqrt(max(square/count-mean*mean, 1e-6))
	for i := range hits {
		if hits[i].score > never/2 {
			hits[i].score = float32((float64(hits[i].score) - mean) / deviation)
		}
	}
	return hits
}

// choose picks the best utterance that begins when each letter does. Those times do not overlap.
func choose(found []utterance) (text string) {
	for k := range length {
		best := utterance{score: 2 * never}
		from, to := beginning(k)
		for _, u := range found {
			if u.start >= from && u.start <= to && u.score > best.score {
				best = u
			}
		}
		text += string(best.sign)
	}
	return text
}

// beginning returns the frames between which a letter, counted from 0, begins.
func beginning(k int) (from, to int) {
	const lead, room, slack, doubt = 200, 2320, 250, 80 // ms, as in the package
	frames := func(ms int) int { return ms * rate / 1000 / hop }
	return frames(lead + k*room - doubt), frames(lead + k*room + length*slack + doubt)
}
