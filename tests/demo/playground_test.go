package demo_test

import (
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

const drawn = `[...document.querySelectorAll(".samples img")].filter((img) => img.complete && img.naturalWidth > 0).length`

func TestBrowserPlays(t *testing.T) {
	t.Parallel()
	b := surf(t, start(t))
	b.open("/playground")
	browser.Value[bool](b.Page, "window.same = true")
	if n := browser.Value[int](b.Page, drawn); n != 12 {
		t.Errorf("%d samples", n)
	}
	// A change is drawn at once, in the same page, and stands in the address.
	b.Click("[name=style][value=solid]")
	b.Await("location.search.includes('style=solid')")
	b.Await("document.getElementById('go').value.includes('picture.Solid')")
	browser.Value[bool](b.Page, "(document.querySelector('[name=width]').value = '120', document.querySelector('[name=width]').dispatchEvent(new Event('change', {bubbles: true})))")
	b.Await(`document.querySelector(".samples img").naturalWidth === 240`)
	b.Await("document.getElementById('env').value === 'CAPTCHA_STYLE=solid\\nCAPTCHA_IMAGE_SIZE=120x40\\nCAPTCHA_SCALE=2\\n'")
	// What can't be drawn is said beside its knob.
	browser.Value[bool](b.Page, "(document.querySelector('[name=length]').value = '99', document.querySelector('[name=length]').dispatchEvent(new Event('change', {bubbles: true})))")
	b.Await("document.getElementById('length-problem').textContent.includes('1 to 10')")
	b.Await("document.querySelector('[name=length]').ariaInvalid === 'true'")
	browser.Value[bool](b.Page, "(document.querySelector('[name=length]').value = '5', document.querySelector('[name=length]').dispatchEvent(new Event('change', {bubbles: true})))")
	b.Await("document.getElementById('length-problem').textContent === '' && document.querySelector('[name=length]').ariaInvalid !== 'true'")
	if !browser.Value[bool](b.Page, "window.same === true") {
		t.Error("the page was left")
	}
	b.Axe()
	// The address alone draws the same again.
	b.Follow(func() { browser.Value[bool](b.Page, "location.reload() === undefined") })
	if got := browser.Value[string](b.Page, "document.getElementById('env').value"); !strings.Contains(got, "CAPTCHA_LENGTH=5") {
		t.Errorf("after a reload the settings are %s", got)
	}
	b.Click(".lab-take .copy")
	b.Await("document.querySelector('.copy-row [role=status]').textContent !== ''")
	b.quiet()
}

// The browser does the work, and the page says how long it took here and in native code, as often as it is asked.
func TestBrowserPlaysAtWork(t *testing.T) {
	t.Parallel()
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		b := &surfer{p, t, start(t).URL}
		b.open("/playground")
		for range 2 {
			browser.Value[string](b.Page, `document.querySelector("#work [role=status]").textContent = ""`)
			b.Click("#work button")
			b.Await(`document.querySelectorAll("#work dd").length === 4`)
			said := browser.Value[string](b.Page, `document.querySelector("#work dl").innerText`)
			for _, want := range []string{` of at most 2,000 tries`, ` s, if the last`, `challenges cost 0.0015 USD`, `about 8,900 average`} {
				if !strings.Contains(said, want) {
					t.Errorf("nothing about %q in %s", want, said)
				}
			}
		}
		b.quiet()
	})
}

// If the server refuses to give a challenge, the page says so, and shows no old figures.
func TestBrowserPlaysAtNoWork(t *testing.T) {
	t.Parallel()
	b := surf(t, server.Start(t, "LIMIT_ISSUE=1/hour"))
	b.open("/playground")
	b.Click("#work button")
	b.Await(`document.querySelectorAll("#work dd").length === 4`)
	b.Axe()
	b.Problems()
	b.Click("#work button")
	b.Await(`document.querySelector("#work [role=status]").textContent.startsWith("Too many challenges")`)
	if n := b.count("#work dd"); n != 0 {
		t.Errorf("%d figures of the last run are left", n)
	}
}

func TestBrowserPlaysWithoutScript(t *testing.T) {
	t.Parallel()
	b := surf(t, start(t))
	b.Scripts(false)
	b.open("/playground")
	b.Click("[name=style][value=hollow]")
	b.Click("[name=noise][value=dots]")
	b.write("longest", "6")
	b.Submit("#knobs button")
	want := "CAPTCHA_STYLE=hollow\nCAPTCHA_LENGTH=4-6\nCAPTCHA_SCALE=2\nNOISE_FUNCTION=dots\n"
	if got := browser.Value[string](b.Page, "document.getElementById('env').value"); got != want {
		t.Errorf("the settings are %q, not %q", got, want)
	}
	if n := browser.Value[int](b.Page, drawn); n != 12 {
		t.Errorf("%d samples", n)
	}
	if n := browser.Value[int](b.Page, "document.querySelectorAll('.copy').length"); n != 0 {
		t.Error("there are buttons to copy, which need script")
	}
	if words := b.words(); b.count("#work button") != 0 || !strings.Contains(words, "This needs JavaScript.") {
		t.Errorf("the work that needs script: %s", words)
	}
	b.quiet()
}
