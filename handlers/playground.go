package handlers

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

// Limits of the playground. The package draws far larger pictures; a page with twelve of them would be slow to make and
// heavy to send.
const (
	samples    = 12
	maxPixels  = 14_400 // device pixels of a picture, once for the drawing and once for each filter
	maxLetters = 10
	maxPage    = 60_000 // bytes of all that a browser loads for the page
	maxMarkup  = 11_400 // of these, the page without its pictures
	maxKept    = 32     // drawings, of settings asked for of late
)

// playground draws to a visitor's settings. Its pictures guard nothing: they come straight from package picture, and no
// storage is touched. The same settings always give the same pictures, and settings that differ in a knob are shown on the
// same texts, so that a visitor sees what the knob does; and settings whose pictures fit into the page always do.
type playground struct {
	repacker repacker
	room     int                                          // bytes for the pictures in the page, as base64
	fonts    map[string]func() (*picture.Renderer, error) // by the font's name

	mu   sync.Mutex
	kept map[string]drawing // by the environment lines
}

func newPlayground(files assets) *playground {
	room := maxPage - maxMarkup
	for _, name := range []string{"site.css", "playground.css", "playground.js", "copy.js", "icon.svg"} {
		room -= len(files[name].content)
	}
	p := &playground{
		room:  room,
		fonts: map[string]func() (*picture.Renderer, error){"": rendererOf()},
		kept:  make(map[string]drawing),
	}
	for _, f := range namedFonts {
		p.fonts[f.Name] = rendererOf(f.file)
	}
	return p
}

// rendererOf reads fonts once, when they are first asked for. The settings are put on later, with Renderer.With.
func rendererOf(fonts ...[]byte) func() (*picture.Renderer, error) {
	return sync.OnceValues(func() (*picture.Renderer, error) {
		return picture.New(picture.Config{Fonts: fonts}, picture.Alphabet, 1)
	})
}

type playgroundPage struct {
	Title    string
	Options  options
	Knobs    knobs
	Problems map[string]string // by the knob
	drawing
}

// options are what a visitor can choose from.
type options struct {
	Styles, Noises, Filters, Scales []string
	Fonts                           []namedFont
	Presets                         []preset
	MaxLetters, MaxSize             int
}

type preset struct{ Title, Query string }

var playgroundOptions = options{
	Styles:  styleNames(),
	Noises:  append([]string{none}, picture.NoiseNames()...),
	Filters: append([]string{none}, picture.FilterNames()...),
	Scales:  []string{"1", "2", "3", "4"},
	Fonts:   namedFonts,
	Presets: []preset{
		{"Default", ""},
		{"Sharp on dense screens", "?scale=2"},
		{"Large, four to six letters", "?longest=6&width=200&height=70"},
		{"As django-rest-captcha", "?style=classic"},
		{"On any ground", "?colours=transparent&foreground=%23c2410c"},
	},
	MaxLetters: maxLetters,
	MaxSize:    picture.MaxSize,
}

func styleNames() (names []string) {
	for _, s := range picture.Styles() {
		names = append(names, s.String())
	}
	return names
}

func (s *site) playgroundShow(c *fiber.Ctx) error {
	knobs := readKnobs(c)
	drawn, problems, err := s.playground.show(knobs)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		c.Status(fiber.StatusUnprocessableEntity)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Render("playground", playgroundPage{"Playground", playgroundOptions, knobs, problems, drawn})
}

// show draws to the knobs. Where some of them stand for nothing possible, alone or together, it names them in problems, and
// draws to the defaults.
func (p *playground) show(k knobs) (d drawing, problems map[string]string, err error) {
	settings, problems := k.settings()
	if len(problems) == 0 {
		d, knob, err := p.draw(k, settings)
		if err == nil || knob == "" {
			return d, nil, err
		}
		problems[knob] = sentence(err)
	}
	settings, _ = defaultKnobs.settings()
	d, _, err = p.draw(defaultKnobs, settings)
	return d, problems, err
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
	Src           template.HTMLAttr
	Width, Height int
}

// cost is what the samples took.
type cost struct {
	Time                 time.Duration // of one, the least of a few
	Sum, Least, Greatest int           // bytes of the pictures as package picture makes them
}

func (c *cost) add(size int) {
	c.Sum += size
	c.Least, c.Greatest = min(c.Least, size), max(c.Greatest, size)
}

// Bytes is the mean of a picture.
func (c cost) Bytes() int { return c.Sum / samples }

// draw draws to the settings, which the knobs stand for. With an error that a visitor can mend it names the knob that has to
// change.
func (p *playground) draw(k knobs, settings Settings) (d drawing, knob string, err error) {
	name := k.environment()
	p.mu.Lock()
	d, ok := p.kept[name]
	p.mu.Unlock()
	if ok {
		return d, "", nil
	}
	renderer, knob, err := p.renderer(k.Font, settings)
	if err != nil {
		return d, knob, err
	}
	if knob, err = p.fill(&d, renderer, settings.Length.orDefault()); err != nil {
		return d, knob, err
	}
	d.Go, d.Env = k.goSource(settings), name
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.kept) == maxKept {
		clear(p.kept)
	}
	p.kept[name] = d
	return d, "", nil
}

func (p *playground) renderer(font string, settings Settings) (r *picture.Renderer, knob string, err error) {
	fonts, err := p.fonts[font]()
	if err != nil {
		return nil, "font", err
	}
	config, most := settings.Captcha().Picture, settings.Length.orDefault().most
	if _, err := fonts.With(picture.Config{Foreground: config.Foreground, Background: config.Background}, 1); err != nil {
		return nil, "colours", err
	}
	r, err = fonts.With(config, most)
	if err != nil {
		return nil, "size", err
	}
	scale, filters := max(config.Scale, 1), len(config.Filters)
	width, height := r.Size(strings.Repeat("W", most))
	if n := width * height * scale * scale; n*(1+filters) > maxPixels {
		return nil, "size", fmt.Errorf("%d x %d at scale %d has %d pixels; this page draws up to %d, as in 240 x 60 or 90 x 40 at scale 2, "+
			"and up to %d with a filter, %d with two, %d with three (the package itself up to %d x %d at scale %d, filtered or not)",
			width, height, scale, n, maxPixels, maxPixels/2, maxPixels/3, maxPixels/4, picture.MaxSize, picture.MaxSize, picture.MaxScale)
	}
	return r, "", nil
}

// fill draws the samples. Those that are too heavy for the page are refused.
func (p *playground) fill(d *drawing, r *picture.Renderer, length lengths) (knob string, err error) {
	random, room := rand.New(rand.NewPCG(0, 0)), p.room
	d.Cost = cost{Time: math.MaxInt64, Least: math.MaxInt}
	for i := range d.Samples {
		text := randomText(random, length)
		png := r.Append(nil, text, [32]byte{byte(i)})
		d.Cost.add(len(png))
		smaller, err := p.repacker.repack(png)
		if err != nil {
			return "", err
		}
		uri := "data:image/png;base64," + base64.StdEncoding.EncodeToString(smaller)
		if room -= len(uri); room < 0 {
			return "size", fmt.Errorf("twelve such pictures take more than the %d kB that this page has for them; "+
				"accepted are fewer pixels, or less noise and fewer filters", p.room/1000)
		}
		width, height := r.Size(text)
		d.Samples[i] = sample{text, template.HTMLAttr(`src="` + uri + `"`), width, height}
	}
	// Timed once more, for what a renderer draws first in a style takes longer.
	for i := range 4 {
		start := time.Now()
		r.Append(nil, d.Samples[i].Text, [32]byte{byte(i)})
		d.Cost.Time = min(d.Cost.Time, time.Since(start))
	}
	return "", nil
}

func randomText(random *rand.Rand, length lengths) string {
	text := make([]byte, length.least+random.IntN(length.most-length.least+1))
	for i := range text {
		text[i] = picture.Alphabet[random.IntN(len(picture.Alphabet))]
	}
	return string(text)
}
