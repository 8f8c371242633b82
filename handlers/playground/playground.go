// Package playground draws pictures to a visitor's settings and says how an app would make the same.
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
	maxKept    = 32 // drawings, of settings asked for of late
)

// Playground draws to a visitor's settings. Its pictures guard nothing: they come straight from package picture, and no
// storage is touched. The same settings always give the same pictures, and settings that differ in a knob are shown on
// the same texts, so that a visitor sees what the knob does.
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

// rendererOf reads fonts once, when they are first asked for. The settings are put on later, with Renderer.With.
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

// Show draws to the knobs that a query sets, of which it returns the values by name. Where some of them stand for
// nothing possible, alone or together, it names them in Problems, and draws to the defaults.
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

// drawing is what the page shows of settings.
type drawing struct {
	Samples [samples]sample
	Cost    cost
	Go, Env string // to copy
}

// sample is a picture on the page.
type sample struct {
	Text          string
	Src           template.HTMLAttr // for in a URL html/template writes five letters for each +
	Width, Height int
}

// cost is what the samples took.
type cost struct {
	Time                 time.Duration // of one, the least of a few
	Sum, Least, Greatest int           // bytes of the pictures
}

func (c *cost) add(size int) {
	c.Sum += size
	c.Least, c.Greatest = min(c.Least, size), max(c.Greatest, size)
}

// Bytes is the mean of a picture.
func (c cost) Bytes() int { return c.Sum / samples }

// draw draws to a look, which the knobs stand for, or says what is wrong with which knob.
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

// fill draws the samples. They stand in the page, which makes it larger by at most twelve times what maxPixels takes:
// as requests of their own they would each be drawn or kept for later, and counted by a limit.
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
	// Timed once more, for what a renderer draws first in a style takes longer.
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
