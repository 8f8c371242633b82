// Strength measures how well machines read the pictures.
//
// By default it draws labelled pictures, prepares each in many ways and runs tesseract on every result. It prints how
// many whole answers and how many letters tesseract reads after the preparation that helps most, for all styles
// together and for each by itself:
//
//	go run ./tests/tools/strength -n 1000
//
// With -draw it only writes the labelled pictures, for learn.py to train on.
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

type options struct {
	draw          string
	n, length     int
	width, height int
	scale         int
	seed          uint64
	styles        string
	preparation   string
}

func main() {
	var o options
	flag.StringVar(&o.draw, "draw", "", "only write labelled pictures to this folder")
	flag.IntVar(&o.n, "n", 1000, "number of pictures")
	flag.IntVar(&o.length, "length", 4, "letters in a picture")
	flag.IntVar(&o.width, "width", 90, "width of a picture in CSS pixels")
	flag.IntVar(&o.height, "height", 40, "height of a picture in CSS pixels")
	flag.IntVar(&o.scale, "scale", 1, "device pixels per CSS pixel")
	flag.Uint64Var(&o.seed, "seed", 1, "seed for texts and pictures")
	flag.StringVar(&o.styles, "style", "", "styles to draw, with commas between; empty for the defaults")
	flag.StringVar(&o.preparation, "prepare", "", "try only the preparations whose names contain this, as in \"2x otsu\"; empty for all")
	flag.Parse()
	if err := run(o); err != nil {
		log.Fatal(err)
	}
}

func run(o options) error {
	styles, err := parseStyles(o.styles)
	if err != nil {
		return err
	}
	if o.draw != "" {
		set, err := drawSet(styles, o)
		if err != nil {
			return err
		}
		return write(o.draw, set)
	}
	fmt.Printf("%d pictures of %d x %d at scale %d, %d letters, seed %d\n", o.n, o.width, o.height, o.scale, o.length, o.seed)
	return measure(styles, o)
}

func parseStyles(names string) (styles []picture.Style, err error) {
	for _, name := range strings.FieldsFunc(names, func(r rune) bool { return r == ',' }) {
		style, err := picture.ParseStyle(name)
		if err != nil {
			return nil, err
		}
		styles = append(styles, style)
	}
	return styles, nil
}

// A sample is a picture with what it shows.
type sample struct {
	answer string
	style  picture.Style
	png    []byte
}

func drawSet(styles []picture.Style, o options) ([]sample, error) {
	config := picture.Config{Width: o.width, Height: o.height, Scale: o.scale, Styles: styles}
	r, err := picture.New(config, picture.Alphabet, o.length)
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(o.seed, 0))
	set := make([]sample, o.n)
	for i := range set {
		answer := make([]byte, o.length)
		for j := range answer {
			answer[j] = picture.Alphabet[random.IntN(len(picture.Alphabet))]
		}
		var seed [32]byte
		for j := 0; j < len(seed); j += 8 {
			binary.LittleEndian.PutUint64(seed[j:], random.Uint64())
		}
		set[i] = sample{string(answer), r.Style(seed), r.Append(nil, string(answer), seed)}
	}
	return set, nil
}

func write(folder string, set []sample) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var answers strings.Builder
	for i, s := range set {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%05d.png", i)), s.png, 0o644); err != nil {
			return err
		}
		fmt.Fprintln(&answers, s.answer)
	}
	return os.WriteFile(filepath.Join(folder, "answers.txt"), []byte(answers.String()), 0o644)
}
