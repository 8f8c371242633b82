package siteverify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
	"github.com/fibercaptcha/fibercaptcha/captcha/siteverify"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

const (
	shop     = "https://shop.example"
	shop2    = "https://www.shop.example:8443"
	blog     = "http://blog.example"
	stranger = "https://evil.example"

	shopSecret = "0123456789abcdef0123456789abcdef"
	shopNext   = "1123456789abcdef0123456789abcdef"
	blogSecret = "2123456789abcdef0123456789abcdef"
)

func sites() []siteverify.Site {
	return []siteverify.Site{
		{Key: "shop", Secrets: []string{shopSecret, shopNext}, Origins: []string{shop, shop2}},
		{Key: "blog", Secrets: []string{blogSecret}, Origins: []string{blog}},
	}
}

// house is a captcha server with what it runs on.
type house struct {
	t     *testing.T
	app   *fiber.App
	guard *captcha.Guard
	now   time.Time
}

func open(t *testing.T, cfg captcha.Config, set siteverify.Config) *house {
	t.Helper()
	h := &house{t: t, app: fiber.New(), now: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return h.now }
	cfg.Now, set.Now = clock, clock
	h.guard = captcha.New(cfg)
	set.Guard = h.guard
	if set.Sites == nil {
		set.Sites = sites()
	}
	siteverify.New(set).Register(h.app)
	h.guard.Register(h.app)
	return h
}

type reply struct {
	status int
	header http.Header
	text   string
}

func (h *house) do(method, path, body string, headers ...string) reply {
	h.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", fiber.MIMEApplicationForm)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := h.app.Test(r, -1)
	if err != nil {
		h.t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(text)}
}

func (h *house) want(got reply, status int, text string) {
	h.t.Helper()
	if got.status != status || text != "" && got.text != text {
		h.t.Errorf("%d %s, want %d %s", got.status, got.text, status, text)
	}
}

// solved asks for a field as a page of an origin does, and returns its purpose and what the page would exchange.
func (h *house) solved(site, origin string) (purpose, body string) {
	h.t.Helper()
	field := h.do("POST", "/api/captcha/field?purpose=site_"+site, "", "Origin", origin)
	h.want(field, 200, "")
	find := func(pattern string) string {
		match := regexp.MustCompile(pattern).FindStringSubmatch(field.text)
		if match == nil {
			h.t.Fatalf("no %s in %s", pattern, field.text)
		}
		return match[1]
	}
	purpose, key := find(`data-create="[^"]*purpose=([\w-]+)"`), find(`name="captcha_key" type="hidden" value="([^"]+)"`)
	answer := captchatest.Solve(h.t, h.guard.For(purpose), key)
	return purpose, url.Values{"captcha_key": {key}, "captcha_value": {answer}}.Encode()
}

// response returns what a form of a page brings.
func (h *house) response(site, origin string) string {
	h.t.Helper()
	purpose, body := h.solved(site, origin)
	got := h.do("POST", "/api/siteverify/response?purpose="+purpose, body, "Origin", origin)
	h.want(got, 200, "")
	var given struct {
		Response string
		Expires  int `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(got.text), &given); err != nil || given.Response == "" || given.Expires != 300 {
		h.t.Fatalf("%s: %v", got.text, err)
	}
	return given.Response
}

func (h *house) verify(fields ...string) reply {
	h.t.Helper()
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return h.do("POST", "/api/siteverify", values.Encode())
}

func refused(codes ...string) string {
	text, _ := json.Marshal(map[string]any{"success": false, "error-codes": codes})
	list := text[len(`{"error-codes":`) : len(text)-len(`,"success":false}`)]
	return fmt.Sprintf(`{"success":false,"error-codes":%s}`, list)
}

func accepted(moment, hostname string) string {
	return fmt.Sprintf(`{"success":true,"challenge_ts":%q,"hostname":%q,"error-codes":[]}`, moment, hostname)
}

const noon = "2026-01-31T12:00:00.000Z"

func TestVerify(t *testing.T) {
	h := open(t, captcha.Config{}, siteverify.Config{})
	response := h.response("shop", shop)
	other := h.response("shop", shop2)
	h.now = h.now.Add(time.Minute)
	key, _, _ := strings.Cut(response, ".")
	forged := "A" + response[1:]
	if forged == response {
		forged = "B" + response[1:]
	}

	// What uses nothing up.
	for _, row := range []struct {
		fields []string
		code   string
	}{
		{nil, "missing-input-secret missing-input-response"},
		{[]string{"secret", shopSecret}, "missing-input-response"},
		{[]string{"response", response}, "missing-input-secret"},
		{[]string{"secret", "wrong", "response", response}, "invalid-input-secret"},
		{[]string{"secret", strings.ToUpper(shopSecret), "response", response}, "invalid-input-secret"},
		{[]string{"secret", blogSecret, "response", response}, "invalid-input-response"},
		{[]string{"secret", shopSecret, "response", response, "sitekey", "blog"}, "sitekey-secret-mismatch"},
		{[]string{"secret", shopSecret, "response", key}, "invalid-input-response"},
		{[]string{"secret", shopSecret, "response", key + ".www.shop.example"}, "invalid-input-response"},
		{[]string{"secret", shopSecret, "response", key + "."}, "invalid-input-response"},
		{[]string{"secret", shopSecret, "response", forged}, "invalid-input-response"},
		{[]string{"secret", shopSecret, "response", "made up"}, "invalid-input-response"},
		{[]string{"secret", shopSecret, "response", "." + strings.Repeat("x", 2000)}, "invalid-input-response"},
		{[]string{"secret", shopSecret, "response", strings.Repeat("x", 2049)}, "invalid-input-response"},
	} {
		h.want(h.verify(row.fields...), 200, refused(strings.Fields(row.code)...))
	}

	h.want(h.verify("secret", shopSecret, "response", response, "sitekey", "shop", "remoteip", "192.0.2.1"),
		200, accepted(noon, "shop.example"))
	h.want(h.verify("secret", shopSecret, "response", response), 200, refused("timeout-or-duplicate"))
	h.want(h.verify("secret", shopNext, "response", other), 200, accepted(noon, "www.shop.example"))
	blogs := h.response("blog", blog)
	h.want(h.verify("secret", blogSecret, "response", blogs), 200, accepted("2026-01-31T12:01:00.000Z", "blog.example"))
}

func TestResponsesExpire(t *testing.T) {
	h := open(t, captcha.Config{}, siteverify.Config{})
	response := h.response("shop", shop)
	for _, later := range []time.Duration{5 * time.Minute, time.Hour, 20 * time.Hour} {
		h.now = h.now.Add(later)
		h.want(h.verify("secret", shopSecret, "response", response), 200, refused("timeout-or-duplicate"))
	}
	response = h.response("shop", shop)
	h.now = h.now.Add(5*time.Minute - time.Millisecond)
	if got := h.verify("secret", shopSecret, "response", response); !strings.Contains(got.text, `"success":true`) {
		t.Error(got.text)
	}
}

func TestRepeats(t *testing.T) {
	h := open(t, captcha.Config{}, siteverify.Config{})
	response := h.response("shop", shop)
	ask := func(key string) reply {
		return h.verify("secret", shopSecret, "response", response, "idempotency_key", key)
	}
	yes, no := accepted(noon, "shop.example"), refused("timeout-or-duplicate")
	h.now = h.now.Add(5*time.Minute - time.Second) // the repeats come when it is too old to be used
	h.want(ask("one"), 200, yes)
	h.want(ask("one"), 200, yes)
	h.want(ask("two"), 200, no)
	h.want(ask(""), 200, no)
	h.now = h.now.Add(time.Minute)
	h.want(ask("one"), 200, yes)
	h.now = h.now.Add(time.Millisecond)
	h.want(ask("one"), 200, no)

	response = h.response("shop", shop)
	h.want(ask(""), 200, "")
	h.want(ask("one"), 200, no)
	h.want(ask("one"), 200, no)
	h.want(ask(""), 200, no)
	h.want(ask(strings.Repeat("x", 2049)), 400, refused("bad-request"))
}

func TestBodies(t *testing.T) {
	const form, js = "application/x-www-form-urlencoded", "application/json; charset=utf-8"
	h := open(t, captcha.Config{}, siteverify.Config{})
	response := h.response("shop", shop)
	fields := fmt.Sprintf(`"secret":%q,"response":%q`, shopSecret, response)
	for _, row := range []struct {
		method, body, media string
		status              int
		want                string
	}{
		{"GET", "", "", 405, refused("bad-request")},
		{"POST", "{", js, 400, refused("bad-request")},
		{"POST", "[]", js, 400, refused("bad-request")},
		{"POST", "secret=x", "text/plain", 415, refused("bad-request")},
		{"POST", "secret=" + strings.Repeat("x", 16<<10), form, 413, refused("bad-request")},
		{"POST", "secret=a&secret=b&response=c", form, 200, refused("invalid-input-secret")},
		{"POST", `{"secret":null,"response":7}`, js, 200, refused("missing-input-secret", "invalid-input-response")},
		{"POST", "{" + fields + `,"sitekey":7}`, js, 400, refused("bad-request")},
		{"POST", "{" + fields + `,"sitekey":"shop","idempotency_key":null,"remoteip":null,"more":1}`, js,
			200, accepted(noon, "shop.example")},
	} {
		got := h.do(row.method, "/api/siteverify", row.body, "Content-Type", row.media)
		h.want(got, row.status, row.want)
		if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", row.body, got.header)
		}
	}
}

// A body that an app streams is not read further than it may be long.
func TestStreamedBodiesAreBounded(t *testing.T) {
	app := fiber.New(fiber.Config{StreamRequestBody: true, BodyLimit: 1 << 30, DisableStartupMessage: true})
	guard := captcha.New()
	siteverify.New(siteverify.Config{Guard: guard, Sites: sites()}).Register(app)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go app.Listener(listener)
	defer app.Shutdown()
	waits, cancel := context.WithTimeout(t.Context(), 10*time.Second) // for a server that reads to the end
	defer cancel()
	body := io.MultiReader(strings.NewReader("secret="), strings.NewReader(strings.Repeat("x", 64<<10)), untilDone{waits})
	response, err := http.Post("http://"+listener.Addr().String()+"/api/siteverify", fiber.MIMEApplicationForm, body)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, _ := io.ReadAll(response.Body); response.StatusCode != 413 || string(text) != refused("bad-request") {
		t.Errorf("%s: %s", response.Status, text)
	}
	if waits.Err() != nil {
		t.Error("the server read to the end")
	}
}

// untilDone is the end of a body that does not come before its context is done.
type untilDone struct{ context.Context }

func (u untilDone) Read([]byte) (int, error) {
	<-u.Done()
	return 0, io.EOF
}

// A guard's path may have the name that its files' folder has. Its challenges are still for the sites' pages alone.
func TestCrossOriginBelowAssets(t *testing.T) {
	h := open(t, captcha.Config{Path: "/assets/"}, siteverify.Config{})
	for _, path := range []string{"/assets/", "/assets/field?purpose=site_shop", "/assets/field"} {
		if got := h.do("POST", path, "", "Origin", stranger); got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %q may read it", path, got.header.Get("Access-Control-Allow-Origin"))
		}
	}
	h.want(h.do("POST", "/assets/field?purpose=site_shop", "", "Origin", stranger), 403, "")
	h.want(h.do("POST", "/assets/field?purpose=site_shop", "", "Origin", shop), 200, "")
	got := h.do("GET", "/assets/assets/field.js", "", "Origin", stranger)
	if got.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("the script: %v", got.header)
	}
}

// A request for a picture or a sound in another site's page comes without an origin, and would use up what its visitor
// may ask for. If the page is of this very origin, or the browser does not tell, the request is answered.
func TestNoOriginFromAnotherSite(t *testing.T) {
	h := open(t, captcha.Config{Work: work.New(work.Config{Range: 50})}, siteverify.Config{})
	purpose, body := h.solved("shop", shop)
	key, err := url.ParseQuery(body)
	if err != nil {
		t.Fatal(err)
	}
	statuses := map[string]int{"cross-site": 403, "same-site": 403, "same-origin": 200, "none": 200, "": 200}
	for _, path := range []string{"/api/captcha/altcha", "/api/captcha/" + key.Get("captcha_key") + "/work"} {
		for from, status := range statuses {
			got := h.do("GET", path+"?purpose="+purpose, "",
				"Sec-Fetch-Site", from, "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image")
			if got.status != status {
				t.Errorf("%s, %q: status %d, want %d", path, from, got.status, status)
			}
			if got := h.do("GET", path+"?purpose="+purpose, "", "Sec-Fetch-Site", from, "Origin", shop); got.status != 200 {
				t.Errorf("%s, %q, for the site's own page: status %d", path, from, got.status)
			}
		}
	}
}

func TestCrossOrigin(t *testing.T) {
	h := open(t, captcha.Config{Work: work.New(work.Config{Range: 50})}, siteverify.Config{})
	purpose, body := h.solved("shop", shop)
	blogs, _ := h.solved("blog", blog)
	key, _ := url.ParseQuery(body)
	if key.Get("captcha_key") == "" {
		t.Fatal(body)
	}
	workPath := "/api/captcha/" + key.Get("captcha_key") + "/work?purpose="
	for _, row := range []struct {
		method, path, origin string
		status               int
		allowed              string
	}{
		{"POST", "/api/captcha/field?purpose=site_shop", shop, 200, shop},
		{"POST", "/api/captcha/field?purpose=site_shop", shop2, 200, shop2},
		{"POST", "/api/captcha/field?purpose=site_shop", blog, 403, ""},
		{"POST", "/api/captcha/field?purpose=site_shop", stranger, 403, ""},
		{"POST", "/api/captcha/field?purpose=site_shop", "null", 403, ""},
		{"POST", "/api/captcha/field?purpose=site_shop", "https://shop.example.evil.example", 403, ""},
		{"POST", "/api/captcha/field?purpose=site_shop", "http://shop.example", 403, ""},
		{"POST", "/api/captcha/field?purpose=site_shop", "https://shop.example:443", 403, ""},
		{"POST", "/api/captcha/field?purpose=site_shop", "", 403, ""},
		{"POST", "/api/captcha/field?purpose=site_none", shop, 403, ""},
		{"POST", "/api/captcha/?preset=field&purpose=" + purpose, shop, 200, shop},
		{"POST", "/api/captcha/?preset=field&purpose=" + purpose, shop2, 403, ""},
		{"POST", "/api/captcha/?preset=field&purpose=" + purpose, stranger, 403, ""},
		{"POST", "/api/captcha/?preset=field&purpose=" + purpose, "", 403, ""},
		{"GET", workPath + purpose, shop, 200, shop},
		{"GET", workPath + purpose, "", 200, ""}, // a page of the same origin, behind a proxy
		{"GET", workPath + purpose, stranger, 403, ""},
		{"GET", workPath + blogs, blog, 404, blog},
		{"POST", "/api/siteverify/response?purpose=" + purpose, shop, 400, shop},
		{"POST", "/api/siteverify/response?purpose=" + purpose, shop2, 403, ""},
		{"POST", "/api/siteverify/response?purpose=" + purpose, "", 403, ""},
		{"POST", "/api/siteverify/response", shop, 404, ""},
		{"GET", "/api/siteverify/response?purpose=" + purpose, shop, 405, shop},
		{"OPTIONS", "/api/captcha/field?purpose=site_shop", shop, 204, shop},
		{"OPTIONS", "/api/siteverify/response?purpose=" + purpose, shop, 204, shop},
		{"OPTIONS", "/api/siteverify/response?purpose=" + purpose, blog, 403, ""},
		{"OPTIONS", "/api/captcha/field?purpose=site_shop", stranger, 403, ""},
		{"GET", "/api/captcha/assets/field.js", stranger, 200, "*"},
		{"GET", "/api/siteverify/site.js", stranger, 200, "*"},
		{"POST", "/api/captcha/", stranger, 200, ""}, // the app's own challenges are not the server's
		{"POST", "/api/captcha/field?purpose=other", shop, 404, ""},
	} {
		headers := []string{"Access-Control-Request-Method", "POST"}
		if row.origin != "" {
			headers = append(headers, "Origin", row.origin)
		}
		got := h.do(row.method, row.path, "", headers...)
		if allowed := got.header.Get("Access-Control-Allow-Origin"); got.status != row.status || allowed != row.allowed {
			t.Errorf("%s %s from %s: %d, %q may read it; want %d, %q",
				row.method, row.path, row.origin, got.status, allowed, row.status, row.allowed)
		}
		if strings.Contains(row.path, "purpose=site_") && got.header.Get("Vary") != "Origin" {
			t.Errorf("%s %s: Vary is %q", row.method, row.path, got.header.Get("Vary"))
		}
		if got.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s %s allows credentials", row.method, row.path)
		}
		if row.status == 204 && got.header.Get("Access-Control-Allow-Methods") != "GET, POST" {
			t.Errorf("%s %s: %v", row.method, row.path, got.header)
		}
		if row.status == 403 && (strings.Contains(got.text, "captcha") || len(got.text) > 100) {
			t.Errorf("%s %s from %s: %s", row.method, row.path, row.origin, got.text)
		}
	}
}

// A challenge is for the pages of one origin of one site.
func TestChallengesAreForOneOrigin(t *testing.T) {
	h := open(t, captcha.Config{Receipts: time.Minute}, siteverify.Config{})
	purpose, body := h.solved("shop", shop)
	for site, origin := range map[string]string{"shop": shop2, "blog": blog} {
		other, _ := h.solved(site, origin)
		got := h.do("POST", "/api/siteverify/response?purpose="+other, body, "Origin", origin)
		h.want(got, 400, `{"message":"`+h.guard.Message("en", captcha.ErrUnknownKey)+`"}`)
	}
	got := h.do("POST", "/api/captcha/receipt/?purpose="+purpose, body, "Origin", shop)
	h.want(got, 200, "")
	// What the guard itself gives for a met challenge is not verified here.
	var given map[string]any
	if err := json.Unmarshal([]byte(got.text), &given); err != nil {
		t.Fatal(err)
	}
	response := fmt.Sprint(given["captcha_receipt"], ".shop.example")
	h.want(h.verify("secret", shopSecret, "response", response), 200, refused("invalid-input-response"))
}

func TestWrongAnswersAreExplained(t *testing.T) {
	h := open(t, captcha.Config{}, siteverify.Config{})
	purpose, body := h.solved("shop", shop)
	wrong, _ := url.ParseQuery(body)
	wrong.Set("captcha_value", "no")
	path := "/api/siteverify/response?purpose=" + purpose
	h.want(h.do("POST", path, "", "Origin", shop), 400, "")
	h.want(h.do("POST", path, wrong.Encode(), "Origin", shop), 400,
		`{"message":"`+h.guard.Message("en", captcha.ErrWrongAnswer)+`"}`)
	h.want(h.do("POST", path, body, "Origin", shop, "Accept-Language", "de"), 400,
		`{"message":"`+h.guard.Message("de", captcha.ErrUnknownKey)+`"}`)
	h.want(h.do("POST", path, strings.Repeat("x", 16<<10+1), "Origin", shop), 413, "")
}

// Replicas whose lists differ, as while one is being changed, verify each other's responses and name their hosts.
func TestReplicasWithOtherLists(t *testing.T) {
	store := memory.New()
	lists := func(origins ...string) siteverify.Config {
		return siteverify.Config{Sites: []siteverify.Site{{Key: "shop", Secrets: []string{shopSecret}, Origins: origins}}}
	}
	before := open(t, captcha.Config{Storage: store}, lists("https://old.example", shop))
	after := open(t, captcha.Config{Storage: store}, lists("https://new.example", shop))
	for _, row := range []struct {
		from, on         *house
		origin, hostname string
	}{
		{before, after, "https://old.example", "old.example"},
		{after, before, "https://new.example", "new.example"},
		{before, after, shop, "shop.example"},
	} {
		response := row.from.response("shop", row.origin)
		row.on.want(row.on.verify("secret", shopSecret, "response", response), 200, accepted(noon, row.hostname))
		row.from.want(row.from.verify("secret", shopSecret, "response", response), 200, refused("timeout-or-duplicate"))
	}
	// A challenge that one replica gave to a page is met at the other.
	purpose, body := before.solved("shop", shop)
	after.want(after.do("POST", "/api/siteverify/response?purpose="+purpose, body, "Origin", shop), 200, "")
}

// broken is a storage that fails.
type broken struct {
	*memory.Memory
	down        bool
	unconfirmed bool
}

func (b *broken) Count(ctx context.Context, key string, ttl time.Duration) (int64, error) {
	if b.unconfirmed {
		return 0, errDown
	}
	return b.Memory.Count(ctx, key, ttl)
}

var errDown = errors.New("connection refused")

func (b *broken) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if b.down {
		return false, errDown
	}
	return b.Memory.Add(ctx, key, value, ttl)
}

func TestStorageDown(t *testing.T) {
	var log bytes.Buffer
	store := &broken{Memory: memory.New()}
	h := open(t, captcha.Config{}, siteverify.Config{Storage: store, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	response := h.response("shop", shop)
	purpose, body := h.solved("shop", shop)
	store.down = true
	for range 3 {
		got := h.verify("secret", shopSecret, "response", response, "idempotency_key", "one")
		h.want(got, 503, refused("internal-error"))
		if got.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	// This takes no storage of ours.
	h.want(h.do("POST", "/api/siteverify/response?purpose="+purpose, body, "Origin", shop), 200, "")
	store.down = false
	h.want(h.verify("secret", shopSecret, "response", response, "idempotency_key", "one"),
		200, accepted(noon, "shop.example"))
	if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), "connection refused") {
		t.Errorf("the log has %d lines: %s", lines, &log)
	}
	key, _, _ := strings.Cut(response, ".")
	if strings.Contains(log.String(), shopSecret) || strings.Contains(log.String(), key) {
		t.Errorf("the log tells what is secret: %s", &log)
	}
}

// A repeat relies on a mark that was read. It is no success until a later write has been confirmed.
func TestRepeatsAreConfirmed(t *testing.T) {
	store := &broken{Memory: memory.New(), unconfirmed: true}
	h := open(t, captcha.Config{}, siteverify.Config{Storage: store})
	response := h.response("shop", shop)
	ask := func() reply { return h.verify("secret", shopSecret, "response", response, "idempotency_key", "one") }
	h.want(ask(), 200, accepted(noon, "shop.example"))
	h.want(ask(), 503, refused("internal-error"))
	store.unconfirmed = false
	h.want(ask(), 200, accepted(noon, "shop.example"))
}

func TestObserve(t *testing.T) {
	var seen []string
	h := open(t, captcha.Config{}, siteverify.Config{Observe: func(_ context.Context, site, result string) {
		seen = append(seen, site+" "+result)
	}})
	response := h.response("shop", shop)
	h.verify("secret", "wrong", "response", response)
	h.verify("secret", shopSecret, "response", response)
	h.verify("secret", shopSecret, "response", response)
	h.verify()
	want := []string{" invalid-input-secret", "shop ok", "shop timeout-or-duplicate", " missing-input-secret"}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("%q, want %q", seen, want)
	}
}

// The guard can demand of one site what it does not of another.
func TestDemandBySite(t *testing.T) {
	list := sites()
	list = append(list, siteverify.Site{
		Key: "shop_x", Secrets: []string{strings.Repeat("x", 32)}, Origins: []string{stranger},
	})
	h := open(t, captcha.Config{Work: work.New(), Demand: func(_ *fiber.Ctx, purpose string) captcha.Demand {
		if list[0].Has(purpose) {
			return captcha.LettersOnly
		}
		return captcha.LettersOrWork
	}}, siteverify.Config{Sites: list})
	for _, row := range []struct {
		site, origin string
		work         bool
	}{{"shop", shop, false}, {"shop", shop2, false}, {"blog", blog, true}, {"shop_x", stranger, true}} {
		field := h.do("POST", "/api/captcha/field?purpose=site_"+row.site, "", "Origin", row.origin)
		h.want(field, 200, "")
		if got := strings.Contains(field.text, "data-work="); got != row.work {
			t.Errorf("%s from %s: work counts: %v", row.site, row.origin, got)
		}
	}
}

// Whatever a backend sends, the reply has their shape, and is no success.
func FuzzVerify(f *testing.F) {
	app, guard := fiber.New(), captcha.New()
	siteverify.New(siteverify.Config{
		Guard: guard, Sites: sites(), WrongSecrets: limit.Rate{Count: limit.Unlimited},
	}).Register(app)
	key := strings.Repeat("A", 64)
	f.Add("application/x-www-form-urlencoded", "secret="+shopSecret+"&response="+key+".shop.example&idempotency_key=one")
	f.Add("application/json", `{"secret":"`+shopSecret+`","response":"`+key+`.shop.example","sitekey":"shop"}`)
	f.Add("application/json", `{"secret":["`+shopSecret+`"]}`)
	f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\nx\r\n--x--")
	f.Add("text/plain", "")
	f.Fuzz(func(t *testing.T, media, body string) {
		r := httptest.NewRequest("POST", "/api/siteverify", strings.NewReader(body))
		r.Header.Set("Content-Type", strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return -1
			}
			return r
		}, media))
		response, err := app.Test(r, -1)
		if err != nil {
			t.Skip(err) // what is no request
		}
		var got siteverify.Reply
		err = json.NewDecoder(response.Body).Decode(&got)
		if err != nil || got.Success || len(got.ErrorCodes) == 0 || got.Hostname != "" {
			t.Errorf("%s %+v, %v", response.Status, got, err)
		}
		if response.StatusCode >= 500 {
			t.Error(response.Status)
		}
	})
}

func TestWrongSecretsAreLimited(t *testing.T) {
	h := open(t, captcha.Config{}, siteverify.Config{WrongSecrets: limit.Rate{Count: 3, Per: time.Hour}})
	for range 3 {
		h.want(h.verify("secret", "wrong", "response", "x"), 200, refused("invalid-input-secret"))
	}
	got := h.verify("secret", "wrong", "response", "x")
	h.want(got, 429, refused("invalid-input-secret"))
	if got.header.Get("Retry-After") != "1200" {
		t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
	}
	h.want(h.verify("secret", shopSecret, "response", h.response("shop", shop)), 200, accepted(noon, "shop.example"))
}

// Of 200 calls at once one is accepted, and with one idempotency key all have the same answer.
func TestManyAtOnce(t *testing.T) {
	h := open(t, captcha.Config{}, siteverify.Config{})
	for key, want := range map[string]int{"": 1, "one": 200} {
		response := h.response("shop", shop)
		var yes, no int
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				got := h.verify("secret", shopSecret, "response", response, "idempotency_key", key)
				mu.Lock()
				defer mu.Unlock()
				switch got.text {
				case accepted(noon, "shop.example"):
					yes++
				case refused("timeout-or-duplicate"):
					no++
				default:
					t.Error(got.text)
				}
			})
		}
		all.Wait()
		if yes != want || no != 200-want {
			t.Errorf("idempotency key %q: %d accepted, %d refused", key, yes, no)
		}
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	guard := captcha.New()
	with := func(change func(*siteverify.Config)) siteverify.Config {
		cfg := siteverify.Config{Guard: guard, Sites: sites()}
		change(&cfg)
		return cfg
	}
	origin := func(text string) siteverify.Config {
		return with(func(c *siteverify.Config) { c.Sites[0].Origins[1] = text })
	}
	for _, row := range []struct {
		field string
		cfg   siteverify.Config
	}{
		{"Guard", with(func(c *siteverify.Config) { c.Guard = nil })},
		{"Sites", with(func(c *siteverify.Config) { c.Sites = nil })},
		{"Sites[0].Key", with(func(c *siteverify.Config) { c.Sites[0].Key = "" })},
		{"Sites[0].Key", with(func(c *siteverify.Config) { c.Sites[0].Key = "a b" })},
		{"Sites[0].Key", with(func(c *siteverify.Config) { c.Sites[0].Key = strings.Repeat("x", 41) })},
		{"Sites[1].Key", with(func(c *siteverify.Config) { c.Sites[1].Key = "shop" })},
		{"Sites[1].Secrets", with(func(c *siteverify.Config) { c.Sites[1].Secrets = nil })},
		{"Sites[0].Secrets[1]", with(func(c *siteverify.Config) { c.Sites[0].Secrets[1] = shopSecret[:31] })},
		{"Sites[1].Secrets[0]", with(func(c *siteverify.Config) { c.Sites[1].Secrets[0] = shopNext })},
		{"Sites[0].Origins", with(func(c *siteverify.Config) { c.Sites[0].Origins = nil })},
		{"Sites[0].Origins[1]", origin(shop)},
		{"Sites[0].Origins[1]", origin("*")},
		{"Sites[0].Origins[1]", origin("null")},
		{"Sites[0].Origins[1]", origin("shop.example")},
		{"Sites[0].Origins[1]", origin("https://*.shop.example")},
		{"Sites[0].Origins[1]", origin("https://Shop.example")},
		{"Sites[0].Origins[1]", origin("https://shöp.example")},
		{"Sites[0].Origins[1]", origin("https://shop2.example/")},
		{"Sites[0].Origins[1]", origin("https://shop2.example:443")},
		{"Sites[0].Origins[1]", origin("http://shop2.example:80")},
		{"Sites[0].Origins[1]", origin("https://user@shop2.example")},
		{"Sites[0].Origins[1]", origin("https://" + strings.Repeat("x", 254))},
		{"Sites[0].Origins[1]", origin("ftp://shop2.example")},
		{"SealingSecrets[0]", with(func(c *siteverify.Config) { c.SealingSecrets = []string{"short"} })},
		{"Expiration", with(func(c *siteverify.Config) { c.Expiration = 2 * time.Hour })},
		{"Path", with(func(c *siteverify.Config) { c.Path = "/api/siteverify/" })},
		{"WrongSecrets.Rate.Per", with(func(c *siteverify.Config) { c.WrongSecrets = limit.Rate{Count: 1} })},
	} {
		_, err := siteverify.NewServer(row.cfg)
		var refused *setting.Error
		if !errors.As(err, &refused) || refused.Field != row.field || strings.Contains(err.Error(), shopSecret[:31]) {
			t.Errorf("%s: %v", row.field, err)
		}
	}
	for _, text := range []string{
		"http://localhost:8080", "https://[2001:db8::1]:8443", "http://127.0.0.1", "https://xn--shp-sna.example",
	} {
		if _, err := siteverify.NewServer(origin(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestRegisterAfterTheGuard(t *testing.T) {
	app, guard := fiber.New(), captcha.New()
	server := siteverify.New(siteverify.Config{Guard: guard, Sites: sites()})
	guard.Register(app)
	defer func() {
		if problem := fmt.Sprint(recover()); !strings.Contains(problem, "register the server before its guard") {
			t.Error(problem)
		}
	}()
	server.Register(app)
}

// Below a group the server works as at the root, and its script finds the guard's.
func TestGroup(t *testing.T) {
	app, guard := fiber.New(), captcha.New(captcha.Config{Path: "/v1/challenges/"})
	server := siteverify.New(siteverify.Config{Guard: guard, Sites: sites(), Path: "/v1/captcha/siteverify"})
	group := app.Group("/v1")
	server.Register(group)
	guard.Register(group)
	h := &house{t: t, app: app, guard: guard}
	h.want(h.do("POST", "/v1/challenges/field?purpose=site_shop", "", "Origin", shop), 200, "")
	h.want(h.do("POST", "/v1/challenges/field?purpose=site_shop", "", "Origin", stranger), 403, "")
	h.want(h.do("POST", "/v1/captcha/siteverify", "secret=x&response=y"), 200, refused("invalid-input-secret"))
	script := h.do("GET", "/v1/captcha/siteverify/site.js", "")
	if !strings.Contains(script.text, `import "../../../v1/challenges/assets/field.js"`) ||
		strings.Contains(script.text, `"../captcha/`) {
		t.Errorf("%d %s", script.status, script.text)
	}
	h.want(h.do("GET", "/v1/captcha/siteverify/site.js", "", "If-None-Match", script.header.Get("ETag")), 304, "")
}

// What is read from a file of settings has the names that the manual says.
func TestSitesFromJSON(t *testing.T) {
	var got []siteverify.Site
	err := json.Unmarshal([]byte(`[{"key":"shop","secrets":["s"],"origins":["https://shop.example"]}]`), &got)
	want := []siteverify.Site{{Key: "shop", Secrets: []string{"s"}, Origins: []string{shop}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}
