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
	stretch     float32 // letters are wider or narrower by up to this share
	taper       float32 // their heads wider than their feet, or narrower, by up to this share
	bow         float32 // and they bulge to a side by up to this
	rise        float32 // they stand higher or lower by up to this
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
	share int32   // of full coverage, in 256ths; negative cuts away
	grow  float32 // how much heavier than the font's outline
	shift float32 // towards where the light comes from
}

var (
	solid  = []layer{{share: 256}}
	heavy  = []layer{{share: 256, grow: 0.025}}
	hollow = []layer{{share: 256, grow: 0.05}, {share: -256, grow: -0.035}}
	rimmed = []layer{{share: -256, grow: 0.085}, {share: 512}}
	ringed = []layer{{share: 256, grow: 0.12}, {share: -256, grow: 0.07}, {share: 256}}
	shadow = []layer{{share: 110, shift: 0.14}, {share: 256}}
	relief = []layer{{share: 256, shift: 0.055}, {share: -256, shift: -0.055}}
)

// negative is the same letter in the other colour.
func negative(layers []layer) []layer {
	all := make([]layer, len(layers))
	for i, l := range layers {
		l.share = -l.share
		all[i] = l
	}
	return all
}

const middling = 128

// recipes are in the order of the styles. Each style has one or more ways, among which a picture chooses.
func recipes() [][]recipe {
	plainly := recipe{letters: [][]layer{solid}, overlap: -0.02, warp: 0.1, shear: 0.2, stretch: 0.2, taper: 0.25, bow: 0.28, rise: 0.14,
		larger: 0.2, smaller: 0.12, weight: 0.015, reverse: true}
	with := func(r recipe, change func(*recipe)) recipe {
		change(&r)
		return r
	}
	hollowed := func(r recipe) recipe {
		r.letters, r.overlap = [][]layer{hollow}, -0.02
		return r
	}
	classic := recipe{letters: [][]layer{solid}, overlap: -0.12, noise: []Noise{Arcs, Dots}, filters: []Filter{Smooth}}
	striped := with(plainly, func(r *recipe) {
		r.letters = [][]layer{heavy}
		r.ink = tone{120, 255, 0.32, 0.4}
		r.overlap = -0.05
	})
	cast := with(plainly, func(r *recipe) {
		r.letters = [][]layer{shadow}
		r.overlap = -0.03
	})
	rings := with(plainly, func(r *recipe) {
		r.letters = [][]layer{ringed}
		r.overlap = -0.1
	})
	twoTone := with(plainly, func(r *recipe) {
		r.letters = [][]layer{heavy}
		r.ink = tone{130, 255, 1.3, 0.15}
		r.overlap = -0.03
	})
	split := with(plainly, func(r *recipe) {
		r.ink = tone{0, 255, 2, 0.15}
		r.split = true
	})
	screen := with(plainly, func(r *recipe) { r.ground = tone{0, 110, 0.3, 0.4} })
	bands := with(plainly, func(r *recipe) { r.ground = tone{0, 120, 1.6, 0.15} })
	raised := with(plainly, func(r *recipe) {
		r.letters = [][]layer{relief}
		r.base, r.overlap = middling, -0.05
	})
	mixed := with(raised, func(r *recipe) {
		r.letters = [][]layer{solid, hollow, rimmed, relief, negative(solid), negative(hollow), negative(rimmed)}
		r.overlap = 0
	})
	onBands := func(r *recipe) { r.ground = tone{0, 60, 1.8, 0.15} }
	return [][]recipe{
		{classic},
		{plainly, cast},
		{hollowed(plainly), rings},
		{striped},
		{twoTone},
		{split},
		{screen, bands, hollowed(bands)},
		{raised, with(raised, onBands)},
		{mixed, with(mixed, onBands)},
	}
}
