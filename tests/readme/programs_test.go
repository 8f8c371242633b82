package readme_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/storage"
)

// secret is what the programs are given, so that the test can solve their challenges.
const secret = "0123456789abcdef0123456789abcdef"

// TestPrograms builds the README's two programs, the form and the API, word for word but for their address and secret,
// and uses them.
func TestPrograms(t *testing.T) {
	var programs []string
	for _, b := range blocksOf(t, "README.md", "go") {
		if strings.HasPrefix(b.text, "package main") {
			programs = append(programs, b.text)
		}
	}
	if len(programs) != 2 {
		t.Fatalf("%d programs; this test knows of two", len(programs))
	}
	form, api := programs[0], programs[1]
	if lines := strings.Count(form, "\n"); lines >= 30 {
		t.Errorf("the form is %d lines, not under 30", lines)
	}
	if lines := strings.Count(api, "\n"); lines > 15 {
		t.Errorf("the API is %d lines, over 15", lines)
	}
	guard := captcha.New(captcha.Config{Secrets: []string{secret}})

	t.Run("API", func(t *testing.T) {
		address := start(t, api)
		challenge, err := guard.IssueTo(t.Context(), captcha.Visitor{})
		if err != nil {
			t.Fatal(err)
		}
		answers := strings.NewReplacer("localhost:3000", address, "KEY", challenge.Key,
			"LETTERS", captchatest.Solve(t, guard, challenge.Key))
		consoles := blocksOf(t, "README.md", "console")
		curls := func(b block) bool { return strings.HasPrefix(b.text, "$ curl ") }
		transcript := consoles[slices.IndexFunc(consoles, curls)].text
		for exchange := range strings.SplitSeq(strings.TrimPrefix(transcript, "$ "), "\n$ ") {
			command, want, _ := strings.Cut(exchange, "\n")
			if got := curl(t, answers.Replace(command)); !matches(strings.TrimSpace(want), got) {
				t.Errorf("%s\nsays %s\nnot  %s", command, got, want)
			}
		}
	})

	t.Run("form", func(t *testing.T) {
		base := "http://" + start(t, form)
		response, err := http.Get(base)
		page := read(t, response, err)
		key := attribute(t, page, `name="captcha_key"[^>]* value="([^"]+)"`)
		style := attribute(t, page, `rel="stylesheet" href="([^"]+)"`)
		if response, err = http.Get(base + style); read(t, response, err) == "" || response.StatusCode != 200 {
			t.Errorf("%s: %s", style, response.Status)
		}
		answer := captchatest.Solve(t, guard, key)
		fields := url.Values{"words": {"Hello"}, "captcha_key": {key}, "captcha_value": {answer}}
		for _, want := range []string{
			"^You wrote: Hello$", `value="Hello">.*The characters had expired or had already been used`,
		} {
			response, err := http.PostForm(base, fields)
			if got := read(t, response, err); !regexp.MustCompile("(?s)" + want).MatchString(got) {
				t.Errorf("%s, want %s", got, want)
			}
		}
	})
}

// curl does what the program would, as far as the README uses it, because not every machine has curl.
func curl(t *testing.T, command string) string {
	t.Helper()
	words := strings.Fields(command)
	method, address, body := http.MethodGet, "", []string(nil)
	for i := 1; i < len(words); i++ {
		switch words[i] {
		case "-X":
			i++
			method = words[i]
		case "-d":
			i++
			method, body = http.MethodPost, append(body, words[i])
		default:
			address = words[i]
		}
	}
	request, err := http.NewRequest(method, "http://"+address, strings.NewReader(strings.Join(body, "&")))
	if err != nil || words[0] != "curl" {
		t.Fatalf("%s: %v", command, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := http.DefaultClient.Do(request)
	return read(t, response, err)
}

// start builds and runs a program on a free port until the test ends.
func start(t *testing.T, program string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = listener.Addr().String()
	listener.Close()
	for old, new := range map[string]string{
		`":3000"`:       fmt.Sprintf("%q", address),
		"captcha.New()": fmt.Sprintf("captcha.New(captcha.Config{Secrets: []string{%q}})", secret),
	} {
		if strings.Count(program, old) != 1 {
			t.Fatalf("the program does not have %s once", old)
		}
		program = strings.Replace(program, old, new, 1)
	}
	source, binary := filepath.Join(t.TempDir(), "main.go"), filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(source, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	process := exec.Command(binary)
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		process.Process.Kill()
		process.Wait()
	})
	for limit := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			connection.Close()
			return address
		}
		if time.Now().After(limit) {
			t.Fatal(err)
		}
	}
}

// matches compares with a text in which … stands for anything.
func matches(want, got string) bool {
	parts := strings.Split(want, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`\A` + strings.Join(parts, `.+`) + `\z`).MatchString(got)
}

func attribute(t *testing.T, page, pattern string) string {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(page)
	if match == nil {
		t.Fatalf("no %s in %s", pattern, page)
	}
	return match[1]
}

func read(t *testing.T, response *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

const asJSON = "application/json"

// submissions are the cases in the table of refusals, by its first column.
var submissions = map[string]struct{ media, body string }{
	"field absent":                {asJSON, `{"captcha_key":"KEY"}`},
	"field null":                  {asJSON, `{"captcha_key":"KEY","captcha_value":null}`},
	"field blank":                 {asJSON, `{"captcha_key":"KEY","captcha_value":" "}`},
	"field not a string":          {asJSON, `{"captcha_key":"KEY","captcha_value":1234}`},
	"field with a null character": {asJSON, `{"captcha_key":"KEY","captcha_value":"A\u0000B"}`},
	"field given twice":           {asJSON, `{"captcha_key":"KEY","captcha_value":"A","captcha_value":"B"}`},
	"answer too long":             {asJSON, `{"captcha_key":"KEY","captcha_value":"ABCDEFGHI"}`},
	"key too long":                {asJSON, `{"captcha_key":"KEYKEY","captcha_value":"ABCD"}`},
	"work too long": {
		asJSON, `{"captcha_key":"KEY","captcha_work":"` + strings.Repeat("a", 65) + `"}`,
	},
	"malformed work":                   {asJSON, `{"captcha_key":"KEY","captcha_work":"work"}`},
	"receipt too long":                 {asJSON, `{"captcha_receipt":"KEYKEY"}`},
	"ALTCHA's payload too long":        {asJSON, `{"altcha":"` + strings.Repeat("a", 4097) + `"}`},
	"malformed ALTCHA payload":         {asJSON, `{"altcha":"e30="}`},
	"key unknown, used or expired":     {asJSON, `{"captcha_key":"made-up","captcha_value":"ABCD"}`},
	"receipt unknown, used or expired": {asJSON, `{"captcha_receipt":"KEY"}`},
	"wrong answer":                     {asJSON, `{"captcha_key":"KEY","captcha_value":"no"}`},
	"wrong work": {
		asJSON, `{"captcha_key":"KEY","captcha_work":"` + strings.Repeat("0", 64) + `"}`,
	},
	"body not JSON":                             {asJSON, `captcha_key=KEY`},
	"body JSON, but not an object":              {asJSON, `["KEY"]`},
	"object of more than 1,000 members":         {asJSON, `{` + strings.Repeat(`"":1,`, 1000) + `"captcha_key":"KEY"}`},
	"body that says it is multipart and is not": {"multipart/form-data; boundary=b", `captcha_key=KEY`},
	"body too large, 413":                       {asJSON, `{"captcha_key":"` + strings.Repeat("KEY", 200) + `"}`},
	"media type not accepted, 415":              {"text/plain", `captcha_key=KEY`},
	"body compressed, 415":                      {asJSON, `{"captcha_key":"KEY","captcha_value":"ABCD"}`},
	"storage down, 503 with `Retry-After`":      {asJSON, `{"captcha_key":"KEY","captcha_value":"ABCD"}`},
}

// TestRefusals sends each case of the table, and sees whether the challenge is used up as the table says.
func TestRefusals(t *testing.T) {
	table := rows(t, "captcha/README.md", "The JSON contract")
	if len(table) != len(submissions) {
		t.Errorf("%d rows, and submissions for %d", len(table), len(submissions))
	}
	for _, row := range table {
		t.Run(row[0], func(t *testing.T) {
			submission, ok := submissions[row[0]]
			if !ok {
				t.Fatal("no submission for this row")
			}
			store, err := storage.Open(t.Context(), "memory://")
			if err != nil {
				t.Fatal(err)
			}
			guard := captcha.New(captcha.Config{
				Storage: store, Work: work.New(), Receipts: time.Minute, MaxBody: 8 << 10,
			})
			// Otherwise Fiber refuses a broken form by itself.
			app := fiber.New(fiber.Config{DisablePreParseMultipartForm: true})
			app.Post("/", guard.Protect, func(c *fiber.Ctx) error { return c.SendStatus(201) })
			challenge, err := guard.IssueTo(t.Context(), captcha.Visitor{})
			if err != nil {
				t.Fatal(err)
			}
			answer := captchatest.Solve(t, guard, challenge.Key)
			status := 400
			if match := regexp.MustCompile(`, (\d+)`).FindStringSubmatch(row[0]); match != nil {
				fmt.Sscan(match[1], &status)
			}
			if status == 503 {
				store.Close()
			}

			body := strings.ReplaceAll(submission.body, "KEY", challenge.Key)
			request := httptest.NewRequest("POST", "/", strings.NewReader(body))
			request.Header.Set("Content-Type", submission.media)
			if strings.HasPrefix(row[0], "body compressed") {
				request.Header.Set("Content-Encoding", "gzip")
			}
			response, err := app.Test(request, -1)
			got := read(t, response, err)
			if want := strings.Trim(row[1], "`"); response.StatusCode != status || !matches(want, got) {
				t.Errorf("%s %s, want %d %s", response.Status, got, status, want)
			}
			if strings.Contains(row[0], "Retry-After") && response.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			if status == 503 {
				return // whether it is used up can't be asked of a storage that is down
			}
			if usedUp := captchatest.Try(t, guard, challenge.Key, answer) != nil; usedUp != (row[2] == "yes") {
				t.Errorf("used up: %v, the table says %q", usedUp, row[2])
			}
		})
	}
}
