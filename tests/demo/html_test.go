package demo_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// validation are the rules of html-validate. The standard has no autocomplete="off" for a hidden field. Without it,
// Firefox puts back what was in such a field before a reload, so that an old key would be beside a new picture.
const validation = `{"extends": ["html-validate:standard"], "rules": {"valid-autocomplete": "off"}}`

// Every page is as the HTML standard has it, as it is first seen and with its errors.
func TestHTML(t *testing.T) {
	t.Parallel()
	program, err := filepath.Abs("../node_modules/.bin/html-validate")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("REQUIRE_BROWSER") == "1" {
			t.Fatalf("this needs html-validate, for REQUIRE_BROWSER is set: %v", err)
		}
		t.Skip("this needs html-validate, which npm ci --prefix tests installs")
	}
	v := visit(t, start(t))
	pages := map[string]page{}
	for _, path := range []string{"/", "/contact", "/signup", "/login", "/playground", "/developers", "/stats", "/nowhere"} {
		pages[strings.Trim(path, "/")] = v.get(path)
	}
	for _, path := range []string{"/", "/contact", "/signup", "/login"} {
		pages[strings.Trim(path, "/")+"-refused"] = v.submit(v.get(path), nil)
	}
	in := visit(t, start(t))
	form := in.get("/signup")
	in.want(in.submit(form, map[string]string{"email": "ada@example.org", "password": password, "captcha_value": in.solve(form)}), 303)
	pages["account"], pages["home-logged-in"] = in.get("/account"), in.get("/")
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(".htmlvalidate.json", validation)
	for name, p := range pages {
		write("page-"+name+".html", p.text)
	}
	if output, err := exec.Command(program, "--formatter", "text", filepath.Join(dir, "*.html")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// A form that was refused says so first in its title, and then in a list of what to do. The list has the focus and
// links to the fields, each of which says the same.
func TestRefusedFormsLead(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t))
	for _, row := range []struct {
		path   string
		fields map[string]string
		want   string
	}{
		{"/contact", nil, "name: Enter your name; email: Enter your email address; message: Enter your message; captcha: Type the characters"},
		{"/contact", map[string]string{"name": "Ada", "email": "ada", "message": strings.Repeat("x", 5001)},
			"email: Enter your email address in the form name@example.org; message: Shorten your message to 5000 characters; captcha: Type the characters"},
		{"/signup", map[string]string{"email": "ada@example.org", "password": "short", "captcha_value": "ABCD"},
			"password: Choose a password of at least 8 characters"},
		{"/login", nil, "email: Enter your email address; password: Enter your password"},
	} {
		p := v.submit(v.get(row.path), row.fields)
		v.want(p, 422)
		if title := text(find(p.root, func(n *html.Node) bool { return n.Data == "title" })); !strings.HasPrefix(title, "Error: ") {
			t.Errorf("%s: the title is %q", row.path, title)
		}
		list := find(p.root, func(n *html.Node) bool { return n.Data == "div" && attr(n, "aria-labelledby") == "slips" })
		if list == nil || !slices.ContainsFunc(list.Attr, func(a html.Attribute) bool { return a.Key == "autofocus" }) {
			t.Fatalf("%s: no list that has the focus", row.path)
		}
		var slips []string
		for _, link := range all(list, func(n *html.Node) bool { return n.Data == "a" }) {
			id := strings.TrimPrefix(attr(link, "href"), "#")
			if beside := strings.TrimSuffix(p.under(id+"-error"), "."); beside != text(link) || !p.has("input", "id", id) && !p.has("textarea", "id", id) {
				t.Errorf("%s: the list leads to %q, beside which is %q", row.path, id, beside)
			}
			if strings.HasPrefix(id, "captcha-") {
				id = "captcha"
			}
			slips = append(slips, id+": "+text(link))
		}
		if got := strings.Join(slips, "; "); got != row.want {
			t.Errorf("%s: %s\nwant %s", row.path, got, row.want)
		}
	}
	for _, path := range []string{"/", "/contact"} {
		if p := v.get(path); strings.Contains(p.text, "<title>Error") {
			t.Errorf("%s begins with an error", path)
		}
	}
	if p := v.submit(v.get("/"), nil); !strings.Contains(p.text, "<title>Error: ") {
		t.Error("home: an empty answer is not in the title")
	}
}

// A visitor who asks for new characters without script gets the form back as it was typed, and no complaint.
func TestNewCharactersWithoutScript(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t))
	for _, path := range []string{"/contact", "/signup"} {
		form := v.get(path)
		p := v.post(path, "urlencoded", map[string]string{
			"email": "ada@", "captcha_refresh": "1", "captcha_value": "AB", "captcha_key": form.field("captcha_key"),
		})
		v.want(p, 200)
		if p.field("email") != "ada@" || p.field("captcha_key") == form.field("captcha_key") || p.field("captcha_value") != "" ||
			strings.Contains(p.text, "aria-invalid") || strings.Contains(p.text, "<title>Error") {
			t.Errorf("%s: %s", path, p.words())
		}
	}
}

// The field speaks the page's language, whatever the visitor's browser prefers.
func TestOneLanguage(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t))
	for _, path := range []string{"/", "/contact", "/signup"} {
		r := v.request("GET", path, "", "")
		r.Header.Set("Accept-Language", "de")
		if p := v.do(r); !p.has("captcha-field", "lang", "en") {
			t.Errorf("%s: the field is in another language than the page", path)
		}
	}
}
