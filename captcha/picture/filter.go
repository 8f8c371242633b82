package picture

import (
	"fmt"
	"image"
	"strings"
)

// A Filter changes letters and noise in place. The image is as in Noise.
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

// neighbours replaces each pixel by a function of itself, and of the sum and the greatest of the nine pixels around and at it.
// Beyond the border is bare ground.
func neighbours(ink *image.Alpha, f func(centre, sum, greatest int) int) {
	w, h := ink.Rect.Dx(), ink.Rect.Dy()
	rows := make([]uint8, 3*(w+2))
	above, here, below := rows[:w+2], rows[w+2:2*(w+2)], rows[2*(w+2):]
	copy(below[1:], ink.Pix[:w])
	for y := range h {
		above, here, below = here, below, above
		clear(below)
		if y+1 < h {
			copy(below[1:], ink.Pix[(y+1)*ink.Stride:][:w])
		}
		for x := range w {
			sum, greatest := 0, 0
			for _, row := range [...][]uint8{above[x : x+3], here[x : x+3], below[x : x+3]} {
				for _, v := range row {
					sum += int(v)
					greatest = max(greatest, int(v))
				}
			}
			ink.Pix[y*ink.Stride+x] = uint8(min(max(f(int(here[x+1]), sum, greatest), 0), 255))
		}
	}
}
