package work_test

import (
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
)

// Each browser has its own cryptography, workers and policy. The work is done in each, on pages that need nobody to
// click.
func TestEveryBrowserWorksAlone(t *testing.T) {
	t.Parallel()
	needWidget(t)
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		for name, page := range map[string]string{"our worker": "/work.html#alone", "ALTCHA's widget": "/altcha.html#alone"} {
			s := serve(t, work.New(work.Config{Range: 100}))
			p.Visit(s.URL + page)
			select {
			case got := <-s.results:
				if got != "right" {
					t.Errorf("%s: the work is %s", name, got)
				}
			case <-time.After(2 * time.Minute):
				t.Errorf("%s: nothing was submitted in two minutes", name)
			}
		}
	})
}
