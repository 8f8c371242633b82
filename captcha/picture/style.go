package picture

import (
	"fmt"
	"strings"
)

// A Style is a way of drawing letters. The zero value is none of them.
type Style int

// The styles. A picture is drawn in one of those that Config.Styles names, chosen anew for each.
const (
	// Classic is the look of the libraries of old: separate letters, dots, arcs and a smoothing filter. It is the weakest.
	Classic Style = iota + 1
	// Solid letters stand on a plain ground.
	Solid
	// Hollow letters are outlines.
	Hollow
	// Striped letters are hatched.
	Striped
	// TwoTone letters change from dark to middling on the way.
	TwoTone
	// Split letters stand on broad bands of both colours and change theirs where a band ends.
	Split
	// Screen letters are solid, on a hatched ground.
	Screen
	// Relief letters show by their lit and shaded edges alone.
	Relief
	// Mixed letters are light or dark, solid or hollow, each for itself, on a middling ground.
	Mixed
)

// styleNames is in the order of the constants.
var styleNames = [...]string{"classic", "solid", "hollow", "striped", "two-tone", "split", "screen", "relief", "mixed"}

// Styles lists every style.
func Styles() []Style {
	all := make([]Style, len(styleNames))
	for i := range all {
		all[i] = Style(i + 1)
	}
	return all
}

// String is the name that ParseStyle accepts.
func (s Style) String() string {
	if s < 1 || int(s) > len(styleNames) {
		return fmt.Sprintf("Style(%d)", int(s))
	}
	return styleNames[s-1]
}

// ParseStyle finds a style by its name. Its error lists the names.
func ParseStyle(name string) (Style, error) {
	for i, known := range styleNames {
		if name == known {
			return Style(i + 1), nil
		}
	}
	return 0, fmt.Errorf("picture: unknown style %q; accepted: %s", name, strings.Join(styleNames[:], ", "))
}

// A recipe is what a style does. Lengths are in capital heights.
type recipe struct {
	letters     [][]layer // the ways to draw a letter, one chosen for each
	base        uint8     // ink of the ground
	ink, ground tone
	split       bool    // the ground is dark where letters are light
	overlap     float32 // how far neighbours may run into each other
	warp        float32 // how far the global warp moves a point
	shear       float32 // greatest horizontal shear
	larger      float32 // a letter is up to this share larger than the font size,
	smaller     float32 // or up to this share smaller
	weight      float32 // strokes grow or shrink by up to this, on each side
	reverse     bool    // half of the pictures are light on dark, unless a colour is set
	noise       []Noise
	filters     []Filter
}

// A layer is one outline of a letter. Where the sum of a letter's layers is positive there is ink, and where it is negative ink is
// taken away.
type layer struct {
	sign  int32   // +1 adds, -1 cuts away
	grow  float32 // how much heavier than the font's outline
	shift float32 // to the right and down
}

var (
	solid  = []layer{{sign: 1}}
	heavy  = []layer{{sign: 1, grow: 0.025}}
	hollow = []layer{{sign: 1, grow: 0.05}, {sign: -1, grow: -0.035}}
	relief = []layer{{sign: 1, shift: 0.04}, {sign: -1, shift: -0.04}}
)

// negative is the same letter in the other colour.
func negative(layers []layer) []layer {
	all := make([]layer, len(layers))
	for i, l := range layers {
		l.sign = -l.sign
		all[i] = l
	}
	return all
}

const middling = 128

// recipes are in the order of the styles.
func recipes() []recipe {
	plainly := recipe{letters: [][]layer{solid},
		overlap: 0.06, warp: 0.09, shear: 0.2, larger: 0.12, smaller: 0.12, weight: 0.015, reverse: true}
	with := func(change func(*recipe)) recipe {
		r := plainly
		change(&r)
		return r
	}
	return []recipe{
		{letters: [][]layer{solid}, overlap: -0.12,
			noise: []Noise{Arcs, Dots}, filters: []Filter{Smooth}},
		plainly,
		with(func(r *recipe) { r.letters = [][]layer{hollow} }),
		with(func(r *recipe) {
			r.letters = [][]layer{heavy}
			r.ink = tone{light: 110, dark: 255, period: 0.3}
			r.overlap = 0
		}),
		with(func(r *recipe) {
			r.letters = [][]layer{heavy}
			r.ink = tone{light: 120, dark: 255, period: 1.3}
		}),
		with(func(r *recipe) {
			r.ink = tone{light: 0, dark: 255, period: 2}
			r.split = true
		}),
		with(func(r *recipe) { r.ground = tone{light: 0, dark: 110, period: 0.3} }),
		with(func(r *recipe) {
			r.letters = [][]layer{relief, negative(relief)}
			r.base = middling
		}),
		with(func(r *recipe) {
			r.letters = [][]layer{solid, hollow, negative(solid), negative(hollow)}
			r.base = middling
		}),
	}
}
