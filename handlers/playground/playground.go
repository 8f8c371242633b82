// Package playground draws pictures with a visitor's settings and says how an app would make the same.
package playground

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/handlers/settings"
)

// Limits of the playground. The package draws far larger pictures; a page with twelve of them would be slow to make and
// heavy to send.
const (
	samples    = 12
	maxPixels  = 28_800 // device pixels of a picture: 120 x 60 at scale 2
	maxPasses  = 57_600 // device pixels of a picture, once for the drawing and once for each filter: three at 90 x 40, scale 2
	maxLetters = 10
	maxKept    = 32 // drawings, for the settings asked for most recently
)

// Playground draws with a visitor's settings. Its pictures guard nothing: they come straight from package picture, and
// no storage is touched. The same settings always give the same pictures, and settings that differ in one knob are
// shown with the same texts, so that a visitor sees what the knob does.
type Playground struct {
	fonts map[string]func() (*picture.Renderer, error) // by the font's name

	mu   sync.Mutex
	kept map[string]drawing // by the environment lines
}

// New returns a playground that has drawn nothing yet.
func New() *Playground {
	p := &Playground{
		fonts: map[string]func() (*picture.Renderer, error){"": rendererOf()},
		kept:  make(map[string]drawing),
	}
	for _, f := range settings.Fonts() {
		p.fonts[f.Name] = rendererOf(f.File)
	}
	return p
}

// rendererOf reads fonts once, when they are first asked for. Renderer.With adds the settings later.
func rendererOf(fonts ...[]byte) func() (*picture.Renderer, error) {
	return sync.OnceValues(func() (*picture.Renderer, error) {
		return picture.New(picture.Config{Fonts: fonts}, picture.Alphabet, 1)
	})
}

// Page is what the view shows.
type Page struct {
	Options  options
	Knobs    knobs
	Problems map[string]string // by the knob
	drawing
}

// Show draws with the knobs that a query sets; query returns the values that it has under a name. If a knob is set to
// something impossible, alone or together with others, Show names it in Problems and draws with the defaults.
func (p *Playground) Show(query func(name string) []string) (Page, error) {
	page := Page{Options: allOptions, Knobs: readKnobs(query)}
	look, problems := page.Knobs.look()
	if len(problems) == 0 {
		var err error
		if page.drawing, problems, err = p.draw(page.Knobs, look); err != nil {
			return page, err
		}
	}
	if len(problems) > 0 {
		page.Problems = problems
		look, _ := defaultKnobs.look()
		var err error
		if page.drawing, _, err = p.draw(defaultKnobs, look); err != nil {
			return page, err
		}
	}
	return page, nil
}

// drawing is what the page shows for some settings.
type drawing struct {
	Samples [samples]sample
	Cost    cost
	Go, Env string // to copy
}

// sample is a picture on the page.
type sample struct {
	Text          string
	Src           template.HTMLAttr // not a URL, in which html/template would write five letters for each +
	Width, Height int
}

// cost is what the samples cost.
type cost struct {
	Time                 time.Duration // for one picture, the least of a few tries
	Sum, Least, Greatest int           // bytes of the pictures
}

func (c *cost) add(size int) {
	c.Sum += size
	c.Least, c.Greatest = min(c.Least, size), max(c.Greatest, size)
}

// Bytes returns the mean size of a picture.
func (c cost) Bytes() int { return c.Sum / samples }

// draw draws with the look that the knobs stand for, or says what is wrong with which knob.
func (p *Playground) draw(k knobs, l look) (d drawing, problems map[string]string, err error) {
	name := k.environment()
	p.mu.Lock()
	d, ok := p.kept[name]
	p.mu.Unlock()
	if ok {
		return d, nil, nil
	}
	renderer, problems, err := p.renderer(k.Font, l)
	if err != nil || len(problems) > 0 {
		return d, problems, err
	}
	d.fill(renderer, l)
	d.Env = name
	if d.Go, err = k.source(l); err != nil {
		return d, nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.kept) == maxKept {
		clear(p.kept)
	}
	p.kept[name] = d
	return d, nil, nil
}

func (p *Playground) renderer(font string, l look) (r *picture.Renderer, problems map[string]string, err error) {
	fonts, err := p.fonts[font]()
	if err != nil {
		return nil, nil, err
	}
	r, err = fonts.With(l.Config, l.most)
	if err != nil {
		if problems = refused(err); len(problems) == 0 {
			return nil, nil, err
		}
		return nil, problems, nil
	}
	scale, passes := max(l.Scale, 1), 1+len(l.Filters)
	width, height := r.Size(strings.Repeat("W", l.most))
	if n := width * height * scale * scale; n > maxPixels || n*passes > maxPasses {
		return nil, map[string]string{"size": fmt.Sprintf(
			"%d x %d at scale %d has %d pixels, which is more than this page draws. Make the picture smaller: up to %d pixels, "+
				"as in 120 x 60 at scale 2 or 240 x 120 at scale 1; up to %d with two filters; up to %d with three. "+
				"Your app can draw pictures of up to %d x %d at scale %d, with any filters.",
			width, height, scale, n, maxPixels, maxPasses/3, maxPasses/4, picture.MaxSize, picture.MaxSize, picture.MaxScale)}, nil
	}
	return r, nil, nil
}

// fill draws the samples. They are inside the page, which makes it larger by at most twelve pictures of maxPixels. As
// requests of their own, each would have to be drawn again or kept for later, and would count against a limit.
func (d *drawing) fill(r *picture.Renderer, l look) {
	random := rand.New(rand.NewPCG(0, 0))
	d.Cost = cost{Time: math.MaxInt64, Least: math.MaxInt}
	for i := range d.Samples {
		text := randomText(random, l)
		png := r.Append(nil, text, [32]byte{byte(i)})
		d.Cost.add(len(png))
		width, height := r.Size(text)
		d.Samples[i] = sample{text, template.HTMLAttr(`src="data:image/png;base64,` + base64.StdEncoding.EncodeToString(png) + `"`), width, height}
	}
	// Some are drawn again to be timed, because a renderer's first drawing in a style takes longer.
	for i := range 4 {
		start := time.Now()
		r.Append(nil, d.Samples[i].Text, [32]byte{byte(i)})
		d.Cost.Time = min(d.Cost.Time, time.Since(start))
	}
}

func randomText(random *rand.Rand, l look) string {
	text := make([]byte, l.least+random.IntN(l.most-l.least+1))
	for i := range text {
		text[i] = picture.Alphabet[random.IntN(len(picture.Alphabet))]
	}
	return string(text)
}
