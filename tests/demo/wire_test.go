package demo_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/wire"
)

// endpoints are the protected ones, with fields that are right.
var endpoints = map[string]map[string]string{
	"/api/contact": {"name": "Ada", "email": "ada@example.org", "message": "Hello"},
	"/api/signup":  {"email": "ada@example.org", "password": "correct horse"},
}

func TestWireContract(t *testing.T) {
	t.Parallel()
	for path, own := range endpoints {
		t.Run(path, func(t *testing.T) {
			v := visit(t, start(t))
			accounts := 0
			wire.Run(t, wire.Server{URL: v.base, Endpoint: path, Own: own,
				Challenge: func(*testing.T) (key, answer string) { return v.challenge() },
				Do: func(r *http.Request) (*http.Response, error) {
					response, err := v.client.Do(r)
					if path == "/api/signup" && err == nil && response.StatusCode == http.StatusCreated {
						accounts++ // another address for the next
						own["email"] = fmt.Sprintf("ada%d@example.org", accounts)
					}
					return response, err
				},
			})
		})
	}
}

// A mistake in an endpoint's own fields is reported in the same words, and uses nothing up.
func TestRefusedOwnFieldsUseNothingUp(t *testing.T) {
	t.Parallel()
	kib64 := strings.Repeat("A", 64<<10)
	rows := []struct {
		name   string
		fields map[string]string // on top of what is right; "-" leaves the field out
		want   string
	}{
		{"blank address", map[string]string{"email": " "}, `{"email":` + wire.Blank + `}`},
		{"no address", map[string]string{"email": "-"}, `{"email":` + wire.Blank + `}`},
		{"bad address", map[string]string{"email": "ada"}, `{"email":["Enter a valid email address."]}`},
		{"64 KiB address", map[string]string{"email": kib64}, `{"email":["Ensure this field has no more than 254 characters."]}`},
		{"NUL address", map[string]string{"email": "a\x00@b"}, `{"email":` + wire.NUL + `}`},
		{"own and captcha", map[string]string{"email": "ada", "captcha_value": ""}, `{"captcha_value":` + wire.Blank + `,"email":["Enter a valid email address."]}`},
	}
	v := visit(t, start(t))
	for path, own := range endpoints {
		for encoding := range encodings {
			key, answer := v.challenge()
			good := map[string]string{"captcha_key": key, "captcha_value": answer}
			maps.Copy(good, own)
			good["email"] = strings.ReplaceAll(path[1:], "/", ".") + "." + encoding + "@example.org"
			for _, row := range rows {
				fields := maps.Clone(good)
				maps.Copy(fields, row.fields)
				maps.DeleteFunc(fields, func(_, text string) bool { return text == "-" })
				if p := v.post(path, encoding, fields); p.StatusCode != 400 || p.text != row.want {
					t.Errorf("%s, %s, %s: %s %.200s, want 400 %s", path, encoding, row.name, p.Status, p.text, row.want)
				}
			}
			v.want(v.post(path, encoding, good), http.StatusCreated)
		}
	}
}

// A field of another type than text is named as the endpoint names it, on each endpoint.
func TestFieldsOfAnotherType(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t))
	key, answer := v.challenge()
	for path, own := range endpoints {
		for name := range own {
			fields := map[string]any{"captcha_key": key, "captcha_value": answer}
			for other, text := range own {
				fields[other] = text
			}
			fields[name] = 7
			p := v.do(v.request("POST", path, "application/json", jsonText(fields)))
			if want := `{"` + name + `":` + wire.NotString + `}`; p.StatusCode != 400 || p.text != want {
				t.Errorf("%s with a number as %s: %s %s, want 400 %s", path, name, p.Status, p.text, want)
			}
		}
	}
}

// Bodies with own fields that only one encoding can have.
func TestOddOwnFields(t *testing.T) {
	t.Parallel()
	const js, form, multi = "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
	part := func(disposition, text string) string {
		return "--b\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + text + "\r\n"
	}
	v := visit(t, start(t))
	key, answer := v.challenge()
	for _, row := range []struct{ name, contentType, body, want string }{
		{"nested", js, `{"name":{"first":"Ada"},"email":"ada@example.org","message":"Hello","captcha_key":"KEY","captcha_value":"VALUE"}`, `{"name":` + wire.NotString + `}`},
		{"null", js, `{"name":null,"email":"ada@example.org","message":"Hello","captcha_key":"KEY","captcha_value":"VALUE"}`, `{"name":` + wire.Null + `}`},
		{"twice", js, `{"name":"Ada","email":"ada@example.org","message":"Hello","name":"Bob","captcha_key":"KEY","captcha_value":"VALUE"}`, `{"name":` + wire.Twice + `}`},
		{"other types", js, `{"name":["x"],"email":"ada@example.org","message":7,"captcha_key":"KEY","captcha_value":"VALUE"}`,
			`{"message":` + wire.NotString + `,"name":` + wire.NotString + `}`},
		{"another case", js, `{"NAME":"Ada","email":"ada@example.org","message":"Hello","captcha_key":"KEY","captcha_value":"VALUE"}`, `{"name":` + wire.Blank + `}`},
		{"not UTF-8", form, "name=%FF&email=ada@example.org&message=Hello&captcha_key=KEY&captcha_value=VALUE", `{"name":` + wire.NotString + `}`},
		{"odd names", form, "name[=x&a[b][c]=d&email.x=y&captcha_key=KEY&captcha_value=VALUE", `"email":` + wire.Blank},
		{"broken escapes", form, "name=%ZZ&email=%&message=%4&captcha_key=KEY&captcha_value=VALUE", `"email":["Enter a valid email address."]`},
		{"twice", form, "name=Ada&name=Bob&email=ada@example.org&message=Hello&captcha_key=KEY&captcha_value=VALUE", `{"name":` + wire.Twice + `}`},
		{"a file", multi, part(`name="captcha_key"`, "KEY") + part(`name="captcha_value"`, "VALUE") + part(`name="email"; filename="a"`, "a@b.c") + "--b--\r\n", `"email":` + wire.NotString},
		{"half", multi, part(`name="captcha_key"`, "KEY") + "--b\r\nContent-Dispo", `{"detail":"Multipart form parse error - `},
	} {
		body := strings.NewReplacer("KEY", key, "VALUE", answer).Replace(row.body)
		p := v.do(v.request("POST", "/api/contact", row.contentType, body))
		if p.StatusCode != 400 || !strings.Contains(p.text, row.want) {
			t.Errorf("%s, %s: %s %.200s, want 400 %s", row.contentType, row.name, p.Status, p.text, row.want)
		}
	}
	v.want(v.post("/api/contact", "json", map[string]string{"name": "Ada", "email": "ada@example.org", "message": "Hello",
		"captcha_key": key, "captcha_value": answer}), http.StatusCreated)
}

// A body that stops half-way is answered with a 4xx, and uses nothing up: when the client closes its side, and when it
// just falls silent.
func TestBodyThatStopsHalfWay(t *testing.T) {
	t.Parallel()
	s := start(t)
	for encoding, encode := range encodings {
		for _, path := range []string{"/api/contact", "/contact"} {
			for _, ends := range []bool{true, false} {
				t.Run(fmt.Sprint(path, " ", encoding, ", closed ", ends), func(t *testing.T) {
					t.Parallel()
					v := visit(t, s)
					fields := map[string]string{"name": "Ada", "email": "ada@example.org", "message": "Hello"}
					fields["captcha_key"], fields["captcha_value"] = v.challenge()
					contentType, body := encode(fields)
					head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", path, contentType, len(body))
					response := half(t, s.Addr, head+body[:len(body)-4], ends)
					if response.StatusCode < 400 || response.StatusCode > 499 {
						t.Errorf("answered %s", response.Status)
					}
					v.want(v.post("/api/contact", encoding, fields), http.StatusCreated)
				})
			}
		}
	}
}

// half sends the beginning of a request, and reads the reply.
func half(t *testing.T, addr, request string, ends bool) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	if ends {
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no reply (closed %v): %v", ends, err)
	}
	defer response.Body.Close()
	return response
}
