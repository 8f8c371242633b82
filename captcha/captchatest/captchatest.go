// Package captchatest lets an app's tests get past its own captcha: it solves real challenges, so that the forms are
// tested as they run in production, with nothing switched off.
//
//	func TestContact(t *testing.T) {
//		guard := captcha.New()
//		app := newApp(guard)
//		challenge, err := guard.IssueTo(t.Context(), captcha.Visitor{})
//		// ... post challenge.Key and captchatest.Solve(t, guard, challenge.Key)
//	}
//
// Its functions take a testing.TB, so that nobody calls them in production by accident.
package captchatest

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/internal/reveal"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

// Solve returns the answer to the challenge that key names, and uses nothing up. It fails the test at once if the key
// is unknown, used or expired, or if the storage failed. The guard need not be the one that issued the challenge, nor
// in the same process, if it has the same settings and shares the secrets or the storage.
func Solve(t testing.TB, guard *captcha.Guard, key string) string {
	t.Helper()
	return SolveFor(t, guard, key, captcha.Visitor{})
}

// SolveFor is Solve for a challenge that is bound to a visitor.
func SolveFor(t testing.TB, guard *captcha.Guard, key string, visitor captcha.Visitor) string {
	t.Helper()
	answer, err := reveal.Answer(context.Background(), guard, key, visitor.Binding)
	if err != nil {
		t.Fatalf("captchatest: no answer for the key %q: %v", key, err)
	}
	return answer
}

// Try submits a value for the challenge that key names, past any route, and returns Verify's error, or FieldErrors for
// a value that can't be an answer.
func Try(t testing.TB, guard *captcha.Guard, key, value string) error {
	t.Helper()
	submission, err := guard.Submission(key, value, captcha.Visitor{})
	if err != nil {
		return err
	}
	return guard.Verify(context.Background(), submission)
}

// TryReceipt is Try for a receipt.
func TryReceipt(t testing.TB, guard *captcha.Guard, receipt string, visitor captcha.Visitor) error {
	t.Helper()
	submission, err := guard.ReceiptSubmission(receipt, visitor)
	if err != nil {
		return err
	}
	return guard.Verify(context.Background(), submission)
}

// Work does the work of the challenge that key names, as a browser does, and returns what a form submits as
// captcha_work. It uses nothing up.
func Work(t testing.TB, guard *captcha.Guard, key string, visitor captcha.Visitor) string {
	t.Helper()
	var r fasthttp.RequestCtx
	err := guard.Edge().Work(t.Context(), &r, key, visitor)
	var set work.Challenge
	if err == nil {
		err = json.Unmarshal(r.Response.Body(), &set)
	}
	var solution string
	if err == nil {
		solution, err = set.Solve(t.Context())
	}
	if err != nil {
		t.Fatalf("captchatest: no work for the key %q: %v", key, err)
	}
	return solution
}

// TryWork is Try for a solution.
func TryWork(t testing.TB, guard *captcha.Guard, key, solution string, visitor captcha.Visitor) error {
	t.Helper()
	submission, err := guard.WorkSubmission(key, solution, visitor)
	if err != nil {
		return err
	}
	return guard.Verify(context.Background(), submission)
}
