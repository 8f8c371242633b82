package picture

import (
	"fmt"
	"image"
	"strings"
)

// A Filter changes letters and noise in place. The image is like that of Noise.
type Filter func(ink *image.Alpha)

var filters = []struct {
	name  string
	apply Filter
}{{"smooth", Smooth}, {"sharpen", Sharpen}, {"thicken", Thicken}}

// FilterNames lists the names that ParseFilter accepts.
func FilterNames() []string {
	names := make([]string, len(filters))
	for i, f := range filters {
		names[i] = f.name
	}
	return names
}

// ParseFilter finds one of this package's filters by its name: "smooth" is Smooth. Its error lists the names.
func ParseFilter(name string) (Filter, error) {
	for _, f := range filters {
		if f.name == name {
			return f.apply, nil
		}
	}
	return nil, fmt.Errorf("picture: unknown filter %q; accepted: %s", name, strings.Join(FilterNames(), ", "))
}

// Smooth softens edges: each pixel becomes the mean of its neighbours, itself counted five times.
func Smooth(ink *image.Alpha) {
	neighbours(ink, func(centre, sum, _ int) int { return (4*centre + sum + 6) / 13 })
}

// Sharpen makes edges harder.
func Sharpen(ink *image.Alpha) {
	neighbours(ink, func(centre, sum, _ int) int { return (32*centre - 2*(sum-centre) + 8) / 16 })
}

// Thicken makes strokes a pixel heavier.
func Thicken(ink *image.Alpha) {
	neighbours(ink, func(_, _, greatest int) int { return greatest })
}

// neighbours replaces each pixel by a function of itself, and of the sum and the greatest of the nine pixels at and
// around it. Beyond the border there is bare ground.
func neighbours(ink *image.Alpha, f func(centre, sum, greatest int) int) {
	w, h := ink.Rect.Dx(), ink.Rect.Dy()
	rows := make([]uint8, 3*w)
	above, here, below := rows[:w], rows[w:2*w], rows[2*w:]
	columns := make([]struct{ sum, greatest int }, w+2) // of three pixels
	copy(below, ink.Pix[:w])
	for y := range h {
		above, here, below = here, below, above
		clear(below)
		if y+1 < h {
			copy(below, ink.Pix[(y+1)*ink.Stride:][:w])
		}
		for x, v := range here {
			a, b := above[x], below[x]
			columns[x+1].sum, columns[x+1].greatest = int(a)+int(v)+int(b), int(max(a, v, b))
		}
		row := ink.Pix[y*ink.Stride:][:w]
		for x, v := range here {
			left, middle, right := columns[x], columns[x+1], columns[x+2]
			row[x] = uint8(min(max(f(int(v), left.sum+middle.sum+right.sum, max(left.greatest, middle.greatest, right.greatest)), 0), 255))
		}
	}
}
