package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/measure"
	xdraw "golang.org/x/image/draw"
)

// A reading is a set of pictures of one size, for somebody to read who has not seen the answers. Every default style
// comes as often as the others, in random order. The pictures are enlarged and have numbers.
type reading struct {
	name    string
	config  picture.Config
	length  int
	enlarge float64 // of CSS pixels
	columns int
}

// readings are the sizes that a captcha has: the default, that of a larger picture, and that of the form field.
var readings = []reading{
	{"90x40", picture.Config{}, 4, 3, 5},
	{"240x80", picture.Config{Width: 240, Height: 80}, 6, 1, 5},
	{"180x64", picture.Config{Width: 180, Height: 64, Scale: 2}, 4, 1.5, 5},
}

// perSheet is how many pictures are on a sheet.
const perSheet = 40

// A cell is what one picture shows.
type cell struct {
	Sheet  int    `json:"sheet"`
	Cell   int    `json:"cell"`
	Style  string `json:"style"`
	Answer string `json:"answer"`
}

// drawReadings draws the sheets into a folder for each size. It writes their answers into another folder, with a file
// for each size.
func drawReadings(folder, keys, names string, each int, seed uint64) error {
	styles, err := parseStyles(names)
	if err != nil {
		return err
	}
	for i, r := range readings {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		key, err := r.draw(filepath.Join(folder, r.name), styles, each, random)
		if err != nil {
			return err
		}
		list, err := json.MarshalIndent(key, "", " ")
		if err != nil {
			return err
		}
		if err := os.MkdirAll(keys, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(keys, r.name+".json"), list, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (r reading) draw(folder string, styles []picture.Style, each int, random *rand.Rand) (key []cell, err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	renderers := make([]*picture.Renderer, len(styles))
	for i, s := range styles {
		config := r.config
		config.Styles = []picture.Style{s}
		if renderers[i], err = picture.New(config, picture.Alphabet, r.length); err != nil {
			return nil, err
		}
	}
	order := make([]int, each*len(styles))
	for i := range order {
		order[i] = i % len(styles)
	}
	random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for sheet := 1; len(order) > 0; sheet++ {
		on := order[:min(perSheet, len(order))]
		order = order[len(on):]
		var pictures []image.Image
		for i, s := range on {
			answer := text(random, r.length)
			img, err := png.Decode(bytes.NewReader(renderers[s].Append(nil, answer, seedOf(random))))
			if err != nil {
				return nil, err
			}
			pictures = append(pictures, img)
			key = append(key, cell{sheet, i + 1, styles[s].String(), answer})
		}
		var b bytes.Buffer
		if err := png.Encode(&b, r.sheet(pictures)); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("sheet%02d.png", sheet)), b.Bytes(), 0o644); err != nil {
			return nil, err
		}
	}
	return key, nil
}

func (r reading) sheet(pictures []image.Image) image.Image {
	width, height := cmp.Or(r.config.Width, 90), cmp.Or(r.config.Height, 40)
	w, h := int(float64(width)*r.enlarge), int(float64(height)*r.enlarge)
	rows := (len(pictures) + r.columns - 1) / r.columns
	sheet := image.NewRGBA(image.Rect(0, 0, r.columns*(w+gap)+gap, rows*(h+gap+header)+gap))
	draw.Draw(sheet, sheet.Rect, image.NewUniform(color.Gray{0xdd}), image.Point{}, draw.Src)
	for i, img := range pictures {
		x, y := gap+i%r.columns*(w+gap), gap+i/r.columns*(h+gap+header)
		label(sheet, x, y, strconv.Itoa(i+1))
		xdraw.CatmullRom.Scale(sheet, image.Rect(0, 0, w, h).Add(image.Pt(x, y+header)), img, img.Bounds(), draw.Src, nil)
	}
	return sheet
}

// defaults are the styles that a picture is drawn in when none are chosen.
func defaults() (styles []picture.Style) {
	for _, s := range picture.Styles() {
		if s != picture.Classic && s != picture.Solid && s != picture.Striped && s != picture.TwoTone {
			styles = append(styles, s)
		}
	}
	return styles
}

func parseStyles(names string) (styles []picture.Style, err error) {
	if names == "" {
		return defaults(), nil
	}
	for name := range strings.SplitSeq(names, ",") {
		style, err := picture.ParseStyle(name)
		if err != nil {
			return nil, err
		}
		styles = append(styles, style)
	}
	return styles, nil
}

// judge compares what somebody read with what the pictures show. Each line of the reading has sheet, cell and letters.
// For each style it prints how many of the pictures that were read are right, with the interval that holds the true
// rate with a probability of 95 %.
func judge(key, read string) error {
	list, err := os.ReadFile(key)
	if err != nil {
		return err
	}
	var cells []cell
	if err := json.Unmarshal(list, &cells); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	given, err := os.ReadFile(read)
	if err != nil {
		return err
	}
	words, err := readWords(string(given))
	if err != nil {
		return fmt.Errorf("%s: %w", read, err)
	}
	right, all := map[string]int{}, map[string]int{}
	for _, c := range cells {
		word, ok := words[[2]int{c.Sheet, c.Cell}]
		if !ok {
			continue
		}
		for _, name := range []string{c.Style, "all"} {
			all[name]++
			if word == c.Answer {
				right[name]++
			}
		}
		if word != c.Answer {
			fmt.Printf("sheet %d, picture %d, %s: %s read as %s\n", c.Sheet, c.Cell, c.Style, c.Answer, word)
		}
	}
	names := []string{"all"}
	for _, s := range defaults() {
		names = append(names, s.String())
	}
	for _, name := range names {
		if all[name] == 0 {
			continue
		}
		low, high := measure.Wilson(right[name], all[name])
		fmt.Printf("%-9s %4d of %4d  %5.1f %%  (%.1f to %.1f)\n", name, right[name], all[name],
			100*float64(right[name])/float64(all[name]), 100*low, 100*high)
	}
	return nil
}

// readWords takes lines like "12 3 K5RW" apart. A picture without letters was not read; of two lines about one picture
// the last counts.
func readWords(given string) (map[[2]int]string, error) {
	words := map[[2]int]string{}
	for i, line := range strings.Split(given, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		var at [2]int
		if _, err := fmt.Sscan(line, &at[0], &at[1]); err != nil {
			return nil, fmt.Errorf("line %d is %q; accepted: sheet, cell and letters, as in \"12 3 K5RW\"", i+1, line)
		}
		words[at] = strings.ToUpper(strings.Join(strings.Fields(line)[2:], ""))
	}
	return words, nil
}
