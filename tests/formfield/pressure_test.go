package field_test

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/pressure"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
)

// pressed is pressure that a test sets.
type pressed struct{ level atomic.Int32 }

func (p *pressed) Steps() []captcha.Step              { return pressure.ConfigDefault.Steps }
func (p *pressed) Level(netip.Addr) int               { return int(p.level.Load()) }
func (p *pressed) Record(netip.Addr, captcha.Outcome) {}

// A network's level rises while its visitor looks at the page: the field says how many letters there are now, and the
// browser works as well. Every browser can meet the highest level. When it is over, the field shows what it showed
// before.
func TestEveryBrowserUnderPressure(t *testing.T) {
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		under := &pressed{}
		s := start(t, captcha.Config{Pressure: under, Work: work.New(light)})
		p.Visit(s.url)
		count := func(n int) {
			t.Helper()
			p.Await(fmt.Sprintf(`document.querySelector("#one .captcha-label").textContent === "Type the characters you see or hear (%d characters)"`, n))
		}
		count(4)
		under.level.Store(3)
		p.Click("#one .captcha-refresh")
		count(10)
		wantDrawn(t, p, "one")
		p.Await(`document.querySelector("#one captcha-field").dataset.asks === "both"`)
		p.Type("#one [name=note]", "Hello") // the browser begins to work
		p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
		p.Await(`document.querySelector("#one [name=captcha_work]").value`)
		if browser.Value[bool](p, `document.querySelector("#one .captcha-group").hidden`) {
			t.Error("the letters were put away although they are asked for")
		}
		p.Submit("#one [name=send]")
		wantHeading(t, p, "Thanks for one")

		p.Visit(s.url)
		count(10)
		under.level.Store(0)
		p.Click("#one .captcha-refresh")
		count(4)
		p.Type("#one [name=note]", "Hello")
		awaitStatus(p, "one", checked)
		p.Submit("#one [name=send]")
		wantHeading(t, p, "Thanks for one")
		p.WantNoProblems()
	})
}

// A field that is checked does not stay so if its renewed challenge asks for letters as well.
func TestCheckedUnderPressure(t *testing.T) {
	under := &pressed{}
	s, p := start(t, captcha.Config{Pressure: under, Work: work.New(light)}), browser.Open(t)
	p.Visit(s.url)
	p.Type("#one [name=note]", "Hello")
	awaitStatus(p, "one", checked)
	p.Await(`document.querySelector("#one .captcha-group").hidden`)
	under.level.Store(3)
	before := fieldOf(p, "one").Key
	browser.Value[bool](p, `document.querySelector("#one captcha-field").replace("due") && true`)
	p.Await(fmt.Sprintf(`document.querySelector("#one [name=captcha_key]").value !== %q && !document.querySelector("#one .captcha-group").hidden`, before))
	p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
	p.Await(`document.querySelector("#one [name=captcha_work]").value`)
	p.Submit("#one [name=send]")
	wantHeading(t, p, "Thanks for one")
	p.WantNoProblems()
}

// Ten letters fit into a small window, and nothing has to be scrolled sideways.
func TestLongAnswersFitSmallWindows(t *testing.T) {
	under := &pressed{}
	under.level.Store(3)
	s, p := start(t, captcha.Config{Pressure: under}), browser.Open(t)
	for _, width := range []int64{1280, 360, 320} {
		p.Size(width, 640)
		p.Visit(s.url)
		p.Axe()
		if wide := browser.Value[int64](p, `document.documentElement.scrollWidth`); wide > width {
			t.Errorf("in a window of %d the page is %d wide", width, wide)
		}
	}
}
