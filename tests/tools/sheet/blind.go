package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	xdraw "golang.org/x/image/draw"
)

// A reading is a sheet to be read by somebody who has not seen the answers: every default style as often as the others, in no order, enlarged.
type reading struct {
	styles  []picture.Style
	config  picture.Config
	length  int
	n       int
	columns int
	enlarge int
}

// write draws the sheet, and the answers in a file of their own, a line each: where the picture stands, its style and its answer.
func (r reading) write(sheet, answers string, random *rand.Rand) error {
	order := make([]picture.Style, r.n)
	for i := range order {
		order[i] = r.styles[i%len(r.styles)]
	}
	random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	w, h := r.config.Width*r.enlarge, r.config.Height*r.enlarge
	scale := max(r.config.Scale, 1)
	rows := (r.n + r.columns - 1) / r.columns
	img := image.NewRGBA(image.Rect(0, 0, r.columns*(w+gap)+gap+header, rows*(h+gap)+gap))
	draw.Draw(img, img.Rect, image.NewUniform(color.Gray{0xdd}), image.Point{}, draw.Src)
	var list strings.Builder
	for i, s := range order {
		row, column := i/r.columns, i%r.columns
		if column == 0 {
			label(img, 4, gap+row*(h+gap)+h/2-8, fmt.Sprint(row+1))
		}
		config := r.config
		config.Styles = []picture.Style{s}
		renderer, err := picture.New(config, picture.Alphabet, r.length)
		if err != nil {
			return err
		}
		answer := text(random, r.length)
		drawn, err := png.Decode(bytes.NewReader(renderer.Append(nil, answer, seedOf(random))))
		if err != nil {
			return err
		}
		at := image.Rect(0, 0, w, h).Add(image.Pt(header+gap+column*(w+gap), gap+row*(h+gap)))
		xdraw.CatmullRom.Scale(img, at, drawn, image.Rect(0, 0, r.config.Width*scale, r.config.Height*scale), draw.Src, nil)
		fmt.Fprintln(&list, row+1, column+1, s, answer)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return err
	}
	if err := os.WriteFile(sheet, b.Bytes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(answers, []byte(list.String()), 0o600)
}

// defaults are the styles that a picture is drawn in when none are chosen.
func defaults() (styles []picture.Style) {
	for _, s := range picture.Styles() {
		if s != picture.Classic && s != picture.Solid {
			styles = append(styles, s)
		}
	}
	return styles
}

// judge compares what a reader wrote, answers with spaces between, in the sheet's order, with the file of answers.
func judge(answers, read string) error {
	list, err := os.ReadFile(answers)
	if err != nil {
		return err
	}
	given, err := os.ReadFile(read)
	if err != nil {
		return err
	}
	words := strings.Fields(strings.ToUpper(string(given)))
	lines := strings.Split(strings.TrimSpace(string(list)), "\n")
	if len(words) != len(lines) {
		return fmt.Errorf("%d readings of %d pictures", len(words), len(lines))
	}
	right, all := map[string]int{}, map[string]int{}
	for i, line := range lines {
		columns := strings.Fields(line)
		style, answer := columns[2], columns[3]
		for _, name := range []string{style, "all"} {
			all[name]++
			if words[i] == answer {
				right[name]++
			}
		}
		if words[i] != answer {
			fmt.Printf("row %s, picture %s, %s: %s read as %s\n", columns[0], columns[1], style, answer, words[i])
		}
	}
	for _, s := range append(defaults(), 0) {
		name := s.String()
		if s == 0 {
			name = "all"
		}
		if all[name] > 0 {
			fmt.Printf("%-10s %d of %d\n", name, right[name], all[name])
		}
	}
	return nil
}
