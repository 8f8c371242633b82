// Sheet draws samples of every style and size on one PNG, to look at:
//
//	go run ./tests/tools/sheet -out sheet.png
//
// With -reading it draws sheets for somebody to read who does not know the answers. They have 40 pictures each, in
// three sizes, and in mixed styles that are not named. The answers go to files of their own. With -judge it compares
// what was read with the answers in one of those files:
//
//	go run ./tests/tools/sheet -reading reading -keys reading-keys -each 200
//	go run ./tests/tools/sheet -key reading-keys/90x40.json -judge read.txt
package main

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"log"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

const (
	gap    = 8
	header = 18
)

func main() {
	out := flag.String("out", "sheet.png", "PNG file to write")
	seed := flag.Uint64("seed", 1, "seed for texts and pictures")
	perRow := flag.Int("columns", 8, "number of 90 x 40 pictures in a row")
	only := flag.String("only", "", "draw only the rows whose title begins with this")
	reading := flag.String("reading", "", "folder to write sheets to that somebody reads without the answers")
	keys := flag.String("keys", "reading-keys", "folder to write the answers to the sheets of -reading to")
	each := flag.Int("each", 200, "pictures of each style and size on the sheets of -reading")
	styles := flag.String("style", "", "styles on the sheets of -reading, with commas between; empty for the defaults")
	key := flag.String("key", "", "for -judge, file with the answers to the sheets of one size")
	read := flag.String("judge", "", "file with what somebody read, a line for each picture: sheet, cell, letters")
	flag.Parse()
	var err error
	switch {
	case *read != "":
		err = judge(*key, *read)
	case *reading != "":
		err = drawReadings(*reading, *keys, *styles, *each, *seed)
	default:
		err = run(*out, *only, *seed, *perRow)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func run(out, only string, seed uint64, perRow int) error {
	chosen := slices.DeleteFunc(bands(), func(b band) bool { return !strings.HasPrefix(b.title, only) })
	sheet, err := compose(chosen, rand.New(rand.NewPCG(seed, 0)), perRow)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, sheet); err != nil {
		return err
	}
	fmt.Println("writing", out)
	return os.WriteFile(out, b.Bytes(), 0o644)
}

// A band is one row of the sheet: what it shows and how.
type band struct {
	title  string
	config picture.Config
	length int
	width  int
}

func bands() []band {
	all := []band{{"default, 90 x 40", picture.Config{}, 4, 90}, {"default, 90 x 40", picture.Config{}, 4, 90},
		{"default, 240 x 80", picture.Config{Width: 240, Height: 80}, 6, 240},
		{"default, 90 x 40 at scale 2", picture.Config{Scale: 2}, 4, 180}}
	for _, s := range picture.Styles() {
		one := []picture.Style{s}
		all = append(all, band{s.String(), picture.Config{Styles: one}, 4, 90},
			band{s.String() + ", 240 x 80", picture.Config{Styles: one, Width: 240, Height: 80}, 6, 240})
	}
	return all
}

func compose(bands []band, random *rand.Rand, perRow int) (image.Image, error) {
	width := perRow*(90+gap) + gap
	height := gap
	for _, b := range bands {
		height += header + rowHeight(b) + gap
	}
	sheet := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(sheet, sheet.Rect, image.NewUniform(color.Gray{0xdd}), image.Point{}, draw.Src)
	y := gap
	for _, b := range bands {
		label(sheet, gap, y, b.title)
		y += header
		if err := b.draw(sheet, y, random); err != nil {
			return nil, err
		}
		y += rowHeight(b) + gap
	}
	return sheet, nil
}

func rowHeight(b band) int { return max(b.config.Height, 40) * max(b.config.Scale, 1) }

func (b band) draw(sheet draw.Image, y int, random *rand.Rand) error {
	r, err := picture.New(b.config, picture.Alphabet, b.length)
	if err != nil {
		return err
	}
	for x := gap; x+b.width <= sheet.Bounds().Dx(); x += b.width + gap {
		img, err := png.Decode(bytes.NewReader(r.Append(nil, text(random, b.length), seedOf(random))))
		if err != nil {
			return err
		}
		draw.Draw(sheet, img.Bounds().Add(image.Pt(x, y)), img, image.Point{}, draw.Over)
	}
	return nil
}

func text(random *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = picture.Alphabet[random.IntN(len(picture.Alphabet))]
	}
	return string(b)
}

func seedOf(random *rand.Rand) (seed [32]byte) {
	for i := 0; i < len(seed); i += 8 {
		binary.LittleEndian.PutUint64(seed[i:], random.Uint64())
	}
	return seed
}

func label(dst draw.Image, x, y int, s string) {
	d := font.Drawer{Dst: dst, Src: image.Black, Face: basicfont.Face7x13, Dot: fixed.P(x, y+12)}
	d.DrawString(s)
}
