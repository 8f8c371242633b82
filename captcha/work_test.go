package captcha_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/wire"
)

var rounds = flag.Int("rounds", 20, "how often each test of single use lets 200 submissions run at once")

// withWork adds work that a test has done at once, and receipts.
func withWork(cfg captcha.Config) captcha.Config {
	cfg.Work = work.New(work.Config{Cost: 500, Range: 8, Parallel: 8})
	return withReceipts(cfg)
}

// widgetChallenge is what ALTCHA's widget is sent.
type widgetChallenge struct {
	Parameters    json.RawMessage
	Signature     string
	CodeChallenge *struct {
		Image, Audio string
		Length       int
	}
	Configuration struct{ VerifyURL string }
}

// widget asks for a challenge as ALTCHA's widget does.
func widget(t *testing.T, app *fiber.App, query string) (c widgetChallenge) {
	t.Helper()
	response, body := mustDo(t, app, httptest.NewRequest("GET", "/api/captcha/altcha"+query, nil))
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "application/json" ||
		response.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%s %v %s", response.Status, response.Header, body)
	}
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// solved is what the widget submits, and the key that it is about.
func (c widgetChallenge) solved(t *testing.T) (key string, payload map[string]any) {
	t.Helper()
	var set work.Challenge
	if err := json.Unmarshal(c.Parameters, &set); err != nil {
		t.Fatal(err)
	}
	counter, derived, err := set.Search(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var parameters map[string]any
	if err := json.Unmarshal(c.Parameters, &parameters); err != nil {
		t.Fatal(err)
	}
	return set.Data["key"], map[string]any{
		"challenge": map[string]any{"parameters": parameters, "signature": c.Signature},
		"solution":  map[string]any{"counter": counter, "derivedKey": derived, "time": 12.5},
	}
}

func packed(t *testing.T, payload any) string {
	t.Helper()
	text, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(text)
}

// send posts fields as JSON and returns the status with the body.
func send(t *testing.T, app *fiber.App, path string, fields map[string]string) string {
	t.Helper()
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	response, body := mustDo(t, app, post(path, "application/json", string(text)))
	return fmt.Sprintf("%d %s", response.StatusCode, body)
}

const (
	letIn      = "201 Created"
	isUnknown  = "400 " + wire.Unknown
	isWrong    = "400 " + wire.Wrong
	notRight   = `200 {"verified":false}`
	wrongWork  = "0000000000000000000000000000000000000000000000000000000000000000"
	endpoint   = "/api/contact"
	verifyPath = "/api/captcha/altcha/verify"
)

func TestWork(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		guard := captcha.New(withWork(cfg))
		app := newReceiptApp(guard)
		key := mustGenerate(t, guard)
		var texts [2]string
		for i := range texts {
			response, body := mustDo(t, app, httptest.NewRequest("GET", "/api/captcha/"+key+"/work", nil))
			if response.StatusCode != 200 || response.Header.Get("Content-Type") != "application/json" ||
				response.Header.Get("Cache-Control") != "no-store" {
				t.Fatalf("%s %v %s", response.Status, response.Header, body)
			}
			texts[i] = body
		}
		if texts[0] != texts[1] {
			t.Errorf("one key, two pieces of work: %s and %s", texts[0], texts[1])
		}
		var set work.Challenge
		if err := json.Unmarshal([]byte(texts[0]), &set); err != nil {
			t.Fatal(err)
		}
		solution, err := set.Solve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		met := map[string]string{"captcha_key": key, "captcha_work": solution}
		if got := send(t, app, endpoint, met); got != letIn {
			t.Errorf("the right solution: %s", got)
		}
		if got := send(t, app, endpoint, met); got != isUnknown {
			t.Errorf("again: %s", got)
		}
		spent := httptest.NewRequest("GET", "/api/captcha/"+key+"/work", nil)
		if response, _ := mustDo(t, app, spent); response.StatusCode != 404 {
			t.Errorf("the work of a spent challenge: %s", response.Status)
		}

		key = mustGenerate(t, guard)
		solution = captchatest.Work(t, guard, key, captcha.Visitor{})
		if got := send(t, app, endpoint, map[string]string{"captcha_key": key, "captcha_work": wrongWork}); got != isWrong {
			t.Errorf("a wrong solution: %s", got)
		}
		if got := send(t, app, endpoint, map[string]string{"captcha_key": key, "captcha_work": solution}); got != isUnknown {
			t.Errorf("the right one after it: %s", got)
		}

		// The solution of another challenge, of another purpose or visitor.
		key = mustGenerate(t, guard)
		another := captchatest.Work(t, guard, mustGenerate(t, guard), captcha.Visitor{})
		wantErr(t, captchatest.TryWork(t, guard, key, another, captcha.Visitor{}), captcha.ErrWrongAnswer)
		key = mustGenerate(t, guard)
		solution = captchatest.Work(t, guard, key, captcha.Visitor{})
		wantErr(t, captchatest.TryWork(t, guard.For("signup"), key, solution, captcha.Visitor{}), captcha.ErrUnknownKey)
		wantErr(t, captchatest.TryWork(t, guard, key, solution, captcha.Visitor{Binding: "a session"}), captcha.ErrUnknownKey)
		wantErr(t, captchatest.TryWork(t, guard, key, solution, captcha.Visitor{}), nil)
	})
}

// What can't be judged is refused under its own name and uses nothing up, in every encoding.
func TestRefusalsOfWork(t *testing.T) {
	guard := captcha.New(withWork(captcha.Config{}))
	app := newReceiptApp(guard)
	shown := mustChallenge(t, guard)
	key := shown.Key
	solution, answer := captchatest.Work(t, guard, key, captcha.Visitor{}), captchatest.Solve(t, guard, key)
	other, payload := widget(t, app, "").solved(t)
	widgets := packed(t, payload)
	letters := "captcha_key=" + key + "&captcha_value=" + answer
	form := fiber.MIMEApplicationForm
	const over4096 = `["Ensure this field has no more than 4096 characters."]`
	for _, row := range []struct{ contentType, body, want string }{
		{form, "captcha_work=" + solution, `{"captcha_key":` + required + `}`},
		{form, "captcha_work=" + solution + "&captcha_key=+", `{"captcha_key":` + wire.Blank + `}`},
		{form, "captcha_work=" + solution + "&captcha_key=" + strings.Repeat("k", 65), `{"captcha_key":` + over64 + `}`},
		{form, "captcha_key=" + key, `{"captcha_value":` + required + `}`},
		{form, "captcha_key=" + key + "&captcha_work=+", `{"captcha_value":` + required + `}`},
		{form, letters + "&captcha_work=" + solution + "&captcha_work=" + solution, `{"captcha_work":` + twice + `}`},
		{form, letters + "&captcha_work=" + solution + "0", `{"captcha_work":` + over64 + `}`},
		{form, letters + "&captcha_work=" + solution[1:], `{"captcha_work":` + noString + `}`},
		{form, letters + "&captcha_work=" + strings.Repeat("A", 64), `{"captcha_work":` + noString + `}`},
		{form, letters + "&captcha_work=%FF", `{"captcha_work":` + noString + `}`},
		{form, letters + "&captcha_work=a%00", `{"captcha_work":` + wire.NUL + `}`},
		{"application/json", `{"captcha_key":"` + key + `","captcha_work":null}`, `{"captcha_value":` + required + `}`},
		{"application/json", `{"captcha_key":"` + key + `","captcha_work":7}`, `{"captcha_work":` + noString + `}`},
		{form, "captcha_work=" + solution + "&captcha_key=made-up", wire.Unknown},
		{form, letters + "&altcha=" + widgets[1:], `{"altcha":` + noString + `}`},
		{form, letters + "&altcha=%21", `{"altcha":` + noString + `}`},
		{form, letters + "&altcha=e30%3D", `{"altcha":` + noString + `}`}, // {}
		{form, letters + "&altcha=" + strings.Repeat("A", 4097), `{"altcha":` + over4096 + `}`},
		{form, letters + "&altcha=A&altcha=A", `{"altcha":` + twice + `}`},
		{"application/json", `{"altcha":["x"]}`, `{"altcha":` + noString + `}`},
		{form, "altcha=+&captcha_work=", `{"captcha_key":` + required + `,"captcha_value":` + required + `}`},
		{form, "captcha_receipt=made-up&captcha_work=" + solution + "&" + letters, wire.Unknown},
	} {
		response, body := mustDo(t, app, post(endpoint, row.contentType, row.body))
		if response.StatusCode != 400 || body != row.want {
			t.Errorf("%.200s: %s %s, want %s", row.body, response.Status, body, row.want)
		}
	}
	wantErr(t, verify(guard, key, answer), nil)
	wantErr(t, verify(guard, other, captchatest.Solve(t, guard, other)), nil)

	for name, encode := range wire.Encodings {
		key := mustGenerate(t, guard)
		contentType, body := encode(map[string]string{
			"captcha_key":   key,
			"captcha_work":  " " + captchatest.Work(t, guard, key, captcha.Visitor{}) + "\n",
			"captcha_value": "never read",
		})
		if response, body := mustDo(t, app, post(endpoint, contentType, body)); response.StatusCode != 201 {
			t.Errorf("%s: %s %s", name, response.Status, body)
		}
		_, payload := widget(t, app, "").solved(t)
		contentType, body = encode(map[string]string{"altcha": packed(t, payload), "captcha_value": "never read"})
		if response, body := mustDo(t, app, post(endpoint, contentType, body)); response.StatusCode != 201 {
			t.Errorf("%s, ALTCHA: %s %s", name, response.Status, body)
		}
	}

	// A wrong solution uses the challenge up; the letters beside it are no second try.
	key = mustGenerate(t, guard)
	answer = captchatest.Solve(t, guard, key)
	fields := map[string]string{"captcha_key": key, "captcha_work": wrongWork, "captcha_value": answer}
	if got := send(t, app, endpoint, fields); got != isWrong {
		t.Errorf("wrong work beside right letters: %s", got)
	}
	wantErr(t, verify(guard, key, answer), captcha.ErrUnknownKey)

	// A guard without work reads none of its fields.
	plain := captcha.New()
	app = newReceiptApp(plain)
	if got := send(t, app, endpoint, map[string]string{"captcha_work": solution, "altcha": "!"}); got !=
		`400 {"captcha_key":`+required+`,"captcha_value":`+required+`}` {
		t.Errorf("without Config.Work: %s", got)
	}
	for _, path := range []string{"assets/work.js", "altcha", "altcha/verify", mustGenerate(t, plain) + "/work"} {
		if response, _ := mustDo(t, app, httptest.NewRequest("GET", "/api/captcha/"+path, nil)); response.StatusCode != 404 {
			t.Errorf("%s without Config.Work: %s", path, response.Status)
		}
	}
}

// Whatever is altered in what the widget was given is as unknown as an altered key, and spends nothing. What the
// browser computed is judged, once.
func TestAlteredWidgets(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		guard := captcha.New(withWork(cfg))
		app := newReceiptApp(guard)
		key, payload := widget(t, app, "").solved(t)
		signed := payload["challenge"].(map[string]any)
		parameters := signed["parameters"].(map[string]any)
		for name, was := range parameters {
			for _, now := range []any{"x", 1, nil, map[string]any{"key": key, "more": "x"}} {
				if name == "data" && now == nil || fmt.Sprint(now) == fmt.Sprint(was) {
					continue
				}
				parameters[name] = now
				got := send(t, app, endpoint, map[string]string{"altcha": packed(t, payload)})
				if got != isUnknown && got != `400 {"altcha":`+noString+`}` {
					t.Errorf("%s is %v: %s", name, now, got)
				}
			}
			parameters[name] = was
		}
		parameters["more"] = "x"
		if got := send(t, app, endpoint, map[string]string{"altcha": packed(t, payload)}); got != isUnknown {
			t.Errorf("with another member: %s", got)
		}
		delete(parameters, "more")
		signature := signed["signature"].(string)
		signed["signature"] = strings.Map(func(r rune) rune { return '0' }, signature)
		if got := send(t, app, endpoint, map[string]string{"altcha": packed(t, payload)}); got != isUnknown {
			t.Errorf("with another signature: %s", got)
		}
		signed["signature"] = signature

		right := packed(t, payload)
		if got := send(t, app, endpoint, map[string]string{"altcha": right}); got != letIn {
			t.Errorf("unaltered: %s", got)
		}
		if got := send(t, app, endpoint, map[string]string{"altcha": right}); got != isUnknown {
			t.Errorf("again: %s", got)
		}
		for name, now := range map[string]any{"counter": 1 << 20, "derivedKey": strings.Repeat("0", 64)} {
			_, payload := widget(t, app, "").solved(t)
			right := packed(t, payload)
			payload["solution"].(map[string]any)[name] = now
			if got := send(t, app, endpoint, map[string]string{"altcha": packed(t, payload)}); got != isWrong {
				t.Errorf("another %s: %s", name, got)
			}
			if got := send(t, app, endpoint, map[string]string{"altcha": right}); got != isUnknown {
				t.Errorf("the right one after another %s: %s", name, got)
			}
		}
	})
}

// If letters are demanded, the widget shows them after the work, and exchanges both for a receipt.
func TestWidgetWithLetters(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		clock := newClock()
		cfg.Now = clock.now
		cfg.Demand = func(_ *fiber.Ctx, purpose string) captcha.Demand {
			return map[string]captcha.Demand{"signup": captcha.LettersAndWork}[purpose]
		}
		guard := captcha.New(withWork(cfg))
		app := newReceiptApp(guard)
		signup := guard.For("signup")
		app.Post("/signup", signup.Protect, func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusCreated) })
		open := func() (key, right string, c widgetChallenge) {
			c = widget(t, app, "?purpose=signup")
			if c.CodeChallenge == nil || !strings.HasPrefix(c.CodeChallenge.Image, "data:image/png;base64,") ||
				c.CodeChallenge.Length != 4 || c.Configuration.VerifyURL != verifyPath+"?purpose=signup" {
				t.Fatalf("the widget is told %+v", c)
			}
			key, payload := c.solved(t)
			return key, packed(t, payload), c
		}
		answerOf := func(key string) string { return captchatest.Solve(t, signup, key) }
		exchange := func(c widgetChallenge, payload, code string) string {
			t.Helper()
			return send(t, app, c.Configuration.VerifyURL, map[string]string{"payload": payload, "code": code})
		}

		key, payload, c := open()
		answer := answerOf(key)
		for name, fields := range map[string]map[string]string{
			"no code":      {"payload": payload},
			"a blank code": {"payload": payload, "code": " "},
			"no payload":   {"code": answer},
			"an odd one":   {"code": answer, "payload": "!"},
		} {
			if got := send(t, app, c.Configuration.VerifyURL, fields); !strings.HasPrefix(got, "400 ") {
				t.Errorf("%s: %s", name, got)
			}
		}
		if got := send(t, app, "/signup", map[string]string{"altcha": payload}); got != `400 {"captcha_value":`+required+`}` {
			t.Errorf("work alone: %s", got)
		}
		if got := send(t, app, verifyPath, map[string]string{"payload": payload, "code": answer}); got != notRight {
			t.Errorf("for another purpose: %s", got)
		}
		got := exchange(c, payload, strings.ToLower(answer))
		receipt := between(got, `"payload":"`, `"`)
		if !strings.HasPrefix(got, "200 ") || !strings.Contains(got, `"verified":true`) || receipt == "" {
			t.Fatalf("the right letters: %s", got)
		}
		if got := exchange(c, payload, answer); got != notRight {
			t.Errorf("the right letters again: %s", got)
		}
		if got := exchange(c, receipt, answer); !strings.HasPrefix(got, "400 ") {
			t.Errorf("a receipt for a receipt: %s", got)
		}
		if got := send(t, app, endpoint, map[string]string{"altcha": receipt}); got != isUnknown {
			t.Errorf("the receipt for another purpose: %s", got)
		}
		if got := send(t, app, "/signup", map[string]string{"altcha": receipt}); got != letIn {
			t.Errorf("the receipt: %s", got)
		}
		if got := send(t, app, "/signup", map[string]string{"altcha": receipt}); got != isUnknown {
			t.Errorf("the receipt again: %s", got)
		}

		key, payload, c = open()
		answer = answerOf(key)
		if got := exchange(c, payload, "no"); got != notRight {
			t.Errorf("wrong letters: %s", got)
		}
		if got := exchange(c, payload, answer); got != notRight {
			t.Errorf("the right ones after them: %s", got)
		}
		key, payload, c = open()
		answer = answerOf(key)
		clock.move(5 * time.Minute)
		if got := exchange(c, payload, answer); got != notRight {
			t.Errorf("too late: %s", got)
		}
	})
}

// Of 200 submissions at once one is accepted: of work, of ALTCHA's payload, of letters and work for one key.
func TestConcurrentSubmissionsOfWork(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		guards := []*captcha.Guard{captcha.New(withWork(cfg))}
		if cfg.Storage != nil {
			guards = append(guards, captcha.New(withWork(cfg)), captcha.New(withWork(cfg)))
		}
		var apps []*fiber.App
		for _, guard := range guards {
			apps = append(apps, newReceiptApp(guard))
		}
		race := func(name string, try func(i int) bool) {
			var accepted atomic.Int32
			var all sync.WaitGroup
			for i := range 200 {
				all.Go(func() {
					if try(i) {
						accepted.Add(1)
					}
				})
			}
			all.Wait()
			if n := accepted.Load(); n != 1 {
				t.Fatalf("%s: accepted %d times", name, n)
			}
		}
		for range *rounds {
			key := mustGenerate(t, guards[0])
			solution := captchatest.Work(t, guards[0], key, captcha.Visitor{})
			race("work", func(i int) bool {
				return captchatest.TryWork(t, guards[i%len(guards)], key, solution, captcha.Visitor{}) == nil
			})
			key = mustGenerate(t, guards[0])
			answer := captchatest.Solve(t, guards[0], key)
			solution = captchatest.Work(t, guards[0], key, captcha.Visitor{})
			race("letters and work", func(i int) bool {
				if guard := guards[i%len(guards)]; i%2 == 0 {
					return verify(guard, key, answer) == nil
				} else {
					return captchatest.TryWork(t, guard, key, solution, captcha.Visitor{}) == nil
				}
			})
			_, payload := widget(t, apps[0], "").solved(t)
			fields := map[string]string{"altcha": packed(t, payload)}
			race("ALTCHA", func(i int) bool { return send(t, apps[i%len(apps)], endpoint, fields) == letIn })
		}
	})
}

// What a challenge was issued for and what is demanded of the request that brings it must both be met.
func TestDemands(t *testing.T) {
	or, and, only, nothing := captcha.LettersOrWork, captcha.LettersAndWork, captcha.LettersOnly, captcha.Nothing
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		var demanded captcha.Demand
		cfg.Demand = func(*fiber.Ctx, string) captcha.Demand { return demanded }
		guard := captcha.New(withWork(cfg))
		app := newReceiptApp(guard)
		const noValue, noWork = `400 {"captcha_value":` + required + `}`, `400 {"captcha_work":` + required + `}`
		for _, row := range []struct {
			issued, asked         captcha.Demand
			letters, solved, both string
		}{
			{or, or, letIn, letIn, letIn},
			{and, and, noWork, noValue, letIn},
			{only, only, letIn, noValue, letIn},
			// Less is asked of the request than when the challenge was issued.
			{and, or, isUnknown, isUnknown, isUnknown},
			{and, only, isUnknown, noValue, isUnknown},
			{only, or, letIn, isUnknown, isUnknown},
			// More is.
			{or, and, noWork, noValue, letIn},
			{or, only, letIn, noValue, letIn},
			{only, and, noWork, noValue, letIn},
			{nothing, or, letIn, letIn, letIn},
			// Levels are of work alone.
			{or, or.AtLevel(1), letIn, isUnknown, isUnknown},
			{or.AtLevel(1), or, letIn, letIn, letIn},
			{and, and.AtLevel(1), noWork, noValue, isUnknown},
			// Nothing is asked, and nothing read.
			{and, nothing, letIn, letIn, letIn},
		} {
			for brings, want := range map[string]string{"letters": row.letters, "work": row.solved, "both": row.both} {
				shown, err := guard.IssueTo(ctx, captcha.Visitor{Demand: row.issued})
				if err != nil {
					t.Fatal(err)
				}
				fields := map[string]string{"captcha_key": shown.Key}
				if brings != "work" {
					fields["captcha_value"] = captchatest.Solve(t, guard, shown.Key)
				}
				if brings != "letters" {
					fields["captcha_work"] = captcha.SolutionOf(t.Context(), guard, shown.Key)
				}
				demanded = row.asked
				if got := send(t, app, endpoint, fields); got != want {
					t.Errorf("%s for a challenge of %d where %d is demanded: %s, want %s", brings, row.issued, row.asked, got, want)
				}
			}
		}
		demanded = nothing
		if response, body := mustDo(t, app, post(endpoint, "text/plain", "whatever")); response.StatusCode != 201 {
			t.Errorf("nothing demanded, nothing read: %s %s", response.Status, body)
		}
	})
}

// If letters and work are demanded together, neither makes up for the other, and nobody is told which was wrong.
func TestLettersAndWorkAreOneTry(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		cfg.Demand = func(*fiber.Ctx, string) captcha.Demand { return captcha.LettersAndWork }
		guard := captcha.New(withWork(cfg))
		app := newReceiptApp(guard)
		for _, wrong := range []string{"captcha_value", "captcha_work"} {
			shown, err := guard.IssueTo(ctx, captcha.Visitor{Demand: captcha.LettersAndWork})
			if err != nil {
				t.Fatal(err)
			}
			fields := map[string]string{
				"captcha_key":   shown.Key,
				"captcha_value": captchatest.Solve(t, guard, shown.Key),
				"captcha_work":  captchatest.Work(t, guard, shown.Key, captcha.Visitor{}),
			}
			right := fields[wrong]
			fields[wrong] = strings.Repeat("0", len(right))
			if got := send(t, app, endpoint, fields); got != isWrong {
				t.Errorf("a wrong %s: %s", wrong, got)
			}
			fields[wrong] = right
			if got := send(t, app, endpoint, fields); got != isUnknown {
				t.Errorf("all right after a wrong %s: %s", wrong, got)
			}
		}
	})
}

// A receipt is worth what was brought for it.
func TestReceiptsAreWorthWhatWasBrought(t *testing.T) {
	var demanded captcha.Demand
	cfg := withWork(captcha.Config{Demand: func(*fiber.Ctx, string) captcha.Demand { return demanded }})
	guard := captcha.New(cfg)
	app := newReceiptApp(guard)
	exchange := func(by string) string {
		demanded = captcha.LettersOrWork.AtLevel(1)
		shown, err := guard.IssueTo(ctx, captcha.Visitor{Demand: demanded})
		if err != nil {
			t.Fatal(err)
		}
		fields := map[string]string{"captcha_key": shown.Key, "captcha_value": captchatest.Solve(t, guard, shown.Key)}
		if by == "work" {
			fields = map[string]string{
				"captcha_key":  shown.Key,
				"captcha_work": captchatest.Work(t, guard, shown.Key, captcha.Visitor{}),
			}
		}
		return between(send(t, app, "/api/captcha/receipt/", fields), `"captcha_receipt":"`, `"`)
	}
	for _, row := range []struct {
		by    string
		asked captcha.Demand
		want  string
	}{
		{"letters", captcha.LettersOrWork.AtLevel(3), letIn},
		{"letters", captcha.LettersOnly, letIn},
		{"letters", captcha.LettersAndWork, isUnknown},
		{"work", captcha.LettersOrWork.AtLevel(1), letIn},
		{"work", captcha.LettersOrWork.AtLevel(2), isUnknown},
		{"work", captcha.LettersOnly, isUnknown},
		{"work", captcha.LettersAndWork, isUnknown},
	} {
		receipt := exchange(row.by)
		demanded = row.asked
		if got := send(t, app, endpoint, map[string]string{"captcha_receipt": receipt}); got != row.want {
			t.Errorf("a receipt for %s where %d is demanded: %s, want %s", row.by, row.asked, got, row.want)
		}
	}
	demanded = captcha.Nothing
	got := send(t, app, "/api/captcha/receipt/", nil)
	demanded = 0
	receipt := between(got, `"captcha_receipt":"`, `"`)
	if got := send(t, app, endpoint, map[string]string{"captcha_receipt": receipt}); got != isUnknown {
		t.Errorf("a receipt for nothing: %s", got)
	}
}

// The level is the one that was sealed, for our own field and for ALTCHA's widget.
func TestLevelsAreSealed(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		demanded := captcha.LettersOrWork.AtLevel(3)
		cfg.Demand = func(*fiber.Ctx, string) captcha.Demand { return demanded }
		guard := captcha.New(withWork(cfg))
		app := newReceiptApp(guard)
		_, body := mustDo(t, app, post("/api/captcha/", "", ""))
		key := between(body, `"captcha_key":"`, `"`)
		c := widget(t, app, "")
		demanded = captcha.LettersOrWork // a visitor who now looks harmless
		_, body = mustDo(t, app, httptest.NewRequest("GET", "/api/captcha/"+key+"/work?level=0", nil))
		for _, text := range []string{body, string(c.Parameters)} {
			if !strings.Contains(text, `"range":64,`) { // 8 at level 0
				t.Errorf("the work is %s", text)
			}
		}
	})
}

// busyWork has no turn for anybody.
type busyWork struct{ *work.Work }

func (busyWork) Challenge(context.Context, [32]byte, uint8) ([]byte, error) { return nil, work.ErrBusy }
func (busyWork) Altcha(context.Context, [32]byte, uint8, string, time.Time, map[string]any) ([]byte, error) {
	return nil, work.ErrBusy
}

func TestBusyWorkIs503(t *testing.T) {
	var events []captcha.Event
	guard := captcha.New(captcha.Config{Work: busyWork{work.New()},
		Observe: func(_ context.Context, e captcha.Event) { events = append(events, e) }})
	app := newReceiptApp(guard)
	for _, path := range []string{mustGenerate(t, guard) + "/work", "altcha"} {
		response, body := mustDo(t, app, httptest.NewRequest("GET", "/api/captcha/"+path, nil))
		if response.StatusCode != 503 || response.Header.Get("Retry-After") == "" ||
			!strings.HasPrefix(body, `{"detail":"No work`) {
			t.Errorf("%s: %s %s", path, response.Status, body)
		}
	}
	if e := events[1]; e.Kind != captcha.Worked || e.Reason != captcha.Busy || !errors.Is(e.Err, work.ErrBusy) {
		t.Errorf("%+v", e)
	}
}

func TestEventsTellTheWay(t *testing.T) {
	var last captcha.Event
	guard := captcha.New(withWork(captcha.Config{
		Observe: func(_ context.Context, e captcha.Event) { last = e },
		Demand: func(c *fiber.Ctx, purpose string) captcha.Demand {
			return map[string]captcha.Demand{"both": captcha.LettersAndWork, "none": captcha.Nothing}[purpose]
		},
	}))
	app := newReceiptApp(guard)
	for _, purpose := range []string{"both", "none"} {
		app.Post("/"+purpose, guard.For(purpose).Protect, func(c *fiber.Ctx) error {
			return c.SendStatus(fiber.StatusCreated)
		})
	}
	key := mustGenerate(t, guard)
	_, payload := widget(t, app, "").solved(t)
	both, err := guard.For("both").IssueTo(ctx, captcha.Visitor{Demand: captcha.LettersAndWork})
	if err != nil {
		t.Fatal(err)
	}
	worked := map[string]string{
		"captcha_key":  key,
		"captcha_work": captchatest.Work(t, guard, key, captcha.Visitor{}),
	}
	lettersAndWork := map[string]string{
		"captcha_key":   both.Key,
		"captcha_value": captchatest.Solve(t, guard.For("both"), both.Key),
		"captcha_work":  captchatest.Work(t, guard.For("both"), both.Key, captcha.Visitor{}),
	}
	for _, row := range []struct {
		path   string
		fields map[string]string
		want   captcha.Way
	}{
		{endpoint, worked, captcha.Work},
		{endpoint, map[string]string{"altcha": packed(t, payload)}, captcha.Altcha},
		{endpoint, map[string]string{"captcha_receipt": mustReceipt(t, guard, captcha.Visitor{})}, captcha.Receipt},
		{"/both", lettersAndWork, captcha.Both},
		{"/none", nil, captcha.None},
	} {
		got := send(t, app, row.path, row.fields)
		if got != letIn || last.Way != row.want || last.Reason != captcha.OK || last.Kind != captcha.Verified {
			t.Errorf("%s: %s, %+v", row.want, got, last)
		}
	}
}

// The form field is told the address of the work if work counts, and only then.
func TestFieldWithWork(t *testing.T) {
	guard := captcha.New(withWork(captcha.Config{}))
	signup := guard.For("signup")
	app := newReceiptApp(guard)
	for demand, there := range map[captcha.Demand]bool{
		0:                                true,
		captcha.LettersOrWork.AtLevel(2): true,
		captcha.LettersAndWork:           true,
		captcha.LettersOnly:              false,
	} {
		shown, err := signup.IssueTo(ctx, captcha.Visitor{Demand: demand})
		if err != nil {
			t.Fatal(err)
		}
		url, worker, _ := captcha.FieldWork(shown)
		if !there {
			if url != "" || worker != "" {
				t.Errorf("demand %d: %q, %q", demand, url, worker)
			}
			path := "/api/captcha/" + shown.Key + "/work?purpose=signup"
			if response, _ := mustDo(t, app, httptest.NewRequest("GET", path, nil)); response.StatusCode != 404 {
				t.Errorf("the work of a challenge that takes none: %s", response.Status)
			}
			continue
		}
		if response, body := mustDo(t, app, httptest.NewRequest("GET", url, nil)); response.StatusCode != 200 {
			t.Errorf("%s: %s %s", url, response.Status, body)
		}
		response, body := mustDo(t, app, httptest.NewRequest("GET", worker, nil))
		if response.StatusCode != 200 || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/javascript") ||
			!strings.Contains(response.Header.Get("Cache-Control"), "immutable") || body != work.New().Script() {
			t.Errorf("%s: %s %v", worker, response.Status, response.Header)
		}
	}
	shown, err := guard.IssueTo(ctx, captcha.Visitor{Demand: captcha.Nothing})
	if err != nil || shown.Field() != "" {
		t.Errorf("a field where nothing is demanded: %s, %v", shown.Field(), err)
	}
}

// A form that comes back brings the work that was done, unless more is demanded by then.
func TestWorkOfAFormThatComesBack(t *testing.T) {
	var demanded captcha.Demand
	guard := captcha.New(withWork(captcha.Config{Demand: func(*fiber.Ctx, string) captcha.Demand { return demanded }}))
	app := fiber.New()
	var again *captcha.Challenge
	app.Post("/", func(c *fiber.Ctx) (err error) {
		again, err = guard.Issue(c)
		return err
	})
	shown := mustChallenge(t, guard)
	solution := captchatest.Work(t, guard, shown.Key, captcha.Visitor{})
	for _, row := range []struct {
		demanded captcha.Demand
		work     string
		same     bool
		solved   string
	}{
		{0, solution, true, solution},
		{0, `"><b>`, true, ""},
		{captcha.LettersOrWork.AtLevel(1), solution, false, ""},
		{captcha.LettersOnly, solution, false, ""},
	} {
		demanded = row.demanded
		send(t, app, "/", map[string]string{"captcha_key": shown.Key, "captcha_work": row.work})
		if _, _, solved := captcha.FieldWork(again); solved != row.solved || (again.Key == shown.Key) != row.same {
			t.Errorf("demand %d, work %q: solved %q, the same challenge: %v",
				row.demanded, row.work, solved, again.Key == shown.Key)
		}
	}
}

// 10,000 alterations of one payload are refused and leave it as good as it was.
func TestTenThousandAlterations(t *testing.T) {
	guard := captcha.New(withWork(captcha.Config{}))
	app := newReceiptApp(guard)
	_, payload := widget(t, app, "").solved(t)
	signed := payload["challenge"].(map[string]any)
	text, err := json.Marshal(signed)
	if err != nil {
		t.Fatal(err)
	}
	solution, err := json.Marshal(payload["solution"])
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range 10_000 {
		altered := []byte(string(text))
		at := i * 7919 % len(altered)
		altered[at] ^= byte(1 + i%7)
		whole := `{"challenge":` + string(altered) + `,"solution":` + string(solution) + `}`
		encoded := base64.StdEncoding.EncodeToString([]byte(whole))
		got := send(t, app, endpoint, map[string]string{"altcha": encoded})
		if strings.HasPrefix(got, "400 ") && got != isWrong {
			refused++
		} else {
			t.Fatalf("%s: %s", altered, got)
		}
	}
	if got := send(t, app, endpoint, map[string]string{"altcha": packed(t, payload)}); got != letIn {
		t.Errorf("after %d refusals: %s", refused, got)
	}
}

func FuzzAltcha(f *testing.F) {
	guard := captcha.New(withWork(captcha.Config{Secrets: []string{secretA}}))
	app := newReceiptApp(guard)
	f.Add(`{"challenge":{"parameters":{"algorithm":"PBKDF2/SHA-256","data":{"key":"k"}},"signature":"00"},` +
		`"solution":{"counter":1,"derivedKey":"00"}}`)
	f.Add(`{"captcha_receipt":"made-up"}`)
	f.Add(`{"challenge":{"parameters":[1]}}`)
	f.Fuzz(func(t *testing.T, payload string) {
		encoded := base64.StdEncoding.EncodeToString([]byte(payload))
		if got := send(t, app, endpoint, map[string]string{"altcha": encoded}); !strings.HasPrefix(got, "400 ") {
			t.Fatalf("%q: %s", payload, got)
		}
	})
}
