package main

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/fibercaptcha/fibercaptcha/captcha/audio/recordings"
)

// A waver looks more closely at what an alignment suspects: it lays pieces of the recordings themselves, wave on wave,
// upon the sound near where they should be, at all rates at which they may be played.
type waver struct {
	*matcher
	pcm map[clipKey][]int16
}

type clipKey struct {
	voice int
	kind  recordings.Kind
	sign  rune
}

// mostSuspects is how many of each letter are looked at: the right one is among them five times in six.
const mostSuspects = 12

func newWaver(language, alphabet string) (*waver, error) {
	m, err := newMatcher(language, alphabet, newAligner(distances[0]).find)
	if err != nil {
		return nil, err
	}
	clips, err := recordings.Open(language)
	if err != nil {
		return nil, err
	}
	w := &waver{m, make(map[clipKey][]int16)}
	for _, c := range clips {
		w.pcm[clipKey{c.Voice, c.Kind, c.Sign}] = c.Append(nil)
	}
	return w, nil
}

// solve finds for each letter the suspect whose waves the sound has most of. What the alignment thought counts half.
func (w *waver) solve(sound []float32) (text string, err error) {
	heard := [...]wave{newWave(sound, lowWave), newWave(sound, middleWave)}
	for _, suspects := range w.suspects(sound) {
		scores := make([]hit, len(suspects))
		for i, s := range suspects {
			word, ok := w.pcm[clipKey{s.voice, recordings.Word, s.sign}]
			if !ok {
				word = w.pcm[clipKey{s.voice, recordings.Name, s.sign}] // a digit is said twice
			}
			for _, h := range heard {
				scores[i].score += h.has(w.pcm[clipKey{s.voice, recordings.Name, s.sign}], s.first, s.rate) + h.has(word, s.last, s.rate)
			}
		}
		best, most := rune(0), float32(never)
		for i, h := range standardise(scores) {
			if score := h.score + suspects[i].score/2; score > most {
				best, most = suspects[i].sign, score
			}
		}
		text += string(best)
	}
	return text, nil
}

// A suspect is a letter that may be said, and where.
type suspect struct {
	sign        rune
	voice       int
	rate        float64
	score       float32 // of the alignment
	first, last int     // samples at which its name and its word begin
}

// suspects are the likeliest of each letter, each voice of each sign once.
func (m *matcher) suspects(sound []float32) (all [length][]suspect) {
	heard := m.listenFor(sound)
	for k := range length {
		from, to := beginning(k)
		best := map[[2]int]suspect{}
		for _, s := range heard {
			for _, h := range s.again {
				u := join(s.name, h)
				if u.start < from || u.start > to {
					continue
				}
				voice := s.group / len(rates)
				id := [2]int{int(s.sign), voice}
				if was, ok := best[id]; !ok || u.score > was.score {
					best[id] = suspect{s.sign, voice, rates[s.group%len(rates)], u.score, u.start * hop, h.start * hop}
				}
			}
		}
		all[k] = slices.Collect(maps.Values(best))
		slices.SortFunc(all[k], func(a, b suspect) int { return cmp.Compare(b.score, a.score) })
		all[k] = all[k][:min(mostSuspects, len(all[k]))]
	}
	return all
}

// A waveBand is a part of the spectrum in which waves are compared: one of the bands that challenges play apart from
// each other. The highest band is left out: there a rate that is off by a thousandth already gives another wave.
type waveBand struct {
	from, to float64 // Hz
	every    int     // of how many samples one is enough
	step     float64 // from one rate that is tried to the next
}

var (
	lowWave    = waveBand{0, 850, 4, 0.008}
	middleWave = waveBand{850, 1900, 2, 0.005}
)

// A wave is a band of a sound without what can be predicted of it: the babble's spectrum.
type wave struct {
	waveBand
	taps, whitening []float64
	samples         []float32
}

func newWave(sound []float32, band waveBand) wave {
	w := wave{waveBand: band, taps: bandpass(band.from, band.to)}
	x := filter(sound, w.taps, band.every)
	w.whitening = prediction(x)
	w.samples = whiten(x, w.whitening)
	return w
}

// What a piece of a recording is, and how far from where it should be it is looked for, in samples.
const (
	pieceLength  = 640
	pieceAdvance = 320
	pieceReach   = 320
	pieceMargin  = 64   // for the filters to settle
	leastAlike   = 0.45 // wrong pieces mostly reach no more, so less counts nothing
)

// has tells how much the sound has of a recording that begins near start and is played at a rate: the sum, over the
// recording's pieces, of how far the greatest correlation exceeds that of wrong pieces.
func (w wave) has(pcm []int16, start int, rate float64) (sum float32) {
	for at := 0; at+pieceLength/2 < int(float64(len(pcm))/rate); at += pieceAdvance {
		most := 0.0
		for r := rate * 0.88; r < rate*1.13; r *= 1 + w.step {
			from := float64(at)*rate - pieceLength/2*(r-rate)
			most = max(most, w.alike(w.piece(pcm, from, r), (start+at)/w.every))
		}
		sum += float32(max(0, most-leastAlike))
	}
	return sum
}

// piece returns a piece of a recording as it is heard in this band at a rate.
func (w wave) piece(pcm []int16, from, rate float64) []float32 {
	lead := int(from - pieceMargin*rate)
	raw := make([]int16, int((pieceLength+2*pieceMargin)*rate)+2)
	for i := range raw {
		if j := lead + i; j >= 0 && j < len(pcm) {
			raw[i] = pcm[j]
		}
	}
	out := whiten(filter(play(raw, rate), w.taps, w.every), w.whitening)
	return out[pieceMargin/w.every:][:pieceLength/w.every]
}

// alike is the greatest correlation of a piece with the sound near a place.
func (w wave) alike(piece []float32, centre int) (most float64) {
	var own float32
	for _, v := range piece {
		own += v * v
	}
	for at := centre - pieceReach/w.every; at <= centre+pieceReach/w.every; at++ {
		if at < 0 || at+len(piece) > len(w.samples) {
			continue
		}
		var both, other float32
		heard := w.samples[at:][:len(piece)]
		for i, v := range piece {
			both += v * heard[i]
			other += heard[i] * heard[i]
		}
		most = max(most, float64(both)/math.Sqrt(float64(own*other)+1))
	}
	return most
}

// bandpass returns a windowed sinc from one frequency to another.
func bandpass(from, to float64) []float64 {
	const n = 63
	taps := make([]float64, n)
	sinc := func(hz, x float64) float64 {
		if x == 0 {
			return 2 * hz / rate
		}
		return math.Sin(2*math.Pi*hz/rate*x) / (math.Pi * x)
	}
	for i := range taps {
		x := float64(i - n/2)
		taps[i] = (sinc(to, x) - sinc(from, x)) * (0.54 + 0.46*math.Cos(2*math.Pi*x/(n-1)))
	}
	return taps
}

// filter filters a sound, and takes one of so many samples.
func filter(sound []float32, taps []float64, every int) []float32 {
	out := make([]float32, 0, len(sound)/every+1)
	for i := 0; i < len(sound); i += every {
		sum := 0.0
		for k, tap := range taps {
			if j := i + k - len(taps)/2; j >= 0 && j < len(sound) {
				sum += tap * float64(sound[j])
			}
		}
		out = append(out, float32(sum))
	}
	return out
}

// prediction returns the filter that takes from each sample what the twelve before it tell of it (Levinson and Durbin).
func prediction(x []float32) []float64 {
	const order = 12
	var auto [order + 1]float64
	for lag := range auto {
		for i := lag; i < len(x); i++ {
			auto[lag] += float64(x[i]) * float64(x[i-lag])
		}
	}
	auto[0] *= 1.003 // as with a little noise, so that silence can be told too
	a := make([]float64, order+1)
	a[0] = 1
	left := auto[0] + 1e-9
	for i := 1; i <= order; i++ {
		sum := auto[i]
		for j := 1; j < i; j++ {
			sum += a[j] * auto[i-j]
		}
		k := -sum / left
		next := slices.Clone(a)
		for j := 1; j < i; j++ {
			next[j] = a[j] + k*a[i-j]
		}
		next[i] = k
		a, left = next, left*(1-k*k)
	}
	return a
}

func whiten(x []float32, a []float64) []float32 {
	out := make([]float32, len(x))
	for i := range x {
		sum := 0.0
		for j := 0; j < len(a) && j <= i; j++ {
			sum += a[j] * float64(x[i-j])
		}
		out[i] = float32(sum)
	}
	return out
}
