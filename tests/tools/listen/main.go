// Command listen attacks the spoken challenge, as somebody would who has this repository, and prints how many
// challenges and letters each attack solves. It is run by hand:
//
//	go run ./tests/tools/listen -attack sphinx      # pocketsphinx (Debian: pocketsphinx, pocketsphinx-en-us) and a grammar
//	go run ./tests/tools/listen -attack correlate   # a matched filter: normalised correlation with every recording
//	go run ./tests/tools/listen -attack align       # dynamic programming, with a model of what babble does
//	go run ./tests/tools/listen -attack items       # pocketsphinx again, hearing each English recording clean and alone
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
	attack := flag.String("attack", "correlate", "sphinx, correlate, align or items")
	count := flag.Int("n", 200, "challenges")
	babble := flag.Int("babble", 0, "as in audio.Config")
	alphabet := flag.String("alphabet", picture.Alphabet, "what answers are made of")
	first := flag.Uint64("first", 0, "number of the first challenge; others give other challenges")
	flag.Parse()
	if *attack == "items" {
		if err := items(); err != nil {
			log.Fatal(err)
		}
		return
	}
	s, err := newSolver(*attack, *alphabet)
	if err != nil {
		log.Fatal(err)
	}
	r, err := try(s, audio.New(audio.Config{Babble: *babble}), *alphabet, *first, *count)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %d of %d challenges (%.1f %%), %d of %d letters (%.1f %%)\n", *attack,
		r.whole, *count, percent(r.whole, *count), r.letters, *count*length, percent(r.letters, *count*length))
}

func percent(part, whole int) float64 {
	return 100 * float64(part) / float64(whole)
}

func newSolver(attack, alphabet string) (solver, error) {
	switch attack {
	case "sphinx":
		return newSphinx(alphabet, length, inChallenge)
	case "correlate":
		return newMatcher("en", alphabet, correlate)
	case "align":
		return newMatcher("en", alphabet, align)
	}
	return nil, fmt.Errorf("no attack %q; there are sphinx, correlate, align and items", attack)
}

type result struct{ whole, letters int }

// try lets a solver loose on count challenges, on every processor, and prints each answer beside the guess.
func try(s solver, voice *audio.Voice, alphabet string, first uint64, count int) (result, error) {
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
				text, guess, err := one(s, voice, alphabet, number)
				lock.Lock()
				if err != nil {
					failure = err
				} else {
					fmt.Println(text, guess)
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
func one(s solver, voice *audio.Voice, alphabet string, number uint64) (text, guess string, err error) {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], number)
	rng := rand.New(rand.NewChaCha8(seed))
	signs := []rune(alphabet)
	for range length {
		text += string(signs[rng.IntN(len(signs))])
	}
	seed[31] = 1 // the sound's randomness is not that of the answer
	wav, err := voice.Speak(text, "en", seed)
	if err != nil {
		return "", "", err
	}
	guess, err = s.solve(decode(wav))
	return text, guess, err
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

// decode returns the samples of a WAV file of ours, a little louder than the recordings, as a speaker with babble is.
func decode(wav []byte) []float32 {
	const header, level = 44, recordings.Level * 1.25
	sound := make([]float32, len(wav)-header)
	energy := 0.0
	for i, b := range wav[header:] {
		sound[i] = float32(b) - 128
		energy += float64(sound[i] * sound[i])
	}
	gain := float32(level / math.Sqrt(energy/float64(len(sound))))
	for i := range sound {
		sound[i] *= gain
	}
	return sound
}
