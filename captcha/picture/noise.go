package picture

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"strings"
)

// Noise draws over the letters. The image holds ink, from 0 for bare ground to 255 for full ink, in device pixels, with
// the top left corner at 0, 0. The random source is the picture's own, so that the same seed draws the same noise. A
// Noise may be called for several pictures at once.
type Noise func(ink *image.Alpha, random *rand.Rand)

var noises = []struct {
	name string
	draw Noise
}{{"dots", Dots}, {"arcs", Arcs}, {"lines", Lines}}

// NoiseNames lists the names that ParseNoise accepts.
func NoiseNames() []string {
	names := make([]string, len(noises))
	for i, n := range noises {
		names[i] = n.name
	}
	return names
}

// ParseNoise finds one of this package's noises by its name: "dots" is Dots. Its error lists the names.
func ParseNoise(name string) (Noise, error) {
	for _, n := range noises {
		if n.name == name {
			return n.draw, nil
		}
	}
	return nil, fmt.Errorf("picture: unknown noise %q; accepted: %s", name, strings.Join(NoiseNames(), ", "))
}

// Dots sprinkles small dots. In a picture 40 pixels high there is one for every 36 square pixels.
func Dots(ink *image.Alpha, random *rand.Rand) {
	w, h := ink.Rect.Dx(), ink.Rect.Dy()
	side := max(1, (h+20)/40)
	for range w * h / (36 * side * side) {
		x, y := random.IntN(w), random.IntN(h)
		for dy := range min(side, h-y) {
			for dx := range min(side, w-x) {
				ink.Pix[(y+dy)*ink.Stride+x+dx] = 255
			}
		}
	}
}

// Arcs draws two thin arcs from side to side.
func Arcs(ink *image.Alpha, random *rand.Rand) {
	w, h := float64(ink.Rect.Dx()), float64(ink.Rect.Dy())
	for range 2 {
		left, right := h*random.Float64(), h*random.Float64()
		bend := h * (random.Float64() - 0.5)
		for x := 0.0; x < w; x += 0.5 {
			t := x / w
			plot(ink, x, left+(right-left)*t+bend*4*t*(1-t), h/40)
		}
	}
}

// Lines draws three thin straight lines.
func Lines(ink *image.Alpha, random *rand.Rand) {
	w, h := float64(ink.Rect.Dx()), float64(ink.Rect.Dy())
	for range 3 {
		x, y := w*random.Float64(), h*random.Float64()
		sin, cos := math.Sincos(2 * math.Pi * random.Float64())
		length := h * (0.5 + random.Float64())
		for t := 0.0; t < length; t += 0.5 {
			plot(ink, x+t*cos, y+t*sin, h/40)
		}
	}
}

// plot inks a square of the given side around x, y, as far as it is inside the picture.
func plot(ink *image.Alpha, x, y, side float64) {
	side = max(side, 1)
	x0, y0 := int(math.Floor(x-side/2+0.5)), int(math.Floor(y-side/2+0.5))
	n := int(side + 0.5)
	for py := max(y0, 0); py < min(y0+n, ink.Rect.Dy()); py++ {
		for px := max(x0, 0); px < min(x0+n, ink.Rect.Dx()); px++ {
			ink.Pix[py*ink.Stride+px] = 255
		}
	}
}
