package demo_test

import (
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
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
	b.quiet()
}
