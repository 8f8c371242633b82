package main

import (
	"bytes"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/audio"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

// figures are the README's pictures that no page of the demo shows.
var figures = []shot{
	{file: "ways", path: "/ways", width: 900, height: 360, scheme: "light", script: meet},
	{file: "price", path: "/price", width: 880, height: 340, scheme: "light"},
}

// meet answers the three fields of the page: letters are typed, the sound is played, and the work begins as soon as
// somebody is in the form.
const meet = `(() => {
	const [letters, sound, work] = document.querySelectorAll("form");
	letters.querySelector(".captcha-answer").value = letters.dataset.answer;
	sound.querySelector(".captcha-listen").click();
	work.querySelector("[name=name]").dispatchEvent(new Event("input", {bubbles: true}));
})()`

var waysPage = template.Must(template.New("ways").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Three ways</title><link rel="icon" href="data:,">
<style>
body { margin: 0; padding: 1.25rem; font: 16px/1.5 system-ui, sans-serif; background: #fff; color: #1b2127 }
main { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1.25rem }
form { padding: 1rem 1.1rem; border: 1px solid #ccd3da; border-radius: 8px }
h2 { margin: 0 0 .5rem; font-size: 1.05rem } [name=name] { display: none }
</style></head><body><main>
{{range .}}<form method="post" data-answer="{{.Answer}}"><h2>{{.Title}}</h2><input name="name">{{.Field}}</form>{{end}}
</main></body></html>`))

// startFigures serves the pages of figures, on a free loopback port.
func startFigures() (url string, stop func(), err error) {
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/ways", ways(app))
	app.Get("/price", price)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() { _ = app.Listener(listener) }()
	return "http://" + listener.Addr().String(), func() { _ = app.Shutdown() }, nil
}

// judge is the testing.TB that captchatest asks for. There is no test here.
type judge struct{ testing.TB }

func (judge) Helper()                           {}
func (judge) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// ways is a page with three fields of three guards.
func ways(app *fiber.App) fiber.Handler {
	configs := []struct {
		title string
		captcha.Config
	}{
		{"Type the letters", captcha.Config{Path: "/letters/"}},
		{"Or listen to them", captcha.Config{Path: "/sound/", Audio: audio.New()}},
		{"Or let the browser work", captcha.Config{Path: "/work/", Work: work.New(work.Config{Cost: 500, Range: 20})}},
	}
	guards := make([]*captcha.Guard, len(configs))
	for i, c := range configs {
		guards[i] = captcha.New(c.Config)
		guards[i].Register(app)
	}
	return func(c *fiber.Ctx) error {
		var panels []map[string]any
		for i, config := range configs {
			challenge, err := guards[i].Issue(c)
			if err != nil {
				return err
			}
			panels = append(panels, map[string]any{
				"Title": config.title, "Field": challenge.Field(), "Answer": captchatest.Solve(judge{}, guards[i], challenge.Key),
			})
		}
		c.Type("html", "utf-8")
		return waysPage.Execute(c, panels)
	}
}

// lighten writes a picture in 16 shades of grey to another file, for a page that has to be light: a third of the bytes.
func lighten(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	picture, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		return err
	}
	var greys color.Palette
	for level := range 16 {
		greys = append(greys, color.Gray{Y: uint8(level * 17)})
	}
	light := image.NewPaletted(picture.Bounds(), greys)
	draw.Draw(light, light.Bounds(), picture, picture.Bounds().Min, draw.Src)
	var encoded bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&encoded, light); err != nil {
		return err
	}
	return os.WriteFile(to, encoded.Bytes(), 0o644)
}

// price is a plot of the README's table of what it costs to get past.
func price(c *fiber.Ctx) error {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		return err
	}
	plot, err := newPlot(string(readme))
	if err != nil {
		return err
	}
	c.Type("html", "utf-8")
	return pricePage.Execute(c, plot)
}

// plot has a point for each way past, on a logarithmic axis. A way with two prices stands at the lower.
type plot struct {
	Points []point
	Ticks  []point
}

type point struct {
	Name, Price string
	X, Y        float64 // pixels
}

// The axis, in powers of ten of USD for 1,000 accepted submissions.
const (
	cheapest, dearest = -5, 0
	left, right       = 380.0, 740.0
	top, row          = 74.0, 42.0
)

var (
	priced = regexp.MustCompile(`^[0-9.]+`)
	aside  = regexp.MustCompile(` \(.*|, at .*| trained on .*| without training.*| that have .*`)
)

func newPlot(readme string) (p plot, err error) {
	_, table, _ := strings.Cut(readme, "## What it costs to get past\n")
	table, _, _ = strings.Cut(table, "\n## ")
	for line := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) != 5 || !priced.MatchString(cells[3]) {
			continue
		}
		name := aside.ReplaceAllString(cells[0], "")
		name = strings.ToUpper(name[:1]) + name[1:]
		value, err := strconv.ParseFloat(priced.FindString(cells[3]), 64)
		if err != nil || math.Log10(value) < cheapest || math.Log10(value) > dearest {
			return p, fmt.Errorf("the price %q is not on the axis", cells[3])
		}
		p.Points = append(p.Points, point{name, cells[3] + " USD", along(math.Log10(value)), top + row*float64(len(p.Points))})
	}
	if len(p.Points) == 0 {
		return p, fmt.Errorf("README.md has no table of prices")
	}
	for power := cheapest; power <= dearest; power++ {
		p.Ticks = append(p.Ticks, point{Price: strconv.FormatFloat(math.Pow10(power), 'f', -1, 64), X: along(float64(power))})
	}
	return p, nil
}

func along(power float64) float64 {
	return left + (power-cheapest)/(dearest-cheapest)*(right-left)
}

var pricePage = template.Must(template.New("price").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>What it costs</title><link rel="icon" href="data:,">
<style>
body { margin: 0; background: #fff } text { font: 15px system-ui, sans-serif; fill: #1b2127 }
.title { font-weight: 600; font-size: 17px } .quiet { fill: #5a6570; font-size: 13px } line { stroke: #dde2e7 }
circle { fill: #0b5cad } .from { stroke: #0b5cad; stroke-width: 2; stroke-dasharray: 1 5; stroke-linecap: round }
</style></head><body>
<svg width="880" height="340">
<text class="title" x="20" y="32">What 1,000 accepted submissions cost, in USD</text>
{{range .Ticks}}<line x1="{{.X}}" x2="{{.X}}" y1="50" y2="270"/><text class="quiet" x="{{.X}}" y="292" text-anchor="middle">{{.Price}}</text>{{end}}
{{range .Points}}<text x="20" y="{{.Y}}" dy="5">{{.Name}}</text><line class="from" x1="380" x2="{{.X}}" y1="{{.Y}}" y2="{{.Y}}"/>
<circle cx="{{.X}}" cy="{{.Y}}" r="7"/><text x="{{.X}}" y="{{.Y}}" dx="14" dy="-7">{{.Price}}</text>{{end}}
<text class="quiet" x="560" y="318" text-anchor="middle">Each line is ten times the price of the line to its left.</text>
</svg></body></html>`))
