// Command make has espeak-ng speak the lists in this folder, and writes the .voices files and PHONEMES.md in the folder
// above. It needs espeak-ng (Debian has a package of that name). "go generate" in the folder above runs it.
//
// A list consists of lines, whose fields are separated by tabs. "voices" names espeak-ng's voices, "links" what is said
// between a letter and its word. Every other line is a letter or digit, its name as the synthesiser is to read it, and
// its word.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha/audio/recordings"
)

// speed is espeak-ng's, in words a minute: slower than its 175, for listeners who hear a letter once.
const speed = "150"

func main() {
	log.SetFlags(0)
	phonemes := []byte(heading)
	for _, language := range recordings.Languages() {
		list, err := readList(filepath.Join("make", language+".txt"))
		if err != nil {
			log.Fatal(err)
		}
		clips, err := speakAll(list)
		if err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(language+".voices", recordings.Marshal(clips), 0o644); err != nil {
			log.Fatal(err)
		}
		phonemes, err = appendPhonemes(phonemes, language, list)
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := os.WriteFile("PHONEMES.md", phonemes, 0o644); err != nil {
		log.Fatal(err)
	}
}

// A list is what one language says.
type list struct {
	voices []string
	texts  []text
}

type text struct {
	kind recordings.Kind
	sign rune
	say  string
}

func readList(path string) (list, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return list{}, err
	}
	var l list
	for line := range strings.Lines(string(file)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		switch {
		case fields[0] == "voices" && len(fields) == 2:
			l.voices = strings.Fields(fields[1])
		case fields[0] == "links" && len(fields) == 2:
			for i, say := range strings.Split(fields[1], ",") {
				l.texts = append(l.texts, text{recordings.Link, rune(i), say})
			}
		case len([]rune(fields[0])) == 1 && (len(fields) == 2 || len(fields) == 3):
			sign := []rune(fields[0])[0]
			l.texts = append(l.texts, text{recordings.Name, sign, fields[1]})
			if len(fields) == 3 {
				l.texts = append(l.texts, text{recordings.Word, sign, fields[2]})
			}
		default:
			return list{}, fmt.Errorf("%s: cannot read the line %q", path, line)
		}
	}
	return l, nil
}

func speakAll(l list) ([]recordings.Clip, error) {
	var clips []recordings.Clip
	for number, voice := range l.voices {
		for _, text := range l.texts {
			samples, err := speak(voice, text.say)
			if err != nil {
				return nil, fmt.Errorf("%s saying %q: %w", voice, text.say, err)
			}
			clip := recordings.NewClip(samples)
			clip.Kind, clip.Sign, clip.Voice = text.kind, text.sign, number
			clips = append(clips, clip)
		}
	}
	return clips, nil
}

// speak synthesises one text and makes it ready: at the recordings' rate and level, without silence around it.
func speak(voice, say string) ([]int16, error) {
	wav, err := exec.Command("espeak-ng", "-v", voice, "-s", speed, "--stdout", say).Output()
	if err != nil {
		return nil, err
	}
	const header = 44 // espeak-ng writes the plainest of headers: 16 bits, mono
	if len(wav) <= header || !bytes.HasPrefix(wav, []byte("RIFF")) {
		return nil, fmt.Errorf("espeak-ng wrote no WAV")
	}
	rate := binary.LittleEndian.Uint32(wav[24:])
	sound := make([]float64, (len(wav)-header)/2)
	for i := range sound {
		sound[i] = float64(int16(binary.LittleEndian.Uint16(wav[header+2*i:])))
	}
	return level(fade(trim(resample(sound, float64(rate)/recordings.Rate)))), nil
}

// resample returns one sample for each step of the input, which is at least 1, through a Hann-windowed sinc that keeps
// what the lower rate can carry.
func resample(sound []float64, step float64) []float64 {
	const cutoff, zeros = 0.94, 24 // of the new Nyquist frequency; crossings on each side
	width := zeros * step / cutoff
	out := make([]float64, int(float64(len(sound))/step))
	for i := range out {
		at := float64(i) * step
		for j := max(0, int(at-width)+1); j <= min(len(sound)-1, int(at+width)); j++ {
			distance := (float64(j) - at) / width
			x := math.Pi * zeros * distance
			sinc := 1.0
			if x != 0 {
				sinc = math.Sin(x) / x
			}
			out[i] += sound[j] * sinc * (0.5 + 0.5*math.Cos(math.Pi*distance)) * cutoff / step
		}
	}
	return out
}

// trim cuts off both ends what is more than 40 dB below the loudest sample, and leaves 15 ms of it.
func trim(sound []float64) []float64 {
	const margin = recordings.Rate * 15 / 1000
	peak := 0.0
	for _, s := range sound {
		peak = max(peak, math.Abs(s))
	}
	from, to := len(sound), 0
	for i, s := range sound {
		if math.Abs(s) > peak/100 {
			from, to = min(from, i), i+1
		}
	}
	return sound[max(0, from-margin):min(len(sound), to+margin)]
}

// fade brings both ends to silence over 8 ms, so that clips can be joined without a click.
func fade(sound []float64) []float64 {
	const length = recordings.Rate * 8 / 1000
	for i := range min(length, len(sound)/2) {
		gain := float64(i) / length
		sound[i] *= gain
		sound[len(sound)-1-i] *= gain
	}
	return sound
}

// level scales to recordings.Level; the highest peaks, if they do not fit, are cut.
func level(sound []float64) []int16 {
	energy := 0.0
	for _, s := range sound {
		energy += s * s
	}
	gain := recordings.Level / math.Sqrt(energy/float64(len(sound)))
	out := make([]int16, len(sound))
	for i, s := range sound {
		out[i] = int16(min(max(math.Round(s*gain), math.MinInt16), math.MaxInt16))
	}
	return out
}
