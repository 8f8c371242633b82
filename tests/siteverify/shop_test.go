package siteverify_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/port"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// shop starts the shop's backend at an origin.
func shop(t *testing.T, s *server.Server, number int) {
	t.Helper()
	env := []string{"CAPTCHA=" + s.URL, "SECRET=" + shopSecret, fmt.Sprint("PORT=", number)}
	program := node(t, env, nil, nil, "shop/backend.mjs")
	if got := line(t, program); got != "listening" {
		t.Fatal(got)
	}
}

// open starts a captcha server and a shop on another origin, which the server knows.
func open(t *testing.T, demand string) (s *server.Server, guard *captcha.Guard, origin string) {
	t.Helper()
	number := port.Free(t)
	origin = fmt.Sprint("http://localhost:", number)
	s, guard = start(t, origin, demand)
	shop(t, s, number)
	return s, guard, origin
}

const ready = `document.querySelector("captcha-site .captcha-answer")`

// letters are the right ones for the challenge that a page shows.
func letters(t *testing.T, p *browser.Page, guard *captcha.Guard) string {
	t.Helper()
	purpose := browser.Value[string](p,
		`new URL(document.querySelector("captcha-field").dataset.create).searchParams.get("purpose")`)
	key := browser.Value[string](p, `document.querySelector("[name=captcha_key]").value`)
	return captchatest.Solve(t, guard.For(purpose), key)
}

func want(t *testing.T, p *browser.Page, heading, paragraph string) {
	t.Helper()
	got := browser.Value[string](p,
		`document.querySelector("h1").textContent + ": " + document.querySelector("p").textContent`)
	if got != heading+": "+paragraph {
		t.Errorf("the page says %s", got)
	}
}

// A person types the letters, wrongly at first. Then the order is accepted, once.
func TestShopByLetters(t *testing.T) {
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		s, guard, origin := open(t, "letters")
		p.Visit(origin)
		p.Await(ready)
		p.Type("[name=name]", "Ada")
		p.Type(".captcha-answer", "no")
		first := browser.Value[string](p, `document.querySelector("[name=captcha_key]").value`)
		p.Click("[name=send]")
		p.Await(`document.querySelector(".captcha-error") &&
			document.activeElement === document.querySelector(".captcha-answer")`)
		said := browser.Value[string](p, `document.querySelector(".captcha-error").textContent`)
		if said != guard.Message("en", captcha.ErrWrongAnswer) {
			t.Errorf("the visitor is told %q", said)
		}
		if browser.Value[string](p, `document.querySelector("[name=captcha_key]").value`) == first {
			t.Error("the used challenge is shown again")
		}
		if browser.Value[string](p, `document.querySelector("[name=name]").value`) != "Ada" {
			t.Error("what was typed is gone")
		}
		for _, problem := range p.Problems() { // the browser tells of the wrong answer
			if !strings.Contains(problem, "400") {
				t.Error(problem)
			}
		}
		p.Type(".captcha-answer", letters(t, p, guard))
		p.Submit("[name=send]")
		want(t, p, "Thank you", "localhost")
		p.WantNoProblems()
		for _, secret := range []string{shopSecret, sealing} {
			if strings.Contains(s.Log(), secret) {
				t.Error("the log has a secret")
			}
		}
	})
}

// The browser works instead, in a worker whose script is from the other origin, and nothing is typed.
func TestShopByWork(t *testing.T) {
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		_, _, origin := open(t, "work")
		p.Visit(origin)
		p.Await(ready)
		p.Type("[name=name]", "Ada")
		p.Await(`document.querySelector("captcha-field").dataset.state === "checked"`)
		p.Submit("[name=send]")
		want(t, p, "Thank you", "localhost")
		p.WantNoProblems()
	})
}

// Who sends the form just as the computer wakes does not lose the order with the solution that has expired.
func TestShopAfterSleep(t *testing.T) {
	_, _, origin := open(t, "work")
	p := browser.Open(t)
	p.Visit(origin)
	p.Await(ready)
	p.Type("[name=name]", "Ada")
	p.Await(`document.querySelector("captcha-field").dataset.state === "checked"`)
	p.Follow(func() {
		browser.Value[bool](p, `((field) => {
			const key = () => document.querySelector("[name=captcha_key]").value, first = key();
			window.addEventListener("submit", () => (sessionStorage.renewed = key() !== first));
			field.dataset.until -= 3600000;
			return document.dispatchEvent(new Event("visibilitychange"));
		})(document.querySelector("captcha-field"))`)
		p.Click("[name=send]")
	})
	want(t, p, "Thank you", "localhost")
	if browser.Value[string](p, `sessionStorage.renewed`) != "true" {
		t.Error("the old challenge was sent")
	}
	p.WantNoProblems()
}

// The sound comes from the other origin, and is that of the challenge.
func TestShopBySound(t *testing.T) {
	s, guard, origin := open(t, "letters")
	p := browser.Open(t)
	p.Visit(origin)
	p.Await(ready)
	p.Click(".captcha-listen")
	p.Await(`!document.querySelector("audio").paused && document.querySelector("audio").duration > 1`)
	source := browser.Value[string](p, `document.querySelector("audio").currentSrc`)
	if !strings.HasPrefix(source, s.URL+"/api/captcha/") {
		t.Errorf("the sound is from %s", source)
	}
	p.Type("[name=name]", "Ada")
	p.Type(".captcha-answer", letters(t, p, guard))
	p.Submit("[name=send]")
	want(t, p, "Thank you", "localhost")
	p.WantNoProblems()
}

// A form that is sent twice at once is one order. A visitor who comes back with the browser's button gets another
// challenge and can send another order.
func TestTwiceAndBack(t *testing.T) {
	browser.Each(t, func(t *testing.T, p *browser.Page) {
		_, guard, origin := open(t, "letters")
		p.Visit(origin)
		p.Await(ready)
		p.Type("[name=name]", "Ada")
		p.Type(".captcha-answer", letters(t, p, guard))
		first := browser.Value[string](p, `document.querySelector("[name=captcha_key]").value`)
		p.Requests()
		p.Follow(func() {
			browser.Value[bool](p, `[1, 2].every(() => document.forms[0].requestSubmit() === undefined)`)
		})
		asked := slices.DeleteFunc(p.Requests(), func(address string) bool {
			return !strings.Contains(address, "/response?")
		})
		if len(asked) != 1 {
			t.Errorf("the page asked for a response at %q", asked)
		}
		want(t, p, "Thank you", "localhost")
		p.Back()
		p.Await(ready + ` && document.querySelector("[name=captcha_key]").value !== "` + first + `" &&
			document.querySelector(".captcha-answer").value === ""`)
		if left := browser.Value[string](p, `document.querySelector("[name=captcha_response]").value`); left != "" {
			t.Errorf("the form still has the response that was used: %s", left)
		}
		if browser.Value[string](p, `document.querySelector("[name=name]").value`) == "" { // a browser may have kept it
			p.Type("[name=name]", "Ada")
		}
		p.Type(".captcha-answer", letters(t, p, guard))
		p.Submit("[name=send]")
		want(t, p, "Thank you", "localhost")
		p.WantNoProblems()
	})
}

// Who sends the form again because the reply is slow is told to wait, and sends one order. In a shadow tree too.
func TestSlowExchange(t *testing.T) {
	for _, place := range []string{`true`, `((place, form) => {
		document.body.append(place);
		place.attachShadow({mode: "open"}).append(form);
		return true;
	})(document.createElement("div"), form)`} {
		_, guard, origin := open(t, "letters")
		p := browser.Open(t)
		p.Visit(origin)
		p.Await(ready)
		p.Type("[name=name]", "Ada")
		p.Type(".captcha-answer", letters(t, p, guard))
		browser.Value[bool](p, `((real) => {
			window.form = document.forms[0];
			const wait = new Promise((begin) => (window.begin = () => begin() === undefined));
			window.fetch = async (url, options) => (/\/response\b/.test(url) && await wait, real(url, options));
			return true;
		})(window.fetch)`)
		browser.Value[bool](p, place)
		const send, said = `form.elements.send.click() === undefined`, `form.querySelector("[role=status]").textContent`
		browser.Value[bool](p, send)
		browser.Value[bool](p, send)
		p.Await(said + ` === "The form is being sent. Wait a moment."`)
		p.Follow(func() { browser.Value[bool](p, `begin()`) })
		want(t, p, "Thank you", "localhost")
		p.WantNoProblems()
	}
}

// A page that sends its form by script asks for the response, under the names that it chose.
func TestResponseByScript(t *testing.T) {
	_, guard, origin := open(t, "letters")
	p := browser.Open(t)
	p.Visit(origin)
	p.Await(ready)
	browser.Value[bool](p, `(() => {
		document.querySelector("captcha-site").remove();
		const site = Object.assign(document.createElement("captcha-site"), {lang: "de"});
		site.dataset.sitekey = "shop";
		site.dataset.response = "g-recaptcha-response h-captcha-response";
		document.querySelector("form").append(site);
		return true;
	})()`)
	p.Await(ready + ` && document.querySelector("captcha-field").lang === "de"`)
	const ask = `document.querySelector("captcha-site").response()`
	if got := browser.Value[string](p, ask); got != "" {
		t.Errorf("a response before anything was typed: %s", got)
	}
	p.Type(".captcha-answer", letters(t, p, guard))
	got := browser.Value[string](p, ask)
	if !strings.HasSuffix(got, ".localhost") || browser.Value[string](p, ask) != got {
		t.Errorf("the response is %q", got)
	}
	for _, name := range []string{"g-recaptcha-response", "h-captcha-response"} {
		field := browser.Value[string](p, `new FormData(document.querySelector("form")).getAll("`+name+`").join()`)
		if field != got {
			t.Errorf("the form has %q as %s", field, name)
		}
	}
	if !browser.Value[bool](p, `document.querySelector("captcha-site").refresh()`) {
		t.Error("no new challenge")
	}
	if left := browser.Value[string](p, `document.querySelector("[name=g-recaptcha-response]").value`); left != "" {
		t.Errorf("after a refresh the form still has %q", left)
	}
	p.WantNoProblems()
}

// A page of an origin that the site does not list gets no challenge, even if it knows another page's purpose.
func TestStrangerGetsNothing(t *testing.T) {
	number := port.Free(t)
	s, _ := start(t, "https://shop.example", "letters")
	shop(t, s, number)
	p := browser.Open(t)
	p.Visit(fmt.Sprint("http://localhost:", number))
	p.Await(`window.customElements.get("captcha-site")`)
	failed := `new Promise((told) => document.addEventListener("failed", (event) => told(event.detail.reason)))`
	if reason := browser.Value[string](p, `(() => {
		const told = `+failed+`;
		const site = document.querySelector("captcha-site");
		site.replaceWith(site.cloneNode());
		return told;
	})()`); reason != "offline" { // browsers don't tell a page why it may not read a reply
		t.Errorf("the page is told %q", reason)
	}
	if browser.Value[bool](p, "Boolean("+ready+")") {
		t.Error("the field is there")
	}
	refusals := strings.Join(p.Problems(), "\n")
	if !strings.Contains(refusals, "CORS") {
		t.Errorf("the browser says:\n%s", refusals)
	}
	field := post(t, s.URL+"/api/captcha/field?purpose=site_shop", "https://shop.example", nil)
	purpose := find(t, field, `data-create="[^"]*purpose=([\w-]+)"`)
	for _, try := range []string{
		`fetch("` + s.URL + `/api/captcha/?purpose=` + purpose + `", {method: "POST"})`,
		`fetch("` + s.URL + `/api/siteverify/response?purpose=` + purpose + `", {
			method: "POST", headers: {"Content-Type": "application/json"}, body: "{}",
		})`,
		`fetch("` + s.URL + `/api/siteverify", {method: "POST", body: new URLSearchParams({secret: "x", response: "y"})})`,
	} {
		if got := browser.Value[string](p, try+`.then((reply) => reply.text(), () => "nothing")`); got != "nothing" {
			t.Errorf("%s: %s", try, got)
		}
	}
}

// A script of the page that sends JSON makes a preflight request, and is allowed.
func TestPreflight(t *testing.T) {
	s, _, origin := open(t, "letters")
	p := browser.Open(t)
	p.Visit(origin)
	p.Await(ready)
	purpose := browser.Value[string](p,
		`new URL(document.querySelector("captcha-field").dataset.create).searchParams.get("purpose")`)
	got := browser.Value[string](p, `fetch("`+s.URL+`/api/siteverify/response?purpose=`+purpose+`",
		{method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"},
	).then((reply) => reply.status + " " + reply.headers.get("Retry-After"))`)
	if got != "400 null" {
		t.Errorf("the page reads %s", got)
	}
}

// The example page is as short as the manual says.
func TestPageIsShort(t *testing.T) {
	text, err := os.ReadFile("shop/index.html")
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(text), "\n"); lines >= 40 {
		t.Errorf("the page has %d lines", lines)
	}
}
