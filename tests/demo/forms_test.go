package demo_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// A visitor without JavaScript sees a picture that is in the page, and has all that the form needs in it.
func TestFormsNeedNoScript(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, path := range []string{"/", "/contact", "/signup"} {
		p := visit(t, s).get(path)
		picture := find(p.root, func(n *html.Node) bool {
			return n.Data == "img" && strings.HasPrefix(attr(n, "src"), "data:image/png;base64,")
		})
		if picture == nil || attr(picture, "alt") == "" {
			t.Errorf("%s has no picture with a description in it", path)
		}
		sound := find(p.root, func(n *html.Node) bool { return n.Data == "audio" })
		if sound == nil {
			t.Fatalf("%s has no sound", path)
		}
		if r := visit(t, s).get(attr(sound, "src")); r.StatusCode != 200 || r.Header.Get("Content-Type") != "audio/wav" {
			t.Errorf("the sound of %s: %s", path, r.Status)
		}
		for _, input := range all(p.root, func(n *html.Node) bool {
			return (n.Data == "input" || n.Data == "textarea") && attr(n, "type") != "hidden"
		}) {
			id := attr(input, "id")
			if id == "" || !p.has("label", "for", id) {
				t.Errorf("%s: the field %q has no label", path, attr(input, "name"))
			}
		}
		if got := p.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
	}
}

func TestContact(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t))
	typed := map[string]string{"name": "Ada <b>", "email": "ada..l@example.org", "message": "One\r\ntwo & three"}

	// After a visitor's mistake, all that was typed is still there, even the answer, and the message is beside its
	// field.
	first := v.get("/contact")
	typed["captcha_value"] = v.solve(first)
	again := v.submit(first, typed)
	v.want(again, http.StatusUnprocessableEntity)
	if got := again.under("email-error"); got != "Enter your email address in the form name@example.org" {
		t.Errorf("beside the address: %q", got)
	}
	for name, want := range map[string]string{"name": "Ada <b>", "email": "ada..l@example.org", "message": "One\ntwo & three", "captcha_value": typed["captcha_value"]} {
		if got := again.field(name); got != want {
			t.Errorf("%s is %q again, want %q", name, got, want)
		}
	}
	// Nothing was used up by that: the challenge still counts.
	if again.field("captcha_key") != first.field("captcha_key") {
		t.Error("the form came back with another challenge")
	}
	typed["email"] = "ada@example.org"
	sent := v.submit(first, typed)

	receipt := v.follow(sent)
	v.want(receipt, http.StatusOK)
	if reference := strings.TrimPrefix(sent.Header.Get("Location"), "/contact/"); len(reference) < 26 {
		t.Errorf("the reference %q has less than 128 bits", reference)
	}
	if words := receipt.words(); !strings.Contains(words, "Ada <b>") || !strings.Contains(words, "One\ntwo & three") {
		t.Errorf("the receipt says %s", words)
	}
	v.want(v.get(sent.Header.Get("Location")), http.StatusOK) // a reload
	v.want(v.get("/contact/"+strings.Repeat("A", 26)), http.StatusNotFound)

	// Sent again unchanged, as after the back button, it gets the same reply. With a change, it is refused.
	v.follow(v.submit(first, typed))
	typed["message"] += "!"
	used := v.submit(first, typed)
	v.want(used, http.StatusUnprocessableEntity)
	if !strings.Contains(used.words(), "already been used") || used.field("captcha_key") == first.field("captcha_key") || used.field("message") == "" {
		t.Errorf("a used challenge: %s", used.words())
	}
	typed["captcha_value"] = "WRONG"
	wrong := v.submit(used, typed)
	v.want(wrong, http.StatusUnprocessableEntity)
	if !strings.Contains(wrong.words(), "Type the new") || wrong.field("message") == "" {
		t.Errorf("a wrong answer: %s", wrong.words())
	}
	typed["captcha_value"] = v.solve(used)
	v.want(v.submit(used, typed), http.StatusUnprocessableEntity) // the wrong answer used it up
}

func TestSignupOncePerAddress(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := visit(t, s)
	signup := func(email string) page {
		v = visit(t, s) // a visitor who is logged in is not offered to sign up
		form := v.get("/signup")
		return v.submit(form, map[string]string{"email": email, "password": "correct horse", "captcha_value": v.solve(form)})
	}
	welcome := v.follow(signup("Grace@Example.org"))
	v.want(welcome, http.StatusOK)
	if !strings.Contains(welcome.words(), "Grace@Example.org") {
		t.Errorf("the account says %s", welcome.words())
	}
	for _, email := range []string{"Grace@Example.org", "grace@example.org", "GRACE@EXAMPLE.ORG"} {
		p := signup(email)
		v.want(p, http.StatusUnprocessableEntity)
		if got := p.under("email-error"); got != "Enter another email address, or log in. This one already has an account" {
			t.Errorf("%s: %q", email, got)
		}
		if p.field("password") != "" {
			t.Error("the password is in the page")
		}
	}
	// A visitor who has not solved the captcha is not told.
	form := v.get("/signup")
	p := v.submit(form, map[string]string{"email": "grace@example.org", "password": "correct horse", "captcha_value": "WRONG"})
	v.want(p, http.StatusUnprocessableEntity)
	if got := p.under("email-error"); got != "" {
		t.Errorf("without the captcha: %q", got)
	}
}

func TestSignupAtTheSameMoment(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t))
	emails := []string{"once@example.org", "ONCE@example.org", "Once@Example.Org"}
	var made, refused atomic.Int32
	var all sync.WaitGroup
	for n := range 12 {
		key, answer := v.challenge()
		all.Go(func() {
			reply := v.post("/api/signup", "json", map[string]string{"email": emails[n%3], "password": "correct horse",
				"captcha_key": key, "captcha_value": answer})
			switch reply.StatusCode {
			case http.StatusCreated:
				made.Add(1)
			case http.StatusBadRequest, http.StatusServiceUnavailable: // by then there were too many at once from one network
				refused.Add(1)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 || refused.Load() != 11 {
		t.Errorf("%d accounts made and %d refused, want 1 and 11", made.Load(), refused.Load())
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t))
	for _, row := range []struct{ password, want string }{
		{"", "Enter your password"},
		{"seven77", "Choose a password of at least 8 characters"},
		{strings.Repeat("x", 73), "Shorten your password to 72 bytes, which is 72 letters without accents"},
		{"with\x00null", "Enter your password without characters that can’t be read"},
	} {
		form := v.get("/signup")
		p := v.submit(form, map[string]string{"email": "p@example.org", "password": row.password, "captcha_value": v.solve(form)})
		v.want(p, http.StatusUnprocessableEntity)
		if got := p.under("password-error"); got != row.want {
			t.Errorf("%q: %q, want %q", row.password, got, row.want)
		}
	}
}

func TestTryOne(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t))
	home := v.get("/")
	right := map[string]string{"captcha_value": v.solve(home)}
	for _, row := range []struct {
		name   string
		on     page
		fields map[string]string
		status int
		want   string
	}{
		{"blank", home, map[string]string{"captcha_value": " "}, 422, "Type the characters. The challenge is not used up"},
		{"too long", home, map[string]string{"captcha_value": strings.Repeat("A", 99)}, 422, "can't be an answer"},
		{"right", home, right, 200, "seconds after the page was made"},
		{"again", home, right, 422, "had expired or had already been used."},
		{"wrong", v.get("/"), map[string]string{"captcha_value": "WRONG"}, 422, "Wrong:"},
		{"unknown", home, map[string]string{"captcha_key": "de67e7f3-72d9-42d8-9677-ea381610363d", "captcha_value": "ABCD"}, 422, "had expired or had already been used."},
	} {
		p := v.submit(row.on, row.fields)
		v.want(p, row.status)
		if !strings.Contains(p.words(), row.want) {
			t.Errorf("%s: want %q in %s", row.name, row.want, p.words())
		}
	}
}

func TestExpiredChallenge(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t, "CAPTCHA_TIMEOUT=1"))
	opened := time.Now() // where the solver's clock stands still, so that it solves what has expired
	v.guard = captcha.New(captcha.Config{Secrets: []string{secret}, Now: func() time.Time { return opened }})
	form := v.get("/contact")
	waitForExpiry(t, v, form)
	p := v.submit(form, map[string]string{"name": "Ada", "email": "ada@example.org", "message": "Late", "captcha_value": v.solve(form)})
	v.want(p, http.StatusUnprocessableEntity)
	if !strings.Contains(p.words(), "expired") || p.field("message") != "Late" {
		t.Errorf("expired: %s", p.words())
	}
}

// What browsers send on behalf of another site is refused, and nothing is used up by it.
func TestCrossOriginPosts(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t))
	form := v.get("/contact")
	fields := map[string]string{"name": "Ada", "email": "ada@example.org", "message": "Hello", "captcha_value": v.solve(form), "captcha_key": form.field("captcha_key")}
	send := func(path, header, value string) page {
		contentType, body := encodings["urlencoded"](fields)
		r := v.request(http.MethodPost, path, contentType, body)
		r.Header.Set(header, value)
		return v.do(r)
	}
	for _, path := range []string{"/", "/contact", "/signup", "/login", "/logout"} {
		for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example", "sec-fetch-site": "same-site"} {
			p := send(path, header, value)
			v.want(p, http.StatusForbidden)
			if !strings.Contains(p.words(), "sent from another site") {
				t.Errorf("%s: %s", path, p.words())
			}
		}
	}
	v.want(send("/contact", "Origin", "null"), http.StatusForbidden)
	v.want(send("/contact", "Origin", v.base), http.StatusSeeOther)
}
