// Command listen attacks spoken challenges as somebody could who has this repository. It prints how many challenges and
// how many letters an attack solves. Run it by hand:
//
//	go run ./tests/tools/listen -attack sphinx      # pocketsphinx and a grammar
//	go run ./tests/tools/listen -attack correlate   # a matched filter: normalised correlation with every recording
//	go run ./tests/tools/listen -attack align       # dynamic programming, with a model of the babble
//	go run ./tests/tools/listen -attack waves       # compares what align suspects with the recordings, wave by wave
//	go run ./tests/tools/listen -attack items       # pocketsphinx on each English recording alone, without babble
//
// Pocketsphinx is in the Debian packages pocketsphinx and pocketsphinx-en-us. The attack waves takes seconds for a
// sound. These commands clean the sound before they attack it: the first subtracts what is like the sound itself,
// shifted or mirrored, and the second softens the parts that are like such an image.
//
//	go run ./tests/tools/listen -attack align -clean subtract
//	go run ./tests/tools/listen -attack align -clean ratio
//
// The next one solves the challenges of a running demo and sends it messages. The last does not attack: it writes
// recordings, challenges and answers to a folder, for programs of your own.
//
//	go run ./tests/tools/listen -attack align -url http://127.0.0.1:3000
//	go run ./tests/tools/listen -write FOLDER
//
// With -babble -1 the same attacks meet challenges without babble.
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio/recordings"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

// length is how many letters a challenge has. The attacks know it, as they would from a site's default.
const length = 4

// A solver turns the sound of a challenge, samples at 8 kHz, into the answer it takes to be the likeliest.
type solver interface {
	solve(sound []float32) (string, error)
}

func main() {
	log.SetFlags(0)
	attack := flag.String("attack", "correlate", "attack to run: sphinx, correlate, align, waves or items")
	count := flag.Int("n", 200, "number of challenges")
	babble := flag.Int("babble", 0, "level of the babble, as in audio.Config: 0 for the default, -1 for none")
	alphabet := flag.String("alphabet", picture.Alphabet, "characters that answers are made of")
	cleaning := flag.String("clean", "none", "how to clean the sound before the attack: none, subtract or ratio")
	language := flag.String("language", "en", "BCP 47 tag of the language that is spoken")
	url := flag.String("url", "", "attack the challenges of a running demo, such as http://127.0.0.1:3000, instead of new ones")
	tune := flag.Int("tune", 16, "number of challenges to tune align on, which do not count")
	first := flag.Uint64("first", 0, "number of the first challenge; another number gives other challenges")
	folder := flag.String("write", "", "write recordings, challenges and answers to this folder instead of attacking")
	flag.Parse()
	if *attack == "items" {
		if err := items(); err != nil {
			log.Fatal(err)
		}
		return
	}
	clean, ok := cleanings[*cleaning]
	if !ok {
		log.Fatalf("-clean is %q; accepted: none, subtract, ratio", *cleaning)
	}
	c := challenges{audio.New(audio.Config{Babble: *babble}), *language, *alphabet}
	if *folder != "" {
		if err := c.write(*folder, *first, *count); err != nil {
			log.Fatal(err)
		}
		return
	}
	s, err := newSolver(*attack, c, clean, *tune)
	if err != nil {
		log.Fatal(err)
	}
	if *url != "" {
		start := time.Now()
		taken, limited, err := newSite(*url, *language).attack(s, *count)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s against %s: %d of %d messages accepted in %.0f s, %d attempts refused by a limit\n",
			*attack, *url, taken, *count, time.Since(start).Seconds(), limited)
		return
	}
	r, err := c.try(s, *first, *count, func(text, guess string) { fmt.Println(text, guess) })
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %d of %d challenges solved (%.1f %%), %d of %d letters right (%.1f %%)\n", *attack,
		r.whole, *count, percent(r.whole, *count), r.letters, *count*length, percent(r.letters, *count*length))
}

func percent(part, whole int) float64 {
	return 100 * float64(part) / float64(whole)
}

func newSolver(attack string, c challenges, clean func([]float32) []float32, tune int) (solver, error) {
	switch attack {
	case "sphinx":
		s, err := newSphinx(c.alphabet, length, inChallenge)
		return cleaned{s, clean}, err
	case "correlate":
		m, err := newMatcher(c.language, c.alphabet, correlate)
		return cleaned{m, clean}, err
	case "align":
		return c.tuned(clean, tune)
	case "waves":
		w, err := newWaver(c.language, c.alphabet)
		return cleaned{w, clean}, err
	}
	return nil, fmt.Errorf("-attack is %q; accepted: sphinx, correlate, align, waves, items", attack)
}

// challenges are what is attacked.
type challenges struct {
	voice              *audio.Voice
	language, alphabet string
}

// A cleaned solver hears what is left after a cleaning.
type cleaned struct {
	solver
	clean func(sound []float32) []float32
}

func (c cleaned) solve(sound []float32) (string, error) {
	return c.solver.solve(c.clean(sound))
}

// tuning is the number of the first of the challenges on which an attack is tuned. None of them is ever scored.
const tuning = 1 << 32

// tuned returns the aligner whose distance, of all there are, gets most letters of count challenges right.
func (c challenges) tuned(clean func([]float32) []float32, count int) (best solver, err error) {
	most := -1
	for i, d := range distances {
		m, err := newMatcher(c.language, c.alphabet, newAligner(d).find)
		if err != nil {
			return nil, err
		}
		r, err := c.try(cleaned{m, clean}, tuning, count, func(string, string) {})
		if err != nil {
			return nil, err
		}
		if count > 0 {
			fmt.Printf("tuning with distance %d: %d of %d letters right\n", i, r.letters, count*length)
		}
		if r.letters > most {
			most, best = r.letters, cleaned{m, clean}
		}
		if count == 0 {
			break
		}
	}
	return best, nil
}

type result struct{ whole, letters int }

// try lets a solver loose on count challenges, on every processor, and tells of each answer and the guess.
func (c challenges) try(s solver, first uint64, count int, tell func(text, guess string)) (result, error) {
	var (
		r       result
		failure error
		lock    sync.Mutex
		group   sync.WaitGroup
		numbers = make(chan uint64)
	)
	for range runtime.NumCPU() {
		group.Go(func() {
			for number := range numbers {
				text, guess, err := c.one(s, number)
				lock.Lock()
				if err != nil {
					failure = err
				} else {
					tell(text, guess)
					r.count(text, guess)
				}
				lock.Unlock()
			}
		})
	}
	for i := range uint64(count) {
		numbers <- first + i
	}
	close(numbers)
	group.Wait()
	return r, failure
}

// one makes the challenge of a number and has it solved.
func (c challenges) one(s solver, number uint64) (text, guess string, err error) {
	text, sound, err := c.speak(number)
	if err != nil {
		return "", "", err
	}
	guess, err = s.solve(sound)
	return text, guess, err
}

// speak makes the challenge of a number.
func (c challenges) speak(number uint64) (text string, sound []float32, err error) {
	text, wav, err := c.wav(number)
	return text, decode(wav), err
}

// wav makes the file of a challenge.
func (c challenges) wav(number uint64) (text string, wav []byte, err error) {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], number)
	rng := rand.New(rand.NewChaCha8(seed))
	signs := []rune(c.alphabet)
	for range length {
		text += string(signs[rng.IntN(len(signs))])
	}
	seed[31] = 1 // the sound's randomness is not that of the answer
	wav, err = c.voice.Speak(text, c.language, len([]rune(text)), seed)
	return text, wav, err
}

func (r *result) count(text, guess string) {
	if guess == text {
		r.whole++
	}
	for i := range min(len(text), len(guess)) {
		if text[i] == guess[i] {
			r.letters++
		}
	}
}

// decode returns the samples of a WAV file of ours.
func decode(wav []byte) []float32 {
	const header = 44
	sound := make([]float32, max(0, len(wav)-header))
	for i := range sound {
		sound[i] = float32(wav[header+i]) - 128
	}
	return level(sound)
}

// level makes a sound a little louder than the recordings, as a speaker with babble is.
func level(sound []float32) []float32 {
	const wanted = recordings.Level * 1.25
	energy := 0.0
	for _, s := range sound {
		energy += float64(s * s)
	}
	gain := float32(wanted / math.Sqrt(energy/float64(len(sound))+1e-9))
	for i := range sound {
		sound[i] *= gain
	}
	return sound
}
