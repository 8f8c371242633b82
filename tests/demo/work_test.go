package demo_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

// toil does the work of the challenge that a page has, and returns the solution.
func (v *visitor) toil(p page) (solution string) {
	v.t.Helper()
	reply := v.get("/api/captcha/" + p.field("captcha_key") + "/work?purpose=" + purposes[p.Request.URL.Path])
	v.want(reply, http.StatusOK)
	var set work.Challenge
	if err := json.Unmarshal([]byte(reply.text), &set); err != nil {
		v.t.Fatal(err)
	}
	solution, err := set.Solve(v.t.Context())
	if err != nil {
		v.t.Fatal(err)
	}
	return solution
}

// worked sends a page's form with work in place of letters.
func (v *visitor) worked(p page, solution string, fields map[string]string) page {
	v.t.Helper()
	values := url.Values{"captcha_key": {p.field("captcha_key")}, "captcha_value": {""}, "captcha_work": {solution}}
	for name, text := range fields {
		values.Set(name, text)
	}
	return v.do(v.request(http.MethodPost, p.Request.URL.Path, "application/x-www-form-urlencoded", values.Encode()))
}

// An account is made once with nothing typed for the captcha. A mistake in the form's own fields uses no work up.
func TestSignupByWork(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t))
	form := v.get("/signup")
	solution := v.toil(form)
	slip := v.worked(form, solution, map[string]string{"email": "ada", "password": password})
	v.want(slip, http.StatusUnprocessableEntity)
	if slip.field("captcha_key") != form.field("captcha_key") {
		t.Error("a slip in the address costs the challenge")
	}
	good := map[string]string{"email": "ada@example.org", "password": password}
	v.want(v.worked(form, solution, good), http.StatusSeeOther)
	good["email"] = "eve@example.org"
	again := v.worked(form, solution, good)
	v.want(again, http.StatusUnprocessableEntity)
	if again.field("captcha_key") == form.field("captcha_key") {
		t.Error("the used challenge is shown again")
	}
	v.want(v.worked(again, strings.Repeat("0", 64), good), http.StatusUnprocessableEntity)
}

// A visitor who writes a message has to read letters.
func TestContactTakesNoWork(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t))
	form := v.get("/contact")
	v.want(v.get("/api/captcha/"+form.field("captcha_key")+"/work?purpose=contact"), http.StatusNotFound)
	message := map[string]string{"name": "Ada", "email": "ada@example.org", "message": "Hello"}
	v.want(v.worked(form, strings.Repeat("0", 64), message), http.StatusUnprocessableEntity)
	message["captcha_value"] = v.solve(form)
	v.want(v.submit(form, message), http.StatusSeeOther)
}

// After failures a login takes work.
func TestLoginByWork(t *testing.T) {
	t.Parallel()
	s := start(t)
	account(t, s, "ada@example.org")
	v := visit(t, s)
	form := v.get("/login")
	for range 10 {
		if asked(form) {
			break
		}
		form = v.worked(form, "", map[string]string{"email": "ada@example.org", "password": "wrong horse"})
	}
	if !asked(form) {
		t.Fatal("no captcha after ten failures")
	}
	v.want(v.worked(form, v.toil(form), map[string]string{"email": "ada@example.org", "password": password}), http.StatusSeeOther)
}
