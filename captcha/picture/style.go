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
	// TwoTone letters change their tone on the way.
	TwoTone
	// Split letters stand on a ground of two tones and change theirs where it changes.
	Split
)

// styleNames is in the order of the constants.
var styleNames = [...]string{"classic", "solid", "hollow", "striped", "two-tone", "split"}

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
	layers      []layer
	ink, ground tone
	overlap     float32 // how far neighbours may run into each other
	warp        float32 // how far the global warp moves a point
	shear       float32 // greatest horizontal shear
	sizes       float32 // letters shrink by up to this share
	weight      float32 // strokes grow or shrink by up to this, on each side
	reverse     bool    // half of the pictures are light on dark, unless a colour is set
	noise       []Noise
	filters     []Filter
}

// A layer is one outline of a letter: the sum of its layers' coverage is its ink.
type layer struct {
	grow float32 // how much heavier than the font's outline
	sign float32 // +1 adds, -1 cuts away
}

var solidLayers = []layer{{0, 1}}

func recipes() []recipe {
	base := recipe{layers: solidLayers, ink: plain(255), ground: plain(0),
		overlap: 0.06, warp: 0.09, shear: 0.2, sizes: 0.2, weight: 0.015, reverse: true}

	classic := recipe{layers: solidLayers, ink: plain(255), ground: plain(0), overlap: -0.12,
		noise: []Noise{Arcs, Dots}, filters: []Filter{Smooth}}

	hollow := base
	hollow.layers = []layer{{0.05, 1}, {-0.03, -1}}

	striped := base
	striped.ink = tone{kind: stripes, light: 90, dark: 255, period: 0.26}

	twoTone := base
	twoTone.ink = tone{kind: stripes, light: 110, dark: 255, period: 1.3}

	split := base
	split.ink = tone{kind: stripes, light: 0, dark: 255, period: 2}
	split.ground = tone{kind: opposite}

	return []recipe{classic, base, hollow, striped, twoTone, split}
}
