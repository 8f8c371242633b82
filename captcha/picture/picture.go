// Package picture draws short texts, as PNG, that people read easily and machines read with effort.
//
// Letters are drawn from the outlines of TrueType and OpenType fonts. An outline is turned, sheared, resized, set close
// to its neighbours and bent with the whole text, by moving the corners of polygons that follow it. Then it is filled
// once, anti-aliased. One pass turns the result into the picture's tones, 16 levels between the background and the
// foreground colour.
//
// A picture follows from its text and its seed alone: the same seed gives the same bytes. So a seed must be random, and
// as secret as the text. Never derive it from something public.
package picture

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"sync"

	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// A Renderer draws pictures with one set of settings. Any number of goroutines may use it at once.
type Renderer struct {
	config    Config
	glyphs    map[rune][]*glyph
	outlines  map[rune][]func() *outline // of glyphs, each made when first used
	styles    [][]*style                 // the recipes of each
	alphabet  []rune
	maxLength int
	size      float64 // of capitals, in CSS pixels
	cell      float64 // mean letter width, in capital heights
	palette   [levels]color.NRGBA
	reverse   bool
	canvases  sync.Pool
	writers   []*pngWriter // by number of letters
}

// New prepares a renderer for texts of at most maxLength letters of alphabet. Its error is a [setting.Error], or
// several joined. An error about one of the last two arguments has the field Alphabet or MaxLength.
func New(config Config, alphabet string, maxLength int) (*Renderer, error) {
	runes, err := letters(alphabet)
	if err != nil {
		return nil, err
	}
	return prepare(config, maxLength, func(r *Renderer) error { return r.readFonts(runes) })
}

// With prepares a renderer with other settings for the same letters. The fonts stay the same, whatever config says.
// They are not read again, which is most of the cost of New.
func (r *Renderer) With(config Config, maxLength int) (*Renderer, error) {
	config.Fonts = r.config.Fonts
	return prepare(config, maxLength, func(n *Renderer) error {
		n.alphabet, n.glyphs, n.cell = r.alphabet, r.glyphs, r.cell
		return nil
	})
}

// prepare checks the settings, and works out all that does not depend on the text.
func prepare(config Config, maxLength int, setGlyphs func(*Renderer) error) (*Renderer, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	if maxLength < 1 || maxLength > MaxLength {
		return nil, setting.Refuse("MaxLength", maxLength, "1 to %d letters", MaxLength)
	}
	r := &Renderer{config: config, maxLength: maxLength}
	if err := setGlyphs(r); err != nil {
		return nil, err
	}
	if err := r.chooseSize(); err != nil {
		return nil, err
	}
	r.outlines = make(map[rune][]func() *outline)
	for letter, glyphs := range r.glyphs {
		for _, g := range glyphs {
			r.outlines[letter] = append(r.outlines[letter], sync.OnceValue(func() *outline { return g.outline(float32(r.size) * float32(config.Scale)) }))
		}
	}
	all := recipes()
	for _, s := range config.Styles {
		var ways []*style
		for _, recipe := range all[s-1] {
			ways = append(ways, newStyle(r, recipe))
		}
		r.styles = append(r.styles, ways)
	}
	r.choosePalette()
	for n := range maxLength + 1 {
		width, height := r.deviceSize(n)
		r.writers = append(r.writers, newPNGWriter(width, height, r.palette))
	}
	r.canvases.New = func() any { return newCanvas() }
	return r, nil
}

func (r *Renderer) readFonts(alphabet []rune) error {
	fonts := r.config.Fonts
	if len(fonts) == 0 {
		fonts = embeddedFonts()
	}
	r.alphabet, r.glyphs = alphabet, make(map[rune][]*glyph)
	for i, data := range fonts {
		face, err := newTypeface(data, alphabet)
		if err != nil {
			return inFont(i, err)
		}
		for letter, g := range face {
			r.glyphs[letter] = append(r.glyphs[letter], g)
		}
	}
	var lacking []rune
	var width float64
	for _, letter := range alphabet {
		all := r.glyphs[letter]
		if len(all) == 0 {
			lacking = append(lacking, letter)
		}
		for _, g := range all {
			width += float64(g.width) / float64(len(all)*len(alphabet))
		}
	}
	if len(lacking) > 0 {
		return setting.Refuse("Alphabet", string(r.alphabet), "an alphabet that the fonts can draw; no font has %q", string(lacking))
	}
	r.cell = max(width, 0.3)
	return nil
}

// inFont adds the setting's name to the error with which a font was refused.
func inFont(i int, err error) error {
	if refused, ok := err.(*setting.Error); ok {
		return &setting.Error{Field: fmt.Sprintf("Fonts[%d]", i), Value: refused.Value, Accepted: refused.Accepted}
	}
	return err
}

// How text of the default size is fitted into a picture, so that there is room for turning and bending: the letters'
// share of the height, and the width as a multiple of that of upright letters.
const (
	heightShare = 22.0 / 40
	widthShare  = 1.12
	fitMargin   = 0.4 // beside the text in a picture as wide as the text needs, in capital heights
)

// chooseSize decides how large the letters are, or how large the picture is.
func (r *Renderer) chooseSize() error {
	c := &r.config
	across := r.cell * widthShare * float64(r.maxLength)
	r.size = c.FontSize
	if r.size == 0 {
		r.size = 22
		switch {
		case c.Height != Fit && c.Width != Fit:
			r.size = min(float64(c.Height)*heightShare, float64(c.Width)/across)
		case c.Height != Fit:
			r.size = float64(c.Height) * heightShare
		case c.Width != Fit:
			r.size = float64(c.Width) / across
		}
	}
	if c.Height != Fit && c.FontSize == 0 && float64(c.Height)*heightShare < minFont {
		return setting.Refuse("Height", c.Height, "%d or more, in which letters are %d pixels high, or Fit", atLeast(minFont/heightShare), minFont)
	}
	// If the size was computed from the width, their product is the width again, except for rounding.
	if need := atLeast(across * max(r.size, minFont)); c.Width != Fit && c.Width < need {
		return r.refuseLength(c.Width, max(r.size, minFont), need)
	}
	if need := atLeast(1.2 * r.size); c.Height != Fit && c.Height < need {
		return setting.Refuse("Height", c.Height, "%d or more for FontSize %v, or Fit", need, r.size)
	}
	w, h := r.sizeOf(r.maxLength)
	if h > MaxSize {
		return setting.Refuse("FontSize", r.size, "%v or less, for which a picture %d pixels high is enough", float64(MaxSize)*heightShare, MaxSize)
	}
	if w > MaxSize {
		return r.refuseLength(MaxSize, r.size, w)
	}
	return nil
}

func atLeast(pixels float64) int { return int(math.Ceil(pixels - 1e-6)) }

// refuseLength returns an error that says for how many letters there is room, and how wide the picture would have to be
// for this many.
func (r *Renderer) refuseLength(width int, size float64, need int) error {
	room := float64(width) / size
	if r.config.Width == Fit {
		room -= fitMargin
	}
	fits := int(room / (r.cell * widthShare))
	if fits < 1 {
		return setting.Refuse("Width", width, "%d or more for %d letters %v pixels high, or Fit", need, r.maxLength, size)
	}
	accepted := fmt.Sprintf("1 to %d letters %v pixels high in a Width of %d", fits, size, width)
	if fits == 1 {
		accepted = fmt.Sprintf("1 letter %v pixels high in a Width of %d", size, width)
	}
	if need <= MaxSize {
		accepted += fmt.Sprintf(", or a Width of %d or more", need)
	}
	if r.config.FontSize > minFont {
		accepted += ", or a smaller FontSize"
	}
	return setting.Refuse("MaxLength", r.maxLength, "%s", accepted)
}

// Size returns the width and height of a text's picture in CSS pixels, as an HTML img element needs them, whatever
// Scale is. They depend only on the number of letters.
func (r *Renderer) Size(text string) (width, height int) {
	return r.sizeOf(min(len([]rune(text)), r.maxLength))
}

func (r *Renderer) sizeOf(n int) (width, height int) {
	width, height = r.config.Width, r.config.Height
	if width == Fit {
		width = int(math.Ceil(r.size * (r.cell*widthShare*float64(max(n, 1)) + fitMargin)))
	}
	if height == Fit {
		height = int(math.Ceil(r.size / heightShare))
	}
	return width, height
}

func (r *Renderer) deviceSize(n int) (width, height int) {
	width, height = r.sizeOf(n)
	return width * r.config.Scale, height * r.config.Scale
}

// choosePalette makes a ramp from the background to the foreground colour. With a transparent background only the alpha
// changes.
func (r *Renderer) choosePalette() {
	ink, ground := colours(r.config.Foreground, r.config.Background)
	r.reverse = r.config.Foreground == nil && r.config.Background == nil
	for i := range r.palette {
		mix := func(from, to uint8) uint8 {
			return uint8((int(from)*(levels-1-i) + int(to)*i + (levels-1)/2) / (levels - 1))
		}
		c := color.NRGBA{mix(ground.R, ink.R), mix(ground.G, ink.G), mix(ground.B, ink.B), mix(ground.A, ink.A)}
		if ground.A == 0 {
			c.R, c.G, c.B = ink.R, ink.G, ink.B
		}
		r.palette[i] = c
	}
}

// Append draws a text and appends the picture, a PNG, to dst. Letters that are not in the alphabet, or beyond the
// renderer's maxLength, are left out.
func (r *Renderer) Append(dst []byte, text string, seed [32]byte) []byte {
	c := r.canvases.Get().(*canvas)
	defer r.canvases.Put(c)
	c.source.Seed(seed)
	ways := r.styles[r.chooseStyle(c)]
	style := ways[c.random.IntN(len(ways))]
	polarity := 0
	if r.reverse && style.reverse && c.random.IntN(2) == 0 {
		polarity = 1
	}
	n := r.draw(c, text, style)
	c.paint(style, polarity)
	c.png = r.writers[n].append(c.png[:0], c.levels, style.codes[polarity]())
	return append(dst, c.png...)
}

// chooseStyle is the first thing that a seed decides.
func (r *Renderer) chooseStyle(c *canvas) int { return c.random.IntN(len(r.styles)) }

// Style returns the style in which Append draws with this seed, so that an app can learn how its visitors fare with
// each style. It takes a small part of the time that drawing the picture takes.
func (r *Renderer) Style(seed [32]byte) Style {
	c := r.canvases.Get().(*canvas)
	defer r.canvases.Put(c)
	c.source.Seed(seed)
	return r.config.Styles[r.chooseStyle(c)]
}

// draw puts the letters into the canvas's filler, and returns how many letters wide the picture is.
func (r *Renderer) draw(c *canvas, text string, style *style) (n int) {
	c.text = c.text[:0]
	for _, letter := range text {
		if n == r.maxLength {
			break
		}
		n++
		if fonts := r.outlines[letter]; len(fonts) > 0 {
			c.text = append(c.text, fonts[c.random.IntN(len(fonts))]())
		}
	}
	width, height := r.deviceSize(n)
	c.capital = float32(r.size) * float32(r.config.Scale) * (1 - style.shapes.shrink*c.random.Float32())
	c.margin = min(1.5*float32(r.config.Scale), float32(height)/16)
	c.resize(width, height, len(c.text))
	if len(c.text) > 0 {
		c.place(c.text, &style.recipe, r)
	}
	for i := range c.letters {
		c.fillLetter(&c.letters[i], style.base)
	}
	c.change(style)
	return n
}

// A style is a recipe and what is needed to draw it in either polarity: as the recipe says, or with the colours
// swapped.
type style struct {
	recipe
	shades [2]func() *shade
	codes  [2]func() *huffman // which compress what it draws
}

// newStyle does not make the shades and codes: they are made when first used, because a renderer that draws one picture
// needs those of one style only.
func newStyle(r *Renderer, recipe recipe) *style {
	if r.config.Noise != nil {
		recipe.noise = r.config.Noise
	}
	if r.config.Filters != nil {
		recipe.filters = r.config.Filters
	}
	s := &style{recipe: recipe}
	capital := float32(r.size) * float32(r.config.Scale) * (1 - s.shapes.shrink/2)
	s.shades[0] = sync.OnceValue(func() *shade { return newShade(&s.stripes, s.base, capital) })
	s.shades[1] = sync.OnceValue(func() *shade { return s.shades[0]().opposite() })
	counts := sync.OnceValue(func() [256]int { return r.countBytes(s) })
	s.codes[0] = sync.OnceValue(func() *huffman { return newHuffman(counts()) })
	s.codes[1] = sync.OnceValue(func() *huffman {
		opposite := counts()
		slices.Reverse(opposite[:])
		return newHuffman(opposite)
	})
	return s
}

// ink returns the ink for a sum of coverage: 0 is none and 255 is full.
func (s *style) ink(sum int32) uint8 {
	return uint8(min(max(int32(s.base)+sum>>inkBits, 0), 255))
}

// countBytes draws a few pictures, or one that is large.
func (r *Renderer) countBytes(s *style) (counts [256]int) {
	c := newCanvas()
	text := make([]rune, r.maxLength)
	for total := 0; total < 5_000; total += len(c.levels) {
		for i := range text {
			text[i] = r.alphabet[c.random.IntN(len(r.alphabet))]
		}
		r.draw(c, string(text), s)
		c.paint(s, 0)
		for _, v := range c.levels {
			counts[v]++
		}
	}
	return counts
}
