package field_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
)

// What a visitor does with the field, in every browser: the picture is drawn, other characters are asked for, the sound
// is heard to its end, and the answer is sent.
func TestEveryBrowser(t *testing.T) {
	t.Parallel()
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		s := start(t, captcha.Config{})
		p.Visit(s.url)
		wantDrawn(t, p, "one")

		p.Type("#one [name=note]", "kept")
		p.Type("#one [name=captcha_value]", "AB")
		before := fieldOf(p, "one")
		p.Click("#one .captcha-refresh")
		awaitStatus(p, "one", refreshed)
		after := fieldOf(p, "one")
		if after.Key == before.Key || after.Picture == before.Picture || after.Sound == before.Sound {
			t.Error("the challenge stayed")
		}
		if after.Note != "kept" || after.Answer != "" {
			t.Errorf("note %q, answer %q", after.Note, after.Answer)
		}
		wantDrawn(t, p, "one")

		hearToTheEnd(t, p, "one")
		p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
		p.Submit("#one [name=send]")
		wantHeading(t, p, "Thanks for one")
		p.WantNoProblems()
	})
}

// wantDrawn fails the test unless a form's picture is drawn, as large as the page says.
func wantDrawn(t *testing.T, p *browser.Page, form string) {
	t.Helper()
	type drawing struct{ Natural, Shown, Said int }
	got := browser.Value[drawing](p, fmt.Sprintf(`(async (picture) => {
		await picture.decode();
		return {Natural: picture.naturalWidth, Shown: picture.width, Said: Number(picture.getAttribute("width"))};
	})(document.querySelector("#%s img"))`, form))
	if got.Natural == 0 || got.Shown != got.Said {
		t.Errorf("the picture is drawn as %+v", got)
	}
}

// hearToTheEnd presses "Listen", and fails the test unless the whole sound was played. The sound is muted, because a
// machine that runs tests has no loudspeaker, and without one Firefox plays only muted sound.
func hearToTheEnd(t *testing.T, p *browser.Page, form string) {
	t.Helper()
	type sound struct{ Played, Duration float64 }
	browser.Value[bool](p, fmt.Sprintf(`((audio) => {
		window.over = false;
		window.audio = audio;
		audio.muted = true;
		for (const end of ["ended", "error"]) audio.addEventListener(end, () => (window.over = true), {once: true});
		return true;
	})(document.querySelector("#%s audio"))`, form))
	label := fmt.Sprintf(`document.querySelector("#%s .captcha-listen").innerText.trim()`, form)
	p.Click("#" + form + " .captcha-listen")
	p.Await(`over || ` + label + ` === "Stop"`)
	p.Await(`over || audio.currentTime > audio.duration / 2`) // each half within Await's limit
	p.Await(`over && ` + label + ` === "Listen"`)
	got := browser.Value[sound](p, `(({played, duration}) => ({
		Played: played.length && played.end(played.length - 1) - played.start(0), Duration: duration || 0,
	}))(audio)`)
	if got.Duration < 1 || got.Played < got.Duration*0.99 {
		t.Errorf("of a sound of %.2f s, %.2f s were played", got.Duration, got.Played)
	}
}

// A visitor who comes back after sending a form finds a challenge that can be answered, in every browser.
func TestEveryBrowserGoesBack(t *testing.T) {
	t.Parallel()
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		s := start(t, captcha.Config{})
		p.Visit(s.url)
		first := fieldOf(p, "one").Key
		p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, first))
		p.Submit("#one [name=send]")
		wantHeading(t, p, "Thanks for one")
		p.Back()
		p.Await(fmt.Sprintf(`document.querySelector("#one [name=captcha_key]").value !== %q`, first))
		p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
		p.Submit("#one [name=send]")
		wantHeading(t, p, "Thanks for one")
		p.WantNoProblems()
	})
}

// Two clicks on the button of a form whose reply is slow send it once, in every browser.
func TestEveryBrowserClicksTwice(t *testing.T) {
	t.Parallel()
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		s := start(t, captcha.Config{})
		s.delay = 2 * time.Second
		p.Visit(s.url)
		p.Type("#one [name=captcha_value]", captchatest.Solve(t, s.guard, fieldOf(p, "one").Key))
		p.Follow(func() { p.ClickTwice("#one [name=send]") })
		wantHeading(t, p, "Thanks for one")
		if got := s.accepted.Load(); got != 1 {
			t.Errorf("the form was accepted %d times", got)
		}
		p.WantNoProblems()
	})
}
