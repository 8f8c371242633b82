package work_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/browser"
)

// told is what the worker says.
type told struct {
	Type, Reason, Solution string
	Tries                  int
	Time                   float64
}

// workPage is a page on which work can be done, and the challenge of a seed of zeros.
func workPage(t *testing.T, w *work.Work, flags ...chromedp.ExecAllocatorOption) (*browser.Page, work.Challenge) {
	t.Helper()
	p := browser.Open(t, flags...)
	text, err := w.Challenge(t.Context(), [32]byte{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	var c work.Challenge
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	p.Visit(serve(t, w).URL + "/work.html")
	return p, c
}

// begin starts the worker, after messages of these types.
func begin(t *testing.T, p *browser.Page, challenge any, limit int, first ...string) {
	t.Helper()
	text, err := json.Marshal(challenge)
	if err != nil {
		t.Fatal(err)
	}
	messages := ""
	for _, m := range first {
		messages += fmt.Sprintf(", %q", m)
	}
	browser.Value[bool](p, fmt.Sprintf("begin(%s, %d%s)", text, limit, messages))
}

func awaitTold(p *browser.Page) told {
	p.Await("told.length === 1")
	return browser.Value[told](p, "told[0]")
}

func TestWorkerSolves(t *testing.T) {
	t.Parallel()
	w := work.New()
	p, c := workPage(t, w)
	begin(t, p, c, 0)
	got := awaitTold(p)
	if got.Type != "solved" || !w.Check([32]byte{}, 0, got.Solution) {
		t.Fatalf("the worker says %+v", got)
	}
	counter, _, err := c.Search(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Tries != int(counter)+1 || got.Time <= 0 {
		t.Errorf("it tried %d counters in %v ms, and %d is the right one", got.Tries, got.Time, counter)
	}
	p.WantNoProblems()
}

func TestWorkerFails(t *testing.T) {
	t.Parallel()
	w := work.New(work.Config{Range: 100})
	p, c := workPage(t, w)
	endless := c
	endless.KeyPrefix, endless.Range = strings.Repeat("0", 32), 1<<31-1
	exhausted := c
	exhausted.KeyPrefix = strings.Repeat("0", 32)
	unknown := c
	unknown.Algorithm = "SHA-256"
	costless := c
	costless.Cost = 0
	for _, row := range []struct {
		challenge any
		limit     int
		reason    string
	}{
		{endless, 100, "limit"},
		{exhausted, 0, "exhausted"},
		{unknown, 0, "unsupported"},
		{costless, 0, "error"},
		{map[string]any{"algorithm": c.Algorithm}, 0, "error"},
	} {
		begin(t, p, row.challenge, row.limit)
		if got := awaitTold(p); got.Type != "failed" || got.Reason != row.reason || got.Solution != "" {
			t.Errorf("instead of %q the worker says %+v", row.reason, got)
		}
		browser.Value[int](p, "worker.terminate(), told.length = 0")
	}
	p.WantNoProblems()
}

// The clock of a paused search stands still: a search with a limit of a tenth of a second doesn't give up in a whole
// one.
func TestWorkerPauses(t *testing.T) {
	t.Parallel()
	w := work.New(work.Config{Range: 100})
	p, c := workPage(t, w)
	c.KeyPrefix, c.Range = strings.Repeat("0", 32), 1<<31-1
	wait := func() {
		t.Helper()
		if n := browser.Value[int](p, "new Promise(done => setTimeout(() => done(told.length), 1000))"); n != 0 {
			t.Fatalf("while it is paused, the worker says %+v", browser.Value[told](p, "told[0]"))
		}
	}
	begin(t, p, c, 500, "pause") // before the start
	wait()
	browser.Value[bool](p, `(worker.postMessage({type: "resume"}), worker.postMessage({type: "pause"}), true)`)
	wait()
	browser.Value[bool](p, `(worker.postMessage({type: "resume"}), true)`)
	if got := awaitTold(p); got.Reason != "limit" || got.Tries < 2 {
		t.Errorf("after the pause the worker says %+v", got)
	}
	p.WantNoProblems()
}

// Over plain HTTP from elsewhere browsers have no crypto.subtle. The page is told, and can show letters.
func TestWorkerInsecure(t *testing.T) {
	t.Parallel()
	p := browser.Open(t, chromedp.Flag("host-resolver-rules", "MAP captcha.test 127.0.0.1"))
	address, err := url.Parse(serve(t, work.New()).URL)
	if err != nil {
		t.Fatal(err)
	}
	p.Visit("http://captcha.test:" + address.Port() + "/work.html")
	begin(t, p, work.Challenge{Algorithm: "PBKDF2/SHA-256"}, 0)
	if got := awaitTold(p); got.Type != "failed" || got.Reason != "insecure" {
		t.Errorf("the worker says %+v", got)
	}
}
