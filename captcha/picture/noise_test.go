package picture_test

import (
	"image"
	"math/rand/v2"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

// counted counts what is drawn from a source.
type counted struct {
	rand.Source
	n int
}

func (c *counted) Uint64() uint64 {
	c.n++
	return c.Source.Uint64()
}

// Every mark of a noise is drawn with random numbers of its own for all of its place: none is another one moved, turned
// or mirrored.
func TestEachMarkIsDrawnByItself(t *testing.T) {
	const width, height = 180, 80
	for _, row := range []struct {
		name         string
		draw         picture.Noise
		marks, draws int // and draws for each
	}{
		{"dots", picture.Dots, width * height / (36 * 2 * 2), 2},
		{"arcs", picture.Arcs, 2, 3},
		{"lines", picture.Lines, 3, 4},
	} {
		ink := image.NewAlpha(image.Rect(0, 0, width, height))
		source := &counted{Source: rand.NewPCG(1, 2)}
		row.draw(ink, rand.New(source))
		if source.n < row.marks*row.draws {
			t.Errorf("%s: %d numbers are drawn for %d marks that need %d each", row.name, source.n, row.marks, row.draws)
		}
	}
}

// Dots that are laid upon themselves, shifted or mirrored, meet no more often than by chance.
func TestDotsAreUnlikeTheirImages(t *testing.T) {
	const width, height = 180, 80
	ink := image.NewAlpha(image.Rect(0, 0, width, height))
	picture.Dots(ink, rand.New(rand.NewPCG(1, 2)))
	var dots []image.Point
	for y := range height {
		for x := range width {
			if ink.AlphaAt(x, y).A > 0 {
				dots = append(dots, image.Pt(x, y))
			}
		}
	}
	worst := 0
	for mirror := range 4 {
		for dy := -height; dy <= height; dy++ {
			for dx := -width; dx <= width; dx++ {
				if mirror == 0 && dx*dx+dy*dy < 16 {
					continue // dots are some pixels large
				}
				meet := 0
				for _, d := range dots {
					at := d
					if mirror&1 != 0 {
						at.X = width - 1 - at.X
					}
					if mirror&2 != 0 {
						at.Y = height - 1 - at.Y
					}
					if ink.AlphaAt(at.X+dx, at.Y+dy).A > 0 {
						meet++
					}
				}
				worst = max(worst, meet)
			}
		}
	}
	if worst > len(dots)/3 {
		t.Errorf("%d of %d pixels of dots meet others", worst, len(dots))
	}
}

// Two pictures of one renderer, which keeps its memory from one to the next, have no noise in common.
func TestNoiseIsNotThatOfThePictureBefore(t *testing.T) {
	c := picture.Config{Styles: []picture.Style{picture.Solid}, Noise: []picture.Noise{picture.Dots}}
	r := mustNew(t, c, picture.Alphabet, 1)
	const none = "?" // a sign that is not in the alphabet, so that there is noise alone
	first, second := mustDecode(t, r.Append(nil, none, [32]byte{1})), mustDecode(t, r.Append(nil, none, [32]byte{2}))
	both, one := 0, 0
	for i := range first.Pix {
		a, b := first.Pix[i] != first.Pix[0], second.Pix[i] != second.Pix[0]
		if a {
			one++
		}
		if a && b {
			both++
		}
	}
	if one < 20 || both > one/3 {
		t.Errorf("of %d pixels of dots %d are where the next picture has some", one, both)
	}
}
