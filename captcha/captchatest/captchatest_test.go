package captchatest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
)

// failing is a testing.TB that keeps what it fails with.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Helper() {}
func (f *failing) Fatalf(format string, args ...any) {
	f.said = fmt.Sprintf(format, args...)
	panic(f)
}

func said(t *testing.T, solve func(t testing.TB)) string {
	t.Helper()
	f := &failing{TB: t}
	func() {
		defer func() { recover() }()
		solve(f)
	}()
	return f.said
}

// A test that solves with the guard of another purpose is told which guard it needs.
func TestSolveSaysWhichPurposeItTakes(t *testing.T) {
	guard := captcha.New()
	contact := guard.For("contact")
	challenge, err := contact.IssueTo(t.Context(), captcha.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	got := said(t, func(t testing.TB) { captchatest.Solve(t, guard, challenge.Key) })
	if !strings.Contains(got, `solve it with guard.For("contact")`) {
		t.Errorf("%q", got)
	}
	if got := said(t, func(t testing.TB) { captchatest.Solve(t, contact, challenge.Key) }); got != "" {
		t.Errorf("with the right one: %q", got)
	}
	if err := captchatest.Try(t, contact, challenge.Key, "WRONG"); err == nil {
		t.Fatal("WRONG is right")
	}
	got = said(t, func(t testing.TB) { captchatest.Solve(t, contact, challenge.Key) })
	if !strings.Contains(got, "it was used, has expired") || strings.Contains(got, "guard.For(\"contact\")") {
		t.Errorf("%q", got)
	}
}
