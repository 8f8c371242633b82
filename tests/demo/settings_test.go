package demo_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// A setting that can't be right stops the start: with a code that is not zero, before anything listens, and with the
// variable, its value and what is accepted.
func TestSettingsThatStopTheStart(t *testing.T) {
	t.Parallel()
	noFont := filepath.Join(t.TempDir(), "font.ttf")
	if err := os.WriteFile(noFont, []byte("not a font"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		env  string // with blanks between
		want string
	}{
		{"CAPTCHA_TIMEOUT=5m", `CAPTCHA_TIMEOUT="5m": must be a whole number of seconds from 1 to 86400`},
		{"CAPTCHA_LENGTH=0", `CAPTCHA_LENGTH="0": must be a number of letters`},
		{"ADDR=3000", `ADDR="3000": must be host:port`},
		{"STORAGE_URL=mysql://db", `STORAGE_URL: storage URL: scheme "mysql" is unknown; accepted: memory://`},
		{"CAPTCHA_CACHE=mysql://db", `CAPTCHA_CACHE: storage URL: scheme "mysql" is unknown; accepted: memory://`},
		{"CAPTCHA_FONT_PATH=/nothing.ttf", `CAPTCHA_FONT_PATH="/nothing.ttf": must be the path of a TrueType or OpenType file`},
		// Settings that can be read, but that the captcha refuses, alone or together with another.
		{"CAPTCHA_LENGTH=33", `CAPTCHA_LENGTH: setting`},
		{"CAPTCHA_LENGTH=20 CAPTCHA_IMAGE_SIZE=0x40", `: setting `},
		{"CAPTCHA_FONT_PATH=" + noFont, `CAPTCHA_FONT_PATH: setting Picture.Fonts[0]`},
		{"CAPTCHA_FOREGROUND_COLOR=#101010 CAPTCHA_BACKGROUND_COLOR=#111111", `CAPTCHA_FOREGROUND_COLOR: setting Picture.Foreground`},
		{"CAPTCHA_FONT_SIZE=200", `CAPTCHA_IMAGE_SIZE: setting Picture.`},
		{"CAPTCHA_KEY=captcha_value", `CAPTCHA_KEY: setting Compat.KeyField`},
		{"CAPTCHA_KEY=same CAPTCHA_IMAGE=same", `CAPTCHA_KEY: setting Compat.KeyField`},
		{"CAPTCHA_IMAGE=image_type", `CAPTCHA_IMAGE: setting Compat.ImageField`},
		{"MASTER_CAPTCHA=" + strings.Repeat("k", 65) + ":hunter2", `MASTER_CAPTCHA: setting Compat.InsecureMasterAnswers is not accepted`},
		{"MASTER_CAPTCHA=key:hunter2hunter2", `MASTER_CAPTCHA: setting Compat.InsecureMasterAnswers is not accepted`},
		{"CAPTCHA_SECRETS=hunter2", `CAPTCHA_SECRETS: setting Secrets[0] is not accepted`},
	} {
		addr := fmt.Sprint("ADDR=127.0.0.1:", redisserver.FreePort(t))
		code, output := server.Run(t, append([]string{addr}, strings.Fields(row.env)...))
		if code == 0 || !strings.Contains(output, row.want) || strings.Count(output, "setting ") > 1 || strings.Contains(output, "listening") || strings.Contains(output, "goroutine") || strings.Contains(output, "hunter2") {
			t.Errorf("%s: code %d, %q, want %q", row.env, code, output, row.want)
		}
	}
}

func TestAddressThatIsTaken(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	code, output := server.Run(t, []string{"ADDR=" + listener.Addr().String()})
	if code == 0 || !strings.Contains(output, "address already in use; set ADDR to another") || strings.Count(output, "setting ") > 1 || strings.Contains(output, "listening") {
		t.Errorf("code %d, %q", code, output)
	}
}

// Without a host the program serves every address of its machine, IPv4 and IPv6.
func TestAddressOfEitherKind(t *testing.T) {
	t.Parallel()
	six, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skipf("this machine has no IPv6: %v", err)
	}
	_ = six.Close()
	listener, err := net.Listen("tcp", ":0") // a port that is free at every address
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s := server.Spawn(t, "ADDR=:"+port)
	s.URL = "http://127.0.0.1:" + port
	s.Await()
	for _, host := range []string{"127.0.0.1", "::1"} {
		v := visitAt(t, "http://"+net.JoinHostPort(host, port))
		v.want(v.get("/livez"), http.StatusOK)
	}
}

// renamed gives the fields of key and picture other names.
var renamed = []string{"CAPTCHA_KEY=id", "CAPTCHA_IMAGE=png", "CAPTCHA_CACHE=memory://"}

// The settings of the wire contract hold for forms and API alike, and for what the site tells about them.
func TestRenamedFields(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t, renamed...))
	form := v.get("/contact")
	if form.field("captcha_key") != "" || form.field("id") == "" {
		t.Fatal("the form's key has the old name")
	}
	var challenge map[string]string
	reply := readContract(t, v).check(v, "/api/captcha/", v.request("POST", "/api/captcha/", "", ""), 200)
	if err := json.Unmarshal([]byte(reply.text), &challenge); err != nil || challenge["id"] == "" || challenge["png"] == "" || len(challenge) != 4 {
		t.Errorf("the API replies %s", reply.text)
	}
	for _, path := range []string{"/developers", "/api/openapi.yaml"} {
		if page := v.get(path).text; strings.Contains(page, "captcha_key") || strings.Contains(page, "captcha_image") {
			t.Errorf("%s has the default names", path)
		}
	}
}

// An answer may be as long as the challenges are, and what the site says about that follows.
func TestLongChallenges(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t, "CAPTCHA_LENGTH=9-10", "CAPTCHA_IMAGE_SIZE=200x40"))
	const refusal = "Ensure this field has no more than 10 characters."
	if p := v.post("/api/contact", "json", map[string]string{"captcha_key": "k", "captcha_value": "ABCDEFGHIJK"}); !strings.Contains(p.text, refusal) {
		t.Errorf("the API says %s", p.text)
	}
	for _, path := range []string{"/developers", "/api/openapi.yaml"} {
		if page := v.get(path).text; !strings.Contains(page, refusal) || strings.Contains(page, "no more than 8") || strings.Contains(page, "maxLength: 8,") {
			t.Errorf("%s tells of another length", path)
		}
	}
}
