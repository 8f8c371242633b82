package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio/recordings"
)

// An attack that fails even without babble would prove nothing about challenges with it.
func TestAlignSolvesWithoutBabble(t *testing.T) {
	const alphabet = "BKWX27"
	m, err := newMatcher("en", alphabet, newAligner(distances[0]).find)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	c := challenges{audio.New(audio.Config{Babble: -1}), "en", alphabet}
	for number := range uint64(4) {
		text, guess, err := c.one(m, number)
		if err != nil {
			t.Fatal(err)
		}
		r := result{}
		r.count(text, guess)
		right += r.letters
	}
	if right < 10 {
		t.Errorf("%d of 16 letters right; by chance there would be 3", right)
	}
}

// What is compared wave by wave is found where it is, and something else is not.
func TestWavesFindARecording(t *testing.T) {
	w, err := newWaver("en", "BK")
	if err != nil {
		t.Fatal(err)
	}
	said, other := w.pcm[clipKey{0, recordings.Word, 'B'}], w.pcm[clipKey{0, recordings.Word, 'K'}]
	const start = 4000
	sound := slices.Concat(make([]float32, start), play(said, 1.05), make([]float32, start))
	noise := rand.New(rand.NewPCG(1, 2))
	for i := range sound {
		sound[i] += float32(noise.NormFloat64() * 500)
	}
	for _, band := range []waveBand{lowWave, middleWave} {
		heard := newWave(sound, band)
		if right, wrong := heard.has(said, start, 1.03), heard.has(other, start, 1.03); right < 2*wrong {
			t.Errorf("%.0f to %.0f Hz: the recording has %.2f, another one %.2f", band.from, band.to, right, wrong)
		}
	}
}

// What is written is what an attack of this program meets.
func TestWrite(t *testing.T) {
	folder := t.TempDir()
	c := challenges{audio.New(), "en", "BKWX27"}
	if err := c.write(folder, 5, 2); err != nil {
		t.Fatal(err)
	}
	answers, err := os.ReadFile(filepath.Join(folder, "answers.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range strings.Fields(string(answers)) {
		want, wav, err := c.wav(5 + uint64(i))
		written, failure := os.ReadFile(filepath.Join(folder, fmt.Sprintf("%05d.wav", i)))
		if err != nil || failure != nil || text != want || !bytes.Equal(wav, written) {
			t.Errorf("challenge %d is not the one that it should be: %v, %v", i, err, failure)
		}
	}
	if all, err := filepath.Glob(filepath.Join(folder, "*.pcm")); err != nil || len(all) < 100 {
		t.Errorf("%d recordings, %v", len(all), err)
	}
}

// Both matchers find a recording that is there as it is.
func TestMatchersFindARecording(t *testing.T) {
	m, err := newMatcher("en", "B", newAligner(distances[0]).find)
	if err != nil {
		t.Fatal(err)
	}
	wanted := &m.templates[2]
	silence := make([]frame, 30)
	sound := slices.Concat(silence, wanted.frames, silence)
	for name, find := range map[string]func([]frame, *template) []hit{"align": m.find, "correlate": correlate} {
		best, end := hit{score: never}, 0
		for i, h := range find(sound, wanted) {
			if h.score > best.score {
				best, end = h, i
			}
		}
		if d := end - (30 + len(wanted.frames) - 1); d < -2 || d > 2 || best.start < 28 || best.start > 32 {
			t.Errorf("%s finds %d frames that start at 30 from %d to %d", name, len(wanted.frames), best.start, end)
		}
	}
}

func TestLettersFromWords(t *testing.T) {
	for _, row := range []struct {
		heard []string
		want  string
	}{
		{nil, ""},
		{[]string{"b.", "as", "in", "bravo", "seven", "seven", "k.", "like", "kilo"}, "B7K"},
		{[]string{"seven", "seven", "seven", "seven", "two", "two"}, "772"},
	} {
		if got := letters(row.heard); got != row.want {
			t.Errorf("letters(%q) = %q, not %q", row.heard, got, row.want)
		}
	}
}

func TestBandsHearTones(t *testing.T) {
	loudest := func(hz float64) (band int) {
		tone := make([]float32, window)
		for i := range tone {
			tone[i] = float32(1000 * math.Sin(2*math.Pi*hz*float64(i)/8000))
		}
		f := listen(tone)[0]
		for b := range f {
			if f[b] > f[band] {
				band = b
			}
		}
		return band
	}
	if low, middle, high := loudest(200), loudest(1000), loudest(3500); low > 2 || middle < 7 || middle > 10 || high < 17 {
		t.Errorf("200, 1000 and 3500 Hz are in bands %d, %d and %d of %d", low, middle, high, bands)
	}
}
