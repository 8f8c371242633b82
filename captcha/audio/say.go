package audio

import (
	"math"
	"slices"

	"github.com/fibercaptcha/fibercaptcha/captcha/audio/recordings"
)

// A line is a clip, with when and how fast it is said. The rate is that at which the clip is read, so that a higher
// rate also makes a higher voice.
type line struct {
	*clip
	start, rate int
}

// When letters are said, in milliseconds. None of this depends on which letters they are, and each has room for the
// longest, so that neither the length of a sound nor the time of a letter says anything about the letters.
const (
	lead       = 200  // before the first letter, and after the last one's room
	nameRoom   = 750  // for the name; a longer one is said faster
	restEarly  = 760  // how long after the name's beginning the word, or a digit's second time, begins at the earliest
	restLate   = 880  // and at the latest
	restRoom   = 1400 // for the rest, likewise
	letterRoom = restLate + restRoom + 40
	slack      = 250 // for each letter; all of it is shared out between them at random
)

// script decides who says what and when, and returns how many samples that takes. The speaker is drawn for each letter
// anew, so that a machine that is lucky with one letter gains nothing for the next.
func (m *mixer) script(signs []rune) (lines []line, length int) {
	lines = m.lines[:0]
	room := max(len(signs), m.room)
	pauses := make([]int, room)
	for i := range pauses {
		pauses[i] = m.pause(0, slack*room)
	}
	slices.Sort(pauses)
	for i, sign := range signs {
		start := inSamples(lead+i*letterRoom) + pauses[i]
		v := m.voices[m.IntN(len(m.voices))]
		pace := m.between(one*88/100, one*120/100)
		l := v.letters[sign]
		say := func(room, start int, clips ...*clip) {
			total := 0
			for _, c := range clips {
				total += c.length()
			}
			pace := max(pace, total*one/inSamples(room))
			for _, c := range clips {
				rate := m.vary(pace, 4)
				lines = append(lines, line{c, start, rate})
				start += c.length() * one / rate
			}
		}
		say(nameRoom, start, &l.name)
		start += m.pause(restEarly, restLate)
		if l.word.length() == 0 {
			say(restRoom, start, &l.name)
		} else {
			say(restRoom, start, &v.links[m.IntN(len(v.links))], &l.word)
		}
	}
	m.lines = lines
	return lines, inSamples(2*lead + room*(letterRoom+slack))
}

// inSamples returns how many samples last that many milliseconds.
func inSamples(milliseconds int) int {
	return milliseconds * rate / 1000
}

// How far the parts of a line may differ. To the ear, one band of speech may be much louder than another, but not come
// much earlier or later, or sound like another voice.
const (
	bandGain  = 16 // dB by which a band is louder or softer than recorded
	bandRate  = 4  // per cent by which a band is faster or slower than its line, which moves formants apart
	bandDelay = 4  // ms by which a band comes early or late
	grainGain = 7  // dB by which a moment of a band is louder or softer
	grainRate = 8  // per cent by which a moment of a band is higher or lower
)

// say mixes a line in. Each of its bands has its own level, rate and time; and each is played in grains, moments of 60
// to 160 ms that again differ a little. None of a recording's frames can be found as they were, and after the echoes
// none of its waves.
func (m *mixer) say(l line) {
	var gains [bands]int
	power := 0.0
	for b := range gains {
		gains[b] = m.between(-bandGain, bandGain)
		power += float64(l.clip[b].power * (decibels(2*gains[b]) >> 4)) // whole numbers that a float64 holds exactly
	}
	// Whatever the levels of the bands, all lines are equally loud, to within a decibel.
	level := recordings.Level * one / (int64(math.Sqrt(power/(one>>4))) + 1)
	loudness := m.between(-1, 1)
	whole := l.length() * one / l.rate
	margin := inSamples(bandDelay) + whole*bandRate/100 + fade
	m.alone = silence(m.alone, whole+2*margin+echoTail)
	for b := range l.clip {
		band := m.unpack(&l.clip[b])
		rate := m.vary(l.rate, bandRate)
		length := len(band.samples) * one / rate
		start := margin + (whole-length)/2 + m.pause(-bandDelay, bandDelay)
		for at := 0; at < length; {
			grain := max(fade, min(m.pause(60, 160), length-at))
			gain := decibels(gains[b]+loudness+m.between(-grainGain, grainGain)) * level / one
			r := reading{at: (at - fade/2) * rate, step: m.vary(rate, grainRate), gain: int(gain)}
			r.add(m.alone, &band, start+at-fade/2, grain+fade)
			at += grain
		}
	}
	start := l.start - margin - m.echo(m.alone)
	for i, v := range m.alone[:min(len(m.alone), len(m.out)-start)] {
		m.out[start+i] += v
	}
}

// decibels turns a gain in dB into fixed point.
func decibels(gain int) int64 {
	const down = 58409 // -1 dB
	value := int64(one)
	for range max(gain, -gain) {
		value = value * down / one
	}
	if gain > 0 {
		value = one * one / value
	}
	return value
}
