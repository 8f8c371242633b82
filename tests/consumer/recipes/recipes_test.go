package recipes

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/gofiber/fiber/v2/middleware/limiter"
	"github.com/gofiber/fiber/v2/middleware/session"
)

// A recipe has fewer than fifteen lines. Those of its Go and its script count together, without blank lines, comments,
// package clauses and imports.
func TestLines(t *testing.T) {
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	counted := 0
	for _, source := range sources {
		if source == "recipes.go" || strings.HasSuffix(source, "_test.go") {
			continue
		}
		recipe := strings.TrimSuffix(source, ".go")
		lines := linesOf(t, source)
		if script := filepath.Join("pages", recipe+".js"); exists(script) {
			scripted := linesOf(t, script)
			t.Logf("%-10s %2d lines, %d of them script", recipe, lines+scripted, scripted)
			lines += scripted
		} else {
			t.Logf("%-10s %2d lines", recipe, lines)
		}
		if counted++; lines >= 15 {
			t.Errorf("%s has %d lines, not under 15", recipe, lines)
		}
	}
	if counted < 15 {
		t.Errorf("there are %d recipes", counted)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// linesOf counts a file's lines of its own.
func linesOf(t *testing.T, path string) (lines int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`(?s)^package .*?\nimport \(.*?\n\)\n`).ReplaceAllString(string(text), "")
	for line := range strings.Lines(code) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			lines++
		}
	}
	return lines
}

// request is one that a test sends, and what is wanted.
type request struct {
	method, path, body string // a body is urlencoded unless the headers say otherwise
	headers            map[string]string
	status             int
	want               string // a part of the reply, or nothing
}

// do sends a request and compares the reply with what is wanted.
func do(t *testing.T, app *fiber.App, r request) (http.Header, string) {
	t.Helper()
	asked := httptest.NewRequest(r.method, r.path, strings.NewReader(r.body))
	if r.body != "" {
		asked.Header.Set("Content-Type", fiber.MIMEApplicationForm)
	}
	for name, value := range r.headers {
		asked.Header.Set(name, value)
	}
	response, err := app.Test(asked, -1)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != r.status || !strings.Contains(string(body), r.want) {
		t.Errorf("%s %s %s: %s %.300s, want %d %s", r.method, r.path, r.body, response.Status, body, r.status, r.want)
	}
	return response.Header, string(body)
}

// find returns what a pattern's first group matches on a page.
func find(t *testing.T, page, pattern string) string {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(page)
	if match == nil {
		t.Fatalf("no %s in %s", pattern, page)
	}
	return match[1]
}

const keyOn = `name="captcha_key" type="hidden" value="([^"]+)"`

// answered is a body with the key and the right answer.
func answered(t *testing.T, guard *captcha.Guard, key string) string {
	t.Helper()
	return url.Values{"captcha_key": {key}, "captcha_value": {captchatest.Solve(t, guard, key)}}.Encode()
}

// solved is such a body for a new challenge.
func solved(t *testing.T, guard *captcha.Guard) string {
	t.Helper()
	challenge, err := guard.IssueTo(t.Context(), captcha.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	return answered(t, guard, challenge.Key)
}

const unknown = `{"non_field_errors":["Invalid or expired captcha key"]}`

func TestCSRF(t *testing.T) {
	app, guard := fiber.New(), captcha.New()
	CSRF(app, guard)
	header, page := do(t, app, request{method: "GET", path: "/", status: 200})
	var cookies []string
	for _, cookie := range header["Set-Cookie"] {
		cookies = append(cookies, strings.Split(cookie, ";")[0])
	}
	cookie := map[string]string{"Cookie": strings.Join(cookies, "; ")}
	csrf := "&csrf=" + find(t, page, `name="csrf" value="([^"]+)"`)
	body := answered(t, guard, find(t, page, keyOn))
	do(t, app, request{method: "POST", path: "/", body: body, headers: cookie, status: 403})
	do(t, app, request{method: "POST", path: "/", body: body + csrf, status: 403})
	do(t, app, request{method: "POST", path: "/api/captcha/?preset=field", status: 200})
	do(t, app, request{method: "POST", path: "/", body: body + csrf, headers: cookie, status: 201})
}

func TestBinding(t *testing.T) {
	app, sessions := fiber.New(), session.New()
	guard := Binding(app, sessions)
	app.Get("/", func(c *fiber.Ctx) error { return form(c, "contact", guard, nil) })
	app.Post("/", guard.Protect, done)
	visit := func() (cookie map[string]string, body string) {
		header, page := do(t, app, request{method: "GET", path: "/", status: 200})
		session := strings.Split(header.Get("Set-Cookie"), ";")[0]
		_, id, _ := strings.Cut(session, "=")
		key := find(t, page, keyOn)
		answer := captchatest.SolveFor(t, guard, key, captcha.Visitor{Binding: id})
		return map[string]string{"Cookie": session}, "captcha_key=" + key + "&captcha_value=" + answer
	}
	ada, hers := visit()
	bob, _ := visit()
	do(t, app, request{method: "POST", path: "/", body: hers, headers: bob, status: 400, want: unknown})
	do(t, app, request{method: "POST", path: "/", body: hers, status: 400, want: unknown})
	do(t, app, request{method: "POST", path: "/", body: hers, headers: ada, status: 201})
}

func TestCORS(t *testing.T) {
	app, guard := fiber.New(), captcha.New()
	CORS(app, guard)
	origin := map[string]string{"Origin": "https://front.example", "Access-Control-Request-Method": "POST"}
	for _, r := range []request{
		{method: "OPTIONS", path: "/api/contact", status: 204},
		{method: "POST", path: "/api/captcha/", status: 200},
		{method: "POST", path: "/api/contact", body: solved(t, guard), status: 201},
		{method: "POST", path: "/api/contact", body: "captcha_key=k", status: 400},
	} {
		r.headers = origin
		if header, _ := do(t, app, r); header.Get("Access-Control-Allow-Origin") != "https://front.example" {
			t.Errorf("%s %s: %v", r.method, r.path, header)
		}
	}
}

func TestSiteverify(t *testing.T) {
	const secret = "0123456789abcdef0123456789abcdef"
	app, guard := fiber.New(), captcha.New()
	Siteverify(app, guard, secret)
	origin := map[string]string{"Origin": "https://shop.example"}
	header, field := do(t, app, request{method: "POST", path: "/api/captcha/field?purpose=site_shop",
		headers: origin, status: 200})
	if header.Get("Access-Control-Allow-Origin") != "https://shop.example" {
		t.Errorf("%v", header)
	}
	purpose := find(t, field, `purpose=([\w-]+)"`)
	body := answered(t, guard.For(purpose), find(t, field, keyOn))
	_, given := do(t, app, request{method: "POST", path: "/api/siteverify/response?purpose=" + purpose,
		body: body, headers: origin, status: 200})
	body = "secret=" + secret + "&response=" + find(t, given, `"response":"([^"]+)"`)
	do(t, app, request{method: "POST", path: "/api/siteverify", body: body, status: 200,
		want: `"hostname":"shop.example"`})
	do(t, app, request{method: "POST", path: "/api/siteverify", body: body, status: 200, want: `"timeout-or-duplicate"`})
}

func TestLimits(t *testing.T) {
	app, guard := fiber.New(), captcha.New()
	Limits(app, guard)
	_, page := do(t, app, request{method: "GET", path: "/", status: 200})
	style := find(t, page, `rel="stylesheet" href="([^"]+)"`)
	for range 30 {
		do(t, app, request{method: "POST", path: "/api/captcha/", status: 200})
	}
	do(t, app, request{method: "POST", path: "/api/captcha/", status: 429, want: `{"detail":"Request was throttled.`})
	do(t, app, request{method: "GET", path: style, status: 200})
	for range 10 {
		do(t, app, request{method: "POST", path: "/", body: "captcha_key=k", status: 400})
	}
	do(t, app, request{method: "POST", path: "/", body: solved(t, guard), status: 429})

	// With Fiber's own limiter, the page comes without its style.
	other := fiber.New()
	other.Use("/api/captcha", limiter.New(limiter.Config{Max: 30, Expiration: time.Minute}))
	captcha.New().Register(other)
	for range 30 {
		do(t, other, request{method: "POST", path: "/api/captcha/", status: 200})
	}
	do(t, other, request{method: "GET", path: style, status: 429})
}

// Visitors behind a proxy have limits of their own, which none of them gets round by claiming to be others.
func TestForwarded(t *testing.T) {
	inner := Forwarded(captcha.New())
	app := fiber.New()
	app.Use(func(c *fiber.Ctx) error { // as from a proxy
		c.Context().SetRemoteAddr(&net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)})
		inner.Handler()(c.Context())
		return nil
	})
	from := func(address string) map[string]string { return map[string]string{"X-Forwarded-For": address} }
	for i := range 30 {
		chain := fmt.Sprintf("198.51.100.%d, 203.0.113.7", i)
		do(t, app, request{method: "POST", path: "/api/captcha/", headers: from(chain), status: 200})
	}
	do(t, app, request{method: "POST", path: "/api/captcha/", headers: from("198.51.100.99, 203.0.113.7"), status: 429})
	do(t, app, request{method: "POST", path: "/api/captcha/", headers: from("203.0.113.7, 203.0.113.8"), status: 200})
}

func TestFragments(t *testing.T) {
	for _, fragment := range []string{"htmx", "turbo"} {
		app, guard := fiber.New(), captcha.New()
		Fragments(app, guard, fragment)
		_, page := do(t, app, request{method: "GET", path: "/form", status: 200})
		key := find(t, page, keyOn)
		_, page = do(t, app, request{method: "POST", path: "/form", body: "name=Ada&captcha_key=" + key, status: 422,
			want: `value="Ada"`})
		if again := find(t, page, keyOn); again != key {
			t.Error("the challenge was replaced, though nothing was used up")
		}
		header, _ := do(t, app, request{method: "POST", path: "/form", body: answered(t, guard, key), status: 303})
		do(t, app, request{method: "GET", path: header.Get("Location"), status: 200, want: "Thank you"})
		do(t, app, request{method: "POST", path: "/form", body: "captcha_key=" + key + "&captcha_value=ABCD", status: 422})
	}
}

func TestFetch(t *testing.T) {
	app, guard := fiber.New(), captcha.New()
	Fetch(app, guard)
	_, body := do(t, app, request{method: "POST", path: "/api/captcha/", status: 200})
	var challenge map[string]string
	if err := json.Unmarshal([]byte(body), &challenge); err != nil {
		t.Fatal(err)
	}
	key := challenge["captcha_key"]
	body = fmt.Sprintf(`{"captcha_key":%q,"captcha_value":%q}`, key, captchatest.Solve(t, guard, key))
	do(t, app, request{method: "POST", path: "/api/contact", body: body,
		headers: map[string]string{"Content-Type": "application/json"}, status: 201})
}

// A reverse proxy that takes /shop off, and a browser in front of it.
func TestProxy(t *testing.T) {
	app := fiber.New()
	Proxy(app)
	server := httptest.NewServer(adaptor.FiberApp(app))
	defer server.Close()
	upstream, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	front := http.NewServeMux()
	front.Handle("/shop/", http.StripPrefix("/shop", httputil.NewSingleHostReverseProxy(upstream)))
	proxy := httptest.NewServer(front)
	defer proxy.Close()
	get := func(method, path string) string {
		r, err := http.NewRequest(method, proxy.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != 200 {
			t.Errorf("%s: %s %v", path, response.Status, err)
		}
		return string(body)
	}
	page := get("GET", "/shop/")
	get("GET", find(t, page, `rel="stylesheet" href="([^"]+)"`))
	get("GET", find(t, page, `<script type="module" src="([^"]+)"`))
	get("POST", find(t, page, `data-create="([^"]+)"`))
}

func TestWizard(t *testing.T) {
	app, guard := fiber.New(), captcha.New(captcha.Config{Receipts: 10 * time.Minute})
	Wizard(app, guard)
	do(t, app, request{method: "GET", path: "/", status: 200})
	do(t, app, request{method: "POST", path: "/", body: "name=Ada&captcha_key=k&captcha_value=no", status: 422,
		want: `value="Ada"`})
	_, page := do(t, app, request{method: "POST", path: "/", body: "name=Ada&" + solved(t, guard), status: 200,
		want: "second page"})
	receipt := "captcha_receipt=" + find(t, page, `name="captcha_receipt" value="([^"]+)"`)
	do(t, app, request{method: "POST", path: "/second", body: "name=Ada&message=Hello", status: 422, want: `value="Ada"`})
	do(t, app, request{method: "POST", path: "/second", body: receipt, status: 201})
	do(t, app, request{method: "POST", path: "/second", body: receipt, status: 422,
		want: "This form may already have been sent."})
}

// A form whose answer can't be checked comes back with the status for that, and as it was typed.
func TestFormsWithoutTheStorage(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	for path, build := range map[string]func(app *fiber.App, guard *captcha.Guard){
		"/":       Wizard,
		"/second": Wizard,
		"/form":   func(app *fiber.App, guard *captcha.Guard) { Fragments(app, guard, "htmx") },
	} {
		storage, app := &leaving{Memory: memory.New()}, fiber.New()
		guard := captcha.New(captcha.Config{Storage: storage, Receipts: time.Minute, Logger: quiet})
		build(app, guard)
		answer := solved(t, guard)
		storage.gone = true
		do(t, app, request{method: "POST", path: path, body: "name=Ada&" + answer, status: 503, want: `value="Ada"`})
	}
}

// Without script the field's button for new characters sends the form, which comes back as it was typed.
func TestRefreshed(t *testing.T) {
	app, guard := fiber.New(), captcha.New(captcha.Config{Receipts: time.Minute})
	Wizard(app, guard)
	_, page := do(t, app, request{method: "GET", path: "/", status: 200})
	key := find(t, page, keyOn)
	_, page = do(t, app, request{method: "POST", path: "/",
		body: "name=Ada&captcha_refresh=1&captcha_key=" + key, status: 200, want: `value="Ada"`})
	if find(t, page, keyOn) == key || strings.Contains(page, "aria-invalid") {
		t.Error("the same challenge, or an error")
	}
}

func TestTwice(t *testing.T) {
	app, guard, kept := fiber.New(), captcha.New(), 0
	Twice(app, guard, func(*fiber.Ctx) (string, error) { kept++; return "/message", nil })
	body := solved(t, guard)
	for range 2 {
		header, _ := do(t, app, request{method: "POST", path: "/", body: body, status: 303})
		if header.Get("Location") != "/message" {
			t.Error(header)
		}
	}
	if do(t, app, request{method: "POST", path: "/", body: body + "&name=Eve", status: 400, want: unknown}); kept != 1 {
		t.Errorf("kept %d times", kept)
	}
}

func TestChecked(t *testing.T) {
	app, guard := fiber.New(), captcha.New(captcha.Config{Receipts: time.Minute})
	Checked(app, guard)
	_, page := do(t, app, request{method: "GET", path: "/", status: 200})
	body := answered(t, guard, find(t, page, keyOn))
	// Without script the form is sent with an empty receipt.
	do(t, app, request{method: "POST", path: "/", body: body + "&captcha_receipt=", status: 201})
	_, reply := do(t, app, request{method: "POST", path: "/api/captcha/receipt/",
		body: solved(t, guard) + "&captcha_receipt=", status: 200})
	body = body + "&captcha_receipt=" + find(t, reply, `"captcha_receipt":"([^"]+)"`)
	do(t, app, request{method: "POST", path: "/", body: body, status: 201})
	do(t, app, request{method: "POST", path: "/", body: body, status: 400, want: unknown})
}

func TestPurposes(t *testing.T) {
	app := fiber.New()
	signup, contact, account := Purposes(app, captcha.New())
	for _, row := range []struct {
		guard  *captcha.Guard
		path   string
		status int
	}{
		{signup, "/signup", 201}, {signup, "/contact", 400}, {signup, "/account", 400},
		{contact, "/signup", 400}, {contact, "/contact", 201}, {contact, "/account", 400},
		{account, "/signup", 400}, {account, "/contact", 400}, {account, "/account", 201},
	} {
		do(t, app, request{method: "POST", path: row.path, body: solved(t, row.guard), status: row.status})
	}
	do(t, app, request{method: "POST", path: "/api/captcha/?purpose=signup", status: 200})
	do(t, app, request{method: "POST", path: "/api/captcha/?purpose=account", status: 404})
	do(t, app, request{method: "POST", path: "/api/account/captcha/", status: 200})
	defer func() {
		if cure := fmt.Sprint(recover()); !strings.Contains(cure, "give each guard a Config.Path of its own") {
			t.Errorf("two guards on one path: %s", cure)
		}
	}()
	captcha.New().Register(app)
}

func TestLogin(t *testing.T) {
	app, guard := fiber.New(), captcha.New()
	Login(app, guard, func(c *fiber.Ctx) (bool, error) { return c.FormValue("password") == "right", nil })
	const wrong, right = "name=ada&password=wrong", "name=ada&password=right"
	do(t, app, request{method: "POST", path: "/login", body: wrong, status: 422})
	do(t, app, request{method: "POST", path: "/login", body: right, status: 201})
	var page string
	for n := range 3 {
		_, page = do(t, app, request{method: "POST", path: "/login", body: wrong, status: 422})
		if strings.Contains(page, "captcha_key") != (n == 2) {
			t.Errorf("after %d failures: %s", n+1, page)
		}
	}
	do(t, app, request{method: "POST", path: "/login", body: right, status: 422})
	login := guard.For("login")
	do(t, app, request{method: "POST", path: "/login", body: right + "&" + solved(t, guard), status: 422})
	answer := answered(t, login, find(t, page, keyOn))
	do(t, app, request{method: "POST", path: "/login", body: right + "&" + answer, status: 201})
}

func TestHouses(t *testing.T) {
	for _, build := range map[string]func(app *fiber.App) *captcha.Guard{
		"group": Group,
		"mounted": func(app *fiber.App) *captcha.Guard {
			inner, guard := fiber.New(), captcha.New()
			Mounted(app, inner, guard)
			return guard
		},
	} {
		for _, strict := range []bool{false, true} {
			app := fiber.New(fiber.Config{StrictRouting: strict})
			guard := build(app)
			app.Get("/", func(c *fiber.Ctx) error { return form(c, "contact", guard, nil) })
			_, page := do(t, app, request{method: "GET", path: "/", status: 200})
			create := find(t, page, `data-create="([^"]+)"`)
			for _, path := range []string{create, strings.Replace(create, "/?", "?", 1)} {
				do(t, app, request{method: "POST", path: path, status: 200})
			}
			do(t, app, request{method: "GET", path: find(t, page, `rel="stylesheet" href="([^"]+)"`), status: 200})
		}
	}
	defer func() {
		if cure := fmt.Sprint(recover()); !strings.Contains(cure, "set Config.Path to /v1/api/captcha/") {
			t.Errorf("a group whose prefix the path lacks: %s", cure)
		}
	}()
	captcha.New().Register(fiber.New().Group("/v1"))
}

func TestRenamed(t *testing.T) {
	app := fiber.New()
	guard := Renamed(app)
	_, body := do(t, app, request{method: "POST", path: "/api/captcha/", status: 200, want: `"picture":"`})
	key := find(t, body, `"id":"([^"]+)"`)
	body = fmt.Sprintf(`{"id":%q,"letters":%q}`, key, captchatest.Solve(t, guard, key))
	kind := map[string]string{"Content-Type": "application/vnd.api+json"}
	do(t, app, request{method: "POST", path: "/", body: `{}`, headers: kind, status: 400,
		want: `{"id":["This field is required."],"letters":["This field is required."]}`})
	do(t, app, request{method: "POST", path: "/", body: body, headers: kind, status: 201})
}

func TestReturned(t *testing.T) {
	storage := &leaving{Memory: memory.New()}
	app, guard := fiber.New(), captcha.New(captcha.Config{Storage: storage, Logger: slog.New(slog.DiscardHandler)})
	Returned(app, guard)
	do(t, app, request{method: "POST", path: "/", body: "captcha_key=k", status: 400,
		want: "captcha_value: This field is required."})
	do(t, app, request{method: "POST", path: "/", body: "captcha_key=k&captcha_value=no", status: 400,
		want: "Invalid or expired captcha key"})
	do(t, app, request{method: "POST", path: "/", body: "k",
		headers: map[string]string{"Content-Type": "text/plain"}, status: 415, want: "media type"})
	answer := solved(t, guard)
	storage.gone = true
	_, body := do(t, app, request{method: "POST", path: "/", body: answer, status: 503,
		want: "Try again in a few seconds"})
	if strings.Contains(body, "10.0.0.7") {
		t.Errorf("a stranger is told %s", body)
	}
}

func TestKnown(t *testing.T) {
	app := fiber.New()
	app.Use(func(c *fiber.Ctx) error {
		if account := c.Get("X-Account"); account != "" {
			c.Locals("account", account)
		}
		return c.Next()
	})
	Known(app)
	for _, path := range []string{"/protect", "/check"} {
		do(t, app, request{method: "POST", path: path, status: 400})
		do(t, app, request{method: "POST", path: path, headers: map[string]string{"X-Account": "ada"}, status: 201})
	}
}

func TestPressed(t *testing.T) {
	app := fiber.New(fiber.Config{ProxyHeader: "X-Client"})
	guard := Pressed(app, netip.MustParsePrefix("10.0.0.0/8"))
	from := func(client string) map[string]string { return map[string]string{"X-Client": client} }
	length := func(client string) int {
		_, body := do(t, app, request{method: "POST", path: "/api/captcha/", headers: from(client), status: 200})
		return len(captchatest.Solve(t, guard, find(t, body, `"captcha_key":"([^"]+)"`)))
	}
	for range 8 {
		for _, client := range []string{"192.0.2.1", "10.1.2.3"} {
			_, body := do(t, app, request{method: "POST", path: "/api/captcha/", headers: from(client), status: 200})
			wrong := "captcha_key=" + find(t, body, `"captcha_key":"([^"]+)"`) + "&captcha_value=????"
			do(t, app, request{method: "POST", path: "/", body: wrong, headers: from(client), status: 400})
		}
	}
	for client, want := range map[string]int{"192.0.2.1": 6, "192.0.2.2": 4, "10.1.2.3": 4} {
		if got := length(client); got != want {
			t.Errorf("%s is asked for %d letters, want %d", client, got, want)
		}
	}
	do(t, app, request{method: "GET", path: "/admin/pressure", status: 200, want: `"Alarm":0`})
}

func TestTrapped(t *testing.T) {
	var log strings.Builder
	at, app := time.Now(), fiber.New()
	guard := Trapped(app, slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return at })
	for _, row := range []struct {
		after   time.Duration
		subject string
		status  int
		logged  string
	}{
		{3 * time.Second, "", 201, ""},
		{3 * time.Second, "Hello", 400, "reason=trapped"},
		{time.Second, "", 400, "reason=too_soon"},
	} {
		_, page := do(t, app, request{method: "GET", path: "/", status: 200, want: "Leave this field empty"})
		key := find(t, page, keyOn)
		at = at.Add(row.after)
		answer := captchatest.Solve(t, guard, key)
		sent := url.Values{"captcha_key": {key}, "captcha_value": {answer}, "subject": {row.subject}}
		log.Reset()
		do(t, app, request{method: "POST", path: "/", body: sent.Encode(), status: row.status})
		if !strings.Contains(log.String(), row.logged) || row.logged == "" && log.Len() > 0 {
			t.Errorf("%+v: logged %q", row, log.String())
		}
	}
}

func TestMessage(t *testing.T) {
	app, guard := fiber.New(), captcha.New()
	Message(app, guard)
	german := map[string]string{"Accept-Language": "de-AT,de;q=0.9"}
	do(t, app, request{method: "POST", path: "/", body: "captcha_key=k", headers: german, status: 422,
		want: "Bitte geben Sie die Zeichen ein."})
	do(t, app, request{method: "POST", path: "/", body: "captcha_key=k", status: 422, want: "Type the characters."})
}

func TestProblems(t *testing.T) {
	storage := &leaving{Memory: memory.New()}
	app := fiber.New()
	guard := Problems(app, storage)
	do(t, app, request{method: "POST", path: "/", body: solved(t, guard), status: 201})
	do(t, app, request{method: "POST", path: "/", body: "captcha_key=k&captcha_value=no", status: 400,
		want: `{"status":400,"title":"Invalid or expired captcha key"}`})
	header, _ := do(t, app, request{method: "GET", path: "/api/captcha/", status: 405,
		want: `"title":"Method \"GET\" not allowed."`})
	if header.Get("Allow") != "POST" || header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%v", header)
	}
	storage.gone = true
	do(t, app, request{method: "POST", path: "/api/captcha/", status: 503,
		want: `"title":"No captcha can be made at the moment.`})
}

// What can't be right is refused at start, by name.
func TestRefusedSettings(t *testing.T) {
	for field, config := range map[string]captcha.Config{
		"Compat.KeyField":   {Compat: captcha.Compat{KeyField: "the key"}},
		"Compat.ValueField": {Compat: captcha.Compat{ValueField: "captcha_key"}},
		"Texts":             {Texts: map[string]captcha.Texts{"no tag": {}}},
		"Prefix":            {Prefix: "shop/"},
	} {
		_, err := captcha.NewGuard(config)
		var refused *captcha.SettingError
		if !errors.As(err, &refused) || refused.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
