package captcha_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/pressure"
)

// press is a pressure that a test holds at a level, and what it was told.
type press struct {
	level int
	told  []string
}

func (p *press) Steps() []captcha.Step { return pressure.ConfigDefault.Steps }

func (p *press) Level(netip.Addr) int { return p.level }

func (p *press) Record(client netip.Addr, outcome captcha.Outcome) {
	name := []string{"taken", "right", "wrong", "computed"}[outcome]
	if client.IsValid() {
		name += " " + client.String()
	}
	p.told = append(p.told, name)
}

// under returns an app whose clients are under pressure.
func under(cfg captcha.Config) (*press, *captcha.Guard, *fiber.App) {
	p := &press{}
	cfg.Pressure = p
	guard := captcha.New(cfg)
	return p, guard, newReceiptApp(guard)
}

// created asks Create for a challenge.
func created(t *testing.T, app *fiber.App) (reply struct {
	Key    string `json:"captcha_key"`
	Asks   string `json:"captcha_asks"`
	Length int    `json:"captcha_length"`
}) {
	t.Helper()
	_, body := mustDo(t, app, httptest.NewRequest("POST", "/api/captcha/", nil))
	if err := json.Unmarshal([]byte(body), &reply); err != nil {
		t.Fatal(err)
	}
	return reply
}

// What is asked for at each level, and what is let in. A level below the one at issue changes nothing: what was
// demanded is in the key.
func TestPressure(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		for _, row := range []struct {
			demand  captcha.Demand
			level   int
			asks    string
			length  int
			letters string // what they alone are answered
			work    string
			both    string
		}{
			{captcha.LettersOrWork, 0, "either", 4, letIn, letIn, letIn},
			{captcha.LettersOrWork, 1, "either", 6, letIn, letIn, letIn},
			{captcha.LettersOrWork, 2, "either", 8, letIn, letIn, letIn},
			{captcha.LettersOrWork, 3, "both", 10, `400 {"captcha_work":` + required + `}`, `400 {"captcha_value":` + required + `}`, letIn},
			{captcha.LettersOnly, 2, "letters", 8, letIn, `400 {"captcha_value":` + required + `}`, letIn},
			{captcha.LettersOnly, 3, "both", 10, `400 {"captcha_work":` + required + `}`, `400 {"captcha_value":` + required + `}`, letIn},
		} {
			for _, now := range []int{row.level, 0} {
				cfg := cfg
				cfg.Demand = func(*fiber.Ctx, string) captcha.Demand { return row.demand }
				p, guard, app := under(withWork(cfg))
				brings := func(want string, fields ...string) {
					t.Helper()
					p.level = row.level
					reply := created(t, app)
					if reply.Asks != row.asks || reply.Length != row.length {
						t.Errorf("%v at level %d: %+v", row.demand, row.level, reply)
					}
					answer := captchatest.Solve(t, guard, reply.Key)
					if len(answer) != row.length {
						t.Errorf("at level %d the answer is %s", row.level, answer)
					}
					sent := map[string]string{"captcha_key": reply.Key}
					if slices.Contains(fields, "letters") {
						sent["captcha_value"] = answer
					}
					if slices.Contains(fields, "work") && row.asks != "letters" {
						sent["captcha_work"] = captchatest.Work(t, guard, reply.Key, captcha.Visitor{})
					}
					p.level = now
					if got := send(t, app, endpoint, sent); !strings.HasPrefix(got, want) && !(want == letIn && strings.HasPrefix(got, "201")) {
						t.Errorf("%v at level %d, now %d, with %v: %s, want %s", row.demand, row.level, now, fields, got, want)
					}
				}
				brings(row.letters, "letters")
				brings(row.work, "work")
				brings(row.both, "letters", "work")
			}
		}
	})
}

// Work doubles with each level.
func TestPressureOnWork(t *testing.T) {
	p, guard, app := under(withWork(captcha.Config{Logger: quiet}))
	for level, want := range []string{`"range":8,`, `"range":16,`, `"range":32,`, `"range":64,`} {
		p.level = level
		_, body := mustDo(t, app, httptest.NewRequest("GET", "/api/captcha/"+mustGenerate(t, guard)+"/work", nil))
		if !strings.Contains(body, want) {
			t.Errorf("level %d: %s", level, body)
		}
	}
}

// A level that rose by one while the answer was typed is forgiven; one that rose by more is not, so that nobody
// stores up cheap challenges.
func TestPressureRises(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		p, guard, _ := under(cfg)
		for now, want := range map[int]error{1: nil, 2: captcha.ErrUnknownKey, 3: captcha.ErrUnknownKey} {
			p.level = 0
			key := mustGenerate(t, guard)
			answer := captchatest.Solve(t, guard, key)
			p.level = now
			wantErr(t, verify(guard, key, answer), want)
			wantErr(t, verify(guard, key, answer), captcha.ErrUnknownKey) // it is used up
		}
	})
}

// A form that comes back shows its challenge again if the challenge would be accepted, whichever way the level went.
func TestPressureAndAFormThatComesBack(t *testing.T) {
	for level, again := range map[int]bool{0: true, 1: true, 2: true, 3: false} {
		p, guard, app := under(captcha.Config{Logger: quiet})
		p.level = 1
		key := mustGenerate(t, guard)
		p.level = level
		app.Post("/form", func(c *fiber.Ctx) error {
			challenge, err := guard.Issue(c)
			if err != nil {
				return err
			}
			return c.SendString(challenge.Key)
		})
		_, body := mustDo(t, app, post("/form", fiber.MIMEApplicationForm, "captcha_key="+key))
		if body == key != again {
			t.Errorf("at level %d the same again: %t", level, body == key)
		}
	}
}

// ALTCHA's widget brings letters by way of a receipt. If there are no receipts, it is asked for more work and no
// letters.
func TestPressureAndTheWidget(t *testing.T) {
	p, guard, app := under(withWork(captcha.Config{Logger: quiet}))
	p.level = 3
	set := widget(t, app, "")
	if set.CodeChallenge == nil || set.CodeChallenge.Length != 10 {
		t.Fatalf("%+v", set.CodeChallenge)
	}
	key, payload := set.solved(t)
	p.level = 2
	got := send(t, app, verifyPath, map[string]string{"payload": packed(t, payload), "code": captchatest.Solve(t, guard, key)})
	if !strings.HasPrefix(got, `200 {"payload":"`) {
		t.Fatal(got)
	}
	cfg := withWork(captcha.Config{Logger: quiet})
	cfg.Receipts = 0
	p, _, app = under(cfg)
	p.level = 3
	set = widget(t, app, "")
	if set.CodeChallenge != nil || !strings.Contains(string(set.Parameters), `"range":32`) {
		t.Errorf("%s, %+v", set.Parameters, set.CodeChallenge)
	}
	_, payload = set.solved(t)
	if got := send(t, app, endpoint, map[string]string{"altcha": packed(t, payload)}); !strings.HasPrefix(got, "201") {
		t.Error(got)
	}
}

// Pressure is told once what became of each challenge, and whose it was.
func TestPressureIsTold(t *testing.T) {
	inEveryMode(t, func(t *testing.T, cfg captcha.Config) {
		cfg.Client = func(c *fiber.Ctx) netip.Addr { return netip.MustParseAddr(c.Get("From")) }
		var levels []int
		cfg.Observe = func(_ context.Context, e captcha.Event) { levels = append(levels, e.Level) }
		p, guard, app := under(withWork(cfg))
		p.level = 2
		for _, value := range []string{"", "right", "wrong", "work", "unknown", "receipt"} {
			request := httptest.NewRequest("POST", "/api/captcha/", nil)
			request.Header.Set("From", "192.0.2.7")
			_, body := mustDo(t, app, request)
			key := between(body, `"captcha_key":"`, `"`)
			form, path := "captcha_key="+key+"&captcha_value=", endpoint
			switch value {
			case "right", "receipt":
				form += captchatest.Solve(t, guard, key)
			case "wrong":
				form += "2222"
			case "work":
				form = "captcha_key=" + key + "&captcha_work=" + captchatest.Work(t, guard, key, captcha.Visitor{})
			case "unknown":
				form = "captcha_key=unknown&captcha_value=2222"
			}
			if value == "receipt" {
				path = "/api/captcha/receipt/"
			}
			request = post(path, fiber.MIMEApplicationForm, form)
			request.Header.Set("From", "2001:db8::1")
			_, body = mustDo(t, app, request)
			if value == "receipt" {
				request = post(endpoint, fiber.MIMEApplicationForm, "captcha_receipt="+between(body, `"captcha_receipt":"`, `"`))
				request.Header.Set("From", "2001:db8::1")
				if response, body := mustDo(t, app, request); response.StatusCode != 201 {
					t.Error(body)
				}
			}
		}
		taken := "taken 192.0.2.7"
		want := []string{taken, taken, "right 2001:db8::1", taken, "wrong 2001:db8::1", taken, "computed 2001:db8::1", taken, taken, "right 2001:db8::1"}
		if !slices.Equal(p.told, want) {
			t.Errorf("told %q, want %q", p.told, want)
		}
		if n := len(slices.DeleteFunc(levels, func(level int) bool { return level != 2 })); n < len(want) {
			t.Errorf("%d events have the level", n)
		}
	})
}

// The field says how many letters there are, has room for work that may be asked for later, and its sound is as long
// as those of all answers at its level.
func TestPressureInTheField(t *testing.T) {
	p, guard, app := under(withWork(captcha.Config{Audio: voice, Logger: quiet}))
	for level, row := range []struct{ count, asks string }{{"(4 characters)", "either"}, {"(6 characters)", "either"}, {"(8 characters)", "either"}, {"(10 characters)", "both"}} {
		p.level = level
		challenge := mustChallenge(t, guard, "en")
		field := string(challenge.Field())
		if !strings.Contains(field, row.count) || !strings.Contains(field, `data-asks="`+row.asks+`"`) || !strings.Contains(field, `name="captcha_work"`) {
			t.Errorf("level %d: %s", level, field)
		}
		if want := 180 * (4 + 2*level) / 4; challenge.Width != want {
			t.Errorf("level %d: the picture is %d wide, want %d", level, challenge.Width, want)
		}
		p.level = 0
		_, sound := mustDo(t, app, httptest.NewRequest("GET", "/api/captcha/"+challenge.Key+"/audio.wav", nil))
		plain, err := voice.Speak(captchatest.Solve(t, guard, challenge.Key), "en", 4+2*level, [32]byte{})
		if err != nil || len(sound) != len(plain) {
			t.Errorf("level %d: a sound of %d bytes, want %d, %v", level, len(sound), len(plain), err)
		}
	}
	if field := string(mustChallenge(t, captcha.New(captcha.Config{})).Field()); strings.Contains(field, "data-asks") || strings.Contains(field, "data-count") {
		t.Errorf("without pressure: %s", field)
	}
}

// Answers grow as far as a key and a picture have room, and a typed one may be as long.
func TestPressureKeepsToTheRoom(t *testing.T) {
	for name, row := range map[string]struct {
		cfg  captcha.Config
		want [4]int
	}{
		"a key's 14 bytes": {captcha.Config{Length: 9}, [4]int{9, 11, 13, 14}},
		"a full key":       {captcha.Config{Length: 14, Picture: wide}, [4]int{14, 14, 14, 14}},
		"stored":           {captcha.Config{Length: 28, Stored: true, Picture: wide}, [4]int{28, 30, 32, 32}},
	} {
		t.Run(name, func(t *testing.T) {
			row.cfg.Logger = quiet
			p, guard, _ := under(row.cfg)
			for level, want := range row.want {
				p.level = level
				key := mustGenerate(t, guard)
				answer := captchatest.Solve(t, guard, key)
				if len(answer) != want {
					t.Errorf("level %d: %s, want %d letters", level, answer, want)
				}
				wantErr(t, verify(guard, key, answer), nil)
			}
		})
	}
}

// With the default pressure, a guesser is asked for more, and a visitor from elsewhere is not. With time the level
// falls.
func TestPressureAsItComes(t *testing.T) {
	now := newClock()
	guard := captcha.New(captcha.Config{Logger: quiet, Now: now.now, Pressure: pressure.New(pressure.Config{Now: now.now})})
	length := func(address string) int {
		visitor := captcha.Visitor{Client: netip.MustParseAddr(address)}
		challenge, err := guard.IssueTo(ctx, visitor)
		if err != nil {
			t.Fatal(err)
		}
		return len(captchatest.Solve(t, guard, challenge.Key))
	}
	for i := range 30 {
		visitor := captcha.Visitor{Client: netip.MustParseAddr("192.0.2.1")}
		challenge, err := guard.IssueTo(ctx, visitor)
		if err != nil {
			t.Fatal(err)
		}
		submission, err := guard.Submission(challenge.Key, "2222", visitor)
		if err != nil {
			t.Fatal(err)
		}
		if err := guard.Verify(ctx, submission); err == nil {
			t.Skip("a lucky guess", i)
		}
	}
	if a, b := length("192.0.2.1"), length("192.0.2.2"); a != 10 || b != 4 {
		t.Errorf("the guesser's answers have %d letters, its neighbour's %d", a, b)
	}
	now.move(26 * time.Minute)
	if n := length("192.0.2.1"); n != 4 {
		t.Errorf("later the guesser's answers have %d letters", n)
	}
}

// Pressure asks the storage for nothing: the storage gets the same calls as without it.
func TestPressureAsksNoStorage(t *testing.T) {
	calls := func(p captcha.Pressure) int {
		storage := newPlain()
		guard := captcha.New(withWork(captcha.Config{Storage: storage, Pressure: p, Logger: quiet, Secrets: []string{strings.Repeat("s", 32)}}))
		app := newReceiptApp(guard)
		for range 10 {
			key := mustGenerate(t, guard)
			if got := send(t, app, endpoint, map[string]string{"captcha_key": key, "captcha_value": captchatest.Solve(t, guard, key)}); got != letIn &&
				!strings.HasPrefix(got, "201") {
				t.Fatal(got)
			}
			send(t, app, endpoint, map[string]string{"captcha_key": mustGenerate(t, guard), "captcha_value": "2222"})
		}
		return storage.calls
	}
	if without, with := calls(nil), calls(pressure.New()); with != without || with == 0 {
		t.Errorf("%d calls with pressure, %d without", with, without)
	}
}

// A guard without pressure, with the secrets of one that has it, shows none of that one's pictures: it may have no room
// for them.
func TestPressureOfAnotherGuard(t *testing.T) {
	cfg := captcha.Config{Secrets: []string{strings.Repeat("s", 32)}, Audio: voice, Logger: quiet}
	p, guard, _ := under(cfg)
	p.level = 3
	key := mustGenerate(t, guard)
	other := captcha.New(cfg)
	app := newReceiptApp(other)
	app.Post("/form", func(c *fiber.Ctx) error {
		challenge, err := other.Issue(c)
		if err != nil {
			return err
		}
		return c.SendString(challenge.Key)
	})
	if response, body := mustDo(t, app, post("/form", fiber.MIMEApplicationForm, "captcha_key="+key)); response.StatusCode != 200 || body == key {
		t.Errorf("%s %s", response.Status, body)
	}
	if response, _ := mustDo(t, app, httptest.NewRequest("GET", "/api/captcha/"+key+"/audio.wav", nil)); response.StatusCode != 200 {
		t.Errorf("its sound: %s", response.Status)
	}
	wantErr(t, verify(other, key, captchatest.Solve(t, guard, key)), captcha.ErrMalformed) // ten letters where eight are the most
}

func TestStepsThatAreRefused(t *testing.T) {
	for _, steps := range [][]captcha.Step{make([]captcha.Step, 4), {{Letters: -1}}} {
		_, err := captcha.NewGuard(captcha.Config{Logger: quiet, Pressure: stepped(steps)})
		if err == nil || !strings.Contains(err.Error(), "Pressure.Steps") {
			t.Errorf("%v: %v", steps, err)
		}
	}
}

type stepped []captcha.Step

func (s stepped) Steps() []captcha.Step              { return s }
func (s stepped) Level(netip.Addr) int               { return 0 }
func (s stepped) Record(netip.Addr, captcha.Outcome) {}
func (s stepped) String() string                     { return fmt.Sprint([]captcha.Step(s)) }
