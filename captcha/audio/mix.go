package audio

import "math/rand/v2"

type mixer struct {
	*speech
	rng *rand.Rand
}

func (m *mixer) between(low, high int) int { return low + m.rng.IntN(high-low+1) }
func ms(n int) int                         { return n * rate / 1000 }

type part struct {
	clip   []int16
	start  int
	length int
	r      reading
}

func (m *mixer) mix(signs []rune) []int32 {
	v := m.voices[m.rng.IntN(len(m.voices))]
	pace := m.between(one*88/100, one*112/100)
	at := m.between(ms(300), ms(700))
	var parts []part
	say := func(clip []int16) {
		step := pace * m.between(95, 105) / 100
		length := len(clip) * one / step
		drift := m.between(-step*16/length, step*16/length)
		parts = append(parts, part{clip, at, length, reading{one, step - drift*length/512, drift, one * m.between(80, 120) / 100}})
		at += length
	}
	for _, sign := range signs {
		it := v.items[sign]
		say(it.name)
		if it.word == nil {
			at += m.between(ms(150), ms(350))
			say(it.name)
		} else {
			at += m.between(ms(10), ms(60))
			say(v.links[m.rng.IntN(len(v.links))])
			at += m.between(ms(10), ms(60))
			say(it.word)
		}
		at += m.between(ms(350), ms(800))
	}
	out := make([]int32, at)
	for _, p := range parts {
		p.r.add(out[p.start:], p.clip, p.length)
	}
	for range 5 {
		m.babble(out)
	}
	for i := range out {
		out[i] = out[i] * 3 / 2
	}
	return out
}

func (m *mixer) babble(out []int32) {
	for at := 0; at < len(out); {
		clip := m.all[m.rng.IntN(len(m.all))]
		length := m.between(ms(150), ms(500))
		step := m.between(one*80/100, one*125/100)
		r := reading{at: one, step: step, gain: one * 30 / 100}
		if m.rng.IntN(2) == 0 {
			r.at, r.step = (len(clip)-3)*one, -step
		}
		length = min(length, (len(clip)-4)*one/step)
		r.add(out[at:], clip, length)
		at += length
	}
}
