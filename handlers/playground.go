package handlers

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"html/template"
	"math/big"
	"slices"
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
	maxPixels  = 20_000 // device pixels of a picture: 240 x 80, or 120 x 40 at scale 2
	maxLetters = 10
	maxPage    = 60_000 // bytes of all that a browser loads for the page
	maxMarkup  = 13_000 // of these, the page without its pictures

	// maxKept renderers are kept, of settings asked for of late. What a new one works out when it first draws in a style
	// costs more than the drawing.
	maxKept = 32
)

// playground draws to a visitor's settings. Its pictures guard nothing: they come straight from package picture, of random
// letters, and no storage is touched.
type playground struct {
	repacker repacker
	room     int                                          // bytes for the pictures in the page, as base64
	fonts    map[string]func() (*picture.Renderer, error) // by the font's name

	mu   sync.Mutex
	kept map[string]*picture.Renderer // by the environment lines
}

func newPlayground(files assets) *playground {
	room := maxPage - maxMarkup
	for _, name := range []string{"site.css", "playground.css", "playground.js", "copy.js", "icon.svg"} {
		room -= len(files[name].content)
	}
	p := &playground{
		room:  room,
		fonts: map[string]func() (*picture.Renderer, error){"": rendererOf()},
		kept:  make(map[string]*picture.Renderer),
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
	Samples  []sample
	Left     int // of the samples, those that did not fit into the page
	Cost     cost
	Go       string
	Env      string
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
	page := playgroundPage{Title: "Playground", Options: playgroundOptions, Knobs: readKnobs(c)}
	renderer, settings, problems, err := s.playground.prepare(page.Knobs)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		c.Status(fiber.StatusUnprocessableEntity)
	}
	page.Problems = problems
	if page.Samples, page.Cost, err = s.playground.draw(renderer, settings); err != nil {
		return err
	}
	page.Left = samples - len(page.Samples)
	drawn := page.Knobs.without(problems)
	page.Env, page.Go = drawn.environment(), drawn.goSource(settings)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Render("playground", page)
}

// prepare returns a renderer for the knobs. Those that stand for nothing possible, alone or together, are named in
// problems, and left at their defaults.
func (p *playground) prepare(k knobs) (*picture.Renderer, Settings, map[string]string, error) {
	_, problems := k.settings()
	for {
		used := k.without(problems)
		settings, more := used.settings()
		renderer, knob, err := p.renderer(used, settings)
		switch {
		case err == nil:
			return renderer, settings, problems, nil
		case problems[knob] != "" || len(more) > 0:
			return nil, settings, nil, err // The defaults themselves can't be drawn.
		}
		problems[knob] = sentence(err)
	}
}

// renderer returns one with the settings, or names the knob that has to change.
func (p *playground) renderer(k knobs, settings Settings) (r *picture.Renderer, knob string, err error) {
	name := k.environment()
	p.mu.Lock()
	r = p.kept[name]
	p.mu.Unlock()
	if r != nil {
		return r, "", nil
	}
	if r, knob, err = p.newRenderer(k.Font, settings); err != nil {
		return nil, knob, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.kept) == maxKept {
		clear(p.kept)
	}
	p.kept[name] = r
	return r, "", nil
}

func (p *playground) newRenderer(font string, settings Settings) (r *picture.Renderer, knob string, err error) {
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
	scale := max(config.Scale, 1)
	width, height := r.Size(strings.Repeat("W", most))
	if n := width * height * scale * scale; n > maxPixels {
		return nil, "size", fmt.Errorf("%d x %d at scale %d has %d pixels; this page draws up to %d, as in 240 x 80 at scale 1 "+
			"(the package itself up to %d x %d at scale %d)", width, height, scale, n, maxPixels, picture.MaxSize, picture.MaxSize, picture.MaxScale)
	}
	return r, "", nil
}

// sample is a picture on the page.
type sample struct {
	Text          string
	URI           template.URL
	Width, Height int
}

// cost is what the samples took.
type cost struct {
	Time                   time.Duration // the median of the drawings
	Bytes, Least, Greatest int           // of a picture as package picture makes it: the mean, and both ends
}

// Until fairTries pictures are drawn, one that takes over a quarter more than its share of the room is left out for another, so
// that twelve fit at all but the largest settings. For these, any that fit fill the page, until maxTries are drawn.
const (
	fairTries = 2 * samples
	maxTries  = 3 * samples
)

// draw draws the samples, as many as fit into the page.
func (p *playground) draw(r *picture.Renderer, settings Settings) (shown []sample, c cost, err error) {
	times, sizes := make([]time.Duration, 0, maxTries), make([]int, 0, maxTries)
	room := p.room
	for tries := 0; tries < maxTries && len(shown) < samples; tries++ {
		text, seed := randomText(settings.Length.orDefault()), [32]byte{}
		rand.Read(seed[:])
		drawing := r.Append(nil, text, seed)
		start := time.Now() // of the second time, for the first may have been the renderer's first in this style
		drawing = r.Append(drawing[:0], text, seed)
		times, sizes = append(times, time.Since(start)), append(sizes, len(drawing))
		smaller, err := p.repacker.repack(drawing)
		if err != nil {
			return nil, c, err
		}
		size := base64.StdEncoding.EncodedLen(len(smaller))
		share := room / (samples - len(shown))
		if size > room || size > share+share/4 && tries < fairTries {
			continue
		}
		room -= size
		width, height := r.Size(text)
		uri := "data:image/png;base64," + base64.StdEncoding.EncodeToString(smaller)
		shown = append(shown, sample{text, template.URL(uri), width, height})
	}
	slices.Sort(times)
	c = cost{Time: times[len(times)/2].Round(time.Microsecond), Least: slices.Min(sizes), Greatest: slices.Max(sizes)}
	for _, size := range sizes {
		c.Bytes += size / len(sizes)
	}
	return shown, c, nil
}

func randomText(length lengths) string {
	text := make([]byte, length.least+roll(length.most-length.least+1))
	for i := range text {
		text[i] = picture.Alphabet[roll(len(picture.Alphabet))]
	}
	return string(text)
}

func roll(n int) int {
	x, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // crypto/rand never fails.
	}
	return int(x.Int64())
}
