package main

import (
	"fmt"
	"image"
	"image/color"
	"slices"

	"golang.org/x/image/draw"
)

// A preparation is what an attacker may do to a picture before it is read.
type preparation struct {
	scale int
	clean string // "", median, despeckle, opening, closing, blur
	cut   string // "", otsu, or a fixed threshold
	level uint8
	mode  string // tesseract's page segmentation: 7 a line, 8 a word, 13 a raw line
}

func (p preparation) String() string {
	s := fmt.Sprintf("%dx", p.scale)
	if p.clean != "" {
		s += " " + p.clean
	}
	if p.cut == "fixed" {
		s += fmt.Sprintf(" threshold %d", p.level)
	} else if p.cut != "" {
		s += " " + p.cut
	}
	return s + " psm " + p.mode
}

func preparations() []preparation {
	var all []preparation
	for scale := 1; scale <= 4; scale++ {
		all = append(all, preparation{scale: scale, mode: "7"},
			preparation{scale: scale, cut: "otsu", mode: "7"},
			preparation{scale: scale, cut: "fixed", level: 128, mode: "7"})
	}
	for _, level := range []uint8{64, 96, 160, 200} {
		all = append(all, preparation{scale: 3, cut: "fixed", level: level, mode: "8"})
	}
	for _, mode := range []string{"8", "13"} {
		all = append(all, preparation{scale: 2, cut: "otsu", mode: mode}, preparation{scale: 3, mode: mode})
	}
	for _, clean := range []string{"median", "despeckle", "opening", "closing", "blur"} {
		all = append(all, preparation{scale: 3, clean: clean, cut: "otsu", mode: "7"})
	}
	return all
}

func (p preparation) prepare(img *image.Gray) *image.Gray {
	switch p.clean {
	case "median":
		img = around(img, func(near []uint8) uint8 { slices.Sort(near); return near[4] })
	case "despeckle":
		img = around(img, despeckle)
	case "opening": // of dark strokes on light: thin lines go
		img = around(around(img, slices.Max[[]uint8]), slices.Min[[]uint8])
	case "closing":
		img = around(around(img, slices.Min[[]uint8]), slices.Max[[]uint8])
	case "blur":
		img = around(img, mean)
	}
	img = enlarge(img, p.scale)
	switch p.cut {
	case "otsu":
		img = threshold(img, otsu(img))
	case "fixed":
		img = threshold(img, p.level)
	}
	return margin(img, 12)
}

func gray(img image.Image) *image.Gray {
	g := image.NewGray(img.Bounds())
	draw.Draw(g, g.Rect, img, image.Point{}, draw.Src)
	return g
}

// darkOnLight turns pictures over whose border is dark.
func darkOnLight(g *image.Gray) *image.Gray {
	var sum, n int
	w, h := g.Rect.Dx(), g.Rect.Dy()
	for x := range w {
		sum, n = sum+int(g.GrayAt(x, 0).Y)+int(g.GrayAt(x, h-1).Y), n+2
	}
	if sum >= 128*n {
		return g
	}
	for i := range g.Pix {
		g.Pix[i] = ^g.Pix[i]
	}
	return g
}

func enlarge(g *image.Gray, scale int) *image.Gray {
	if scale == 1 {
		return g
	}
	out := image.NewGray(image.Rect(0, 0, g.Rect.Dx()*scale, g.Rect.Dy()*scale))
	draw.CatmullRom.Scale(out, out.Rect, g, g.Rect, draw.Src, nil)
	return out
}

func threshold(g *image.Gray, level uint8) *image.Gray {
	out := image.NewGray(g.Rect)
	for i, v := range g.Pix {
		if v > level {
			out.Pix[i] = 255
		}
	}
	return out
}

// otsu is the threshold that parts the levels into the two most different groups.
func otsu(g *image.Gray) uint8 {
	var counts [256]float64
	var total, sum float64
	for _, v := range g.Pix {
		counts[v]++
		total++
		sum += float64(v)
	}
	var best, below, sumBelow float64
	level := 0
	for i, n := range counts {
		below += n
		sumBelow += n * float64(i)
		if below == 0 || below == total {
			continue
		}
		d := sumBelow/below - (sum-sumBelow)/(total-below)
		if between := below * (total - below) * d * d; between > best {
			best, level = between, i
		}
	}
	return uint8(level)
}

func margin(g *image.Gray, n int) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, g.Rect.Dx()+2*n, g.Rect.Dy()+2*n))
	draw.Draw(out, out.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(out, g.Rect.Add(image.Pt(n, n)), g, image.Point{}, draw.Src)
	return out
}

// around replaces each pixel by a function of the nine at and around it, itself in the middle. The border repeats outwards.
func around(g *image.Gray, f func(near []uint8) uint8) *image.Gray {
	out := image.NewGray(g.Rect)
	w, h := g.Rect.Dx(), g.Rect.Dy()
	near := make([]uint8, 9)
	for y := range h {
		for x := range w {
			near = near[:0]
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					near = append(near, g.Pix[min(max(y+dy, 0), h-1)*g.Stride+min(max(x+dx, 0), w-1)])
				}
			}
			out.Pix[y*out.Stride+x] = f(near)
		}
	}
	return out
}

// despeckle lightens a pixel that is darker than all but one of its neighbours.
func despeckle(near []uint8) uint8 {
	centre := near[4]
	darker := 0
	for i, v := range near {
		if i != 4 && v <= centre+40 {
			darker++
		}
	}
	if darker <= 1 {
		return 255
	}
	return centre
}

func mean(near []uint8) uint8 {
	sum := 0
	for _, v := range near {
		sum += int(v)
	}
	return uint8(sum / len(near))
}
