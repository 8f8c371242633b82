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
)

const (
	blank    = `["This field may not be blank."]`
	required = `["This field is required."]`
	null     = `["This field may not be null."]`
	noString = `["Not a valid string."]`
	twice    = `["This field may be given only once."]`
	unknown  = `{"non_field_errors":["Invalid or expired captcha key"]}`
	wrong    = `{"non_field_errors":["Invalid captcha value"]}`
)

// endpoints are the protected ones, with fields that are right.
var endpoints = map[string]map[string]string{
	"/api/contact": {"name": "Ada", "email": "ada@example.org", "message": "Hello"},
	"/api/signup":  {"email": "ada@example.org", "password": "correct horse"},
}

// What can't be right is refused with the reason, and the challenge can be answered afterwards.
func TestRefusalsUseNothingUp(t *testing.T) {
	kib64 := strings.Repeat("A", 64<<10)
	rows := []struct {
		name   string
		fields map[string]string // on top of an endpoint's own and a right answer; "-" leaves the field out
		want   string
	}{
		{"no value", map[string]string{"captcha_value": "-"}, `{"captcha_value":` + required + `}`},
		{"no key", map[string]string{"captcha_key": "-"}, `{"captcha_key":` + required + `}`},
		{"blank value", map[string]string{"captcha_value": ""}, `{"captcha_value":` + blank + `}`},
		{"white value", map[string]string{"captcha_value": " \t"}, `{"captcha_value":` + blank + `}`},
		{"blank key", map[string]string{"captcha_key": ""}, `{"captcha_key":` + blank + `}`},
		{"long value", map[string]string{"captcha_value": "ABCDABCDA"}, `{"captcha_value":["Ensure this field has no more than 8 characters."]}`},
		{"64 KiB value", map[string]string{"captcha_value": kib64}, `{"captcha_value":["Ensure this field has no more than 8 characters."]}`},
		{"64 KiB key", map[string]string{"captcha_key": kib64}, `{"captcha_key":["Ensure this field has no more than 64 characters."]}`},
		{"NUL value", map[string]string{"captcha_value": "AB\x00D"}, `{"captcha_value":["Null characters are not allowed."]}`},
		{"unknown key", map[string]string{"captcha_key": "de67e7f3-72d9-42d8-9677-ea381610363d"}, unknown},
		{"unknown key, no value", map[string]string{"captcha_key": "de67e7f3", "captcha_value": ""}, `{"captcha_value":` + blank + `}`},
		{"blank address", map[string]string{"email": " "}, `{"email":` + blank + `}`},
		{"no address", map[string]string{"email": "-"}, `{"email":` + blank + `}`},
		{"bad address", map[string]string{"email": "ada"}, `{"email":["Enter a valid email address."]}`},
		{"64 KiB address", map[string]string{"email": kib64}, `{"email":["Ensure this field has no more than 254 characters."]}`},
		{"NUL address", map[string]string{"email": "a\x00@b"}, `{"email":["Null characters are not allowed."]}`},
		{"own and captcha", map[string]string{"email": "ada", "captcha_value": ""}, `{"captcha_value":` + blank + `,"email":["Enter a valid email address."]}`},
	}
	s := start(t)
	for path, own := range endpoints {
		for encoding := range encodings {
			v := visit(t, s)
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
			if p := v.post(path, encoding, good); p.StatusCode != 400 || p.text != unknown {
				t.Errorf("%s, %s: sent again: %s %s", path, encoding, p.Status, p.text)
			}
			good["captcha_key"], good["captcha_value"] = v.challenge()
			miss := maps.Clone(good)
			miss["captcha_value"] = "no"
			if p := v.post(path, encoding, miss); p.StatusCode != 400 || p.text != wrong {
				t.Errorf("%s, %s: a wrong answer: %s %s", path, encoding, p.Status, p.text)
			}
			if p := v.post(path, encoding, good); p.StatusCode != 400 || p.text != unknown {
				t.Errorf("%s, %s: the right answer after a wrong one: %s %s", path, encoding, p.Status, p.text)
			}
		}
	}
}

// A field of another type than text is named as the endpoint names it, on each endpoint.
func TestFieldsOfAnotherType(t *testing.T) {
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
			if want := `{"` + name + `":` + noString + `}`; p.StatusCode != 400 || p.text != want {
				t.Errorf("%s with a number as %s: %s %s, want 400 %s", path, name, p.Status, p.text, want)
			}
		}
	}
}

// Bodies that only one encoding can have. KEY and VALUE stand for those of a real challenge.
func TestOddBodies(t *testing.T) {
	const own = `"name":"Ada","email":"ada@example.org","message":"Hello"`
	const form = "application/x-www-form-urlencoded"
	const multi = "multipart/form-data; boundary=b"
	part := func(disposition, text string) string {
		return "--b\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + text + "\r\n"
	}
	v := visit(t, start(t))
	key, answer := v.challenge()
	for _, row := range []struct {
		name, contentType, body string
		status                  int
		want                    string
	}{
		{"null", "application/json", `{` + own + `,"captcha_key":"KEY","captcha_value":null}`, 400, `"captcha_value":["This field may not be null."]`},
		{"a number", "application/json", `{` + own + `,"captcha_key":"KEY","captcha_value":12}`, 400, `"captcha_value":` + noString},
		{"a list", "application/json", `{` + own + `,"captcha_key":"KEY","captcha_value":["VALUE"]}`, 400, `"captcha_value":` + noString},
		{"nested", "application/json", `{` + own + `,"captcha_key":{"captcha_key":"KEY"},"captcha_value":"VALUE"}`, 400, `"captcha_key":` + noString},
		{"twice", "application/json", `{` + own + `,"captcha_key":"KEY","captcha_value":"VALUE","captcha_value":"VALUE"}`, 400, `"captcha_value":` + twice},
		{"own field nested", "application/json", `{"name":{"first":"Ada"},"email":"ada@example.org","message":"Hello","captcha_key":"KEY","captcha_value":"VALUE"}`, 400, `{"name":` + noString + `}`},
		{"own field a number", "application/json", `{"name":"Ada","email":7,"message":"Hello","captcha_key":"KEY","captcha_value":"VALUE"}`, 400, `{"email":` + noString + `}`},
		{"own field null", "application/json", `{"name":null,"email":"ada@example.org","message":"Hello","captcha_key":"KEY","captcha_value":"VALUE"}`, 400, `{"name":` + null + `}`},
		{"deep", "application/json", strings.Repeat(`{"a":`, 20000), 400, `{"detail":"JSON parse error - `},
		{"not UTF-8", "application/json", "{" + own + ",\"captcha_key\":\"KEY\",\"captcha_value\":\"AB\xff\"}", 400, `{"detail":"JSON parse error - the body is not UTF-8"}`},
		{"half", "application/json", `{"captcha_key":"KEY","captcha_va`, 400, `{"detail":"JSON parse error - `},
		{"a list of all", "application/json", `[1]`, 400, `{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}`},
		{"empty", "application/json", ``, 400, `{"detail":"JSON parse error - the body is empty"}`},
		{"no body", "", ``, 400, `"captcha_key":` + required},
		{"twice", form, "name=Ada&email=ada@example.org&message=Hello&captcha_key=KEY&captcha_value=VALUE&captcha_value=VALUE", 400, `"captcha_value":` + twice},
		{"not UTF-8", form, "name=%FF&email=ada@example.org&message=Hello&captcha_key=KEY&captcha_value=VALUE", 400, `{"name":` + noString + `}`},
		{"odd names", form, "name[=x&a[b][c]=d&email.x=y&captcha_key=KEY&captcha_value=VALUE", 400, `"email":` + blank},
		{"broken escapes", form, "name=%ZZ&email=%&message=%4&captcha_key=KEY&captcha_value=VALUE", 400, `"email":["Enter a valid email address."]`},
		{"a file", multi, part(`name="captcha_key"`, "KEY") + part(`name="captcha_value"; filename="a"`, "VALUE") + "--b--\r\n", 400, `"captcha_value":` + noString},
		{"a file for an own field", multi, part(`name="captcha_key"`, "KEY") + part(`name="captcha_value"`, "VALUE") + part(`name="email"; filename="a"`, "a@b.c") + "--b--\r\n", 400, `"email":` + noString},
		{"an own field twice", "application/json", `{` + own + `,"name":"Bob","captcha_key":"KEY","captcha_value":"VALUE"}`, 400, `{"name":` + twice + `}`},
		{"an own field twice", form, "name=Ada&name=Bob&email=ada@example.org&message=Hello&captcha_key=KEY&captcha_value=VALUE", 400, `{"name":` + twice + `}`},
		{"own fields of other types", "application/json", `{"name":["x"],"email":"ada@example.org","message":7,"captcha_key":"KEY","captcha_value":"VALUE"}`, 400,
			`{"message":` + noString + `,"name":` + noString + `}`},
		{"own fields in another case", "application/json", `{"NAME":"Ada","email":"ada@example.org","message":"Hello","captcha_key":"KEY","captcha_value":"VALUE"}`, 400, `{"name":` + blank + `}`},
		{"half", multi, part(`name="captcha_key"`, "KEY") + "--b\r\nContent-Dispo", 400, `{"detail":"Multipart form parse error - `},
		{"no boundary", "multipart/form-data", "--b--", 400, `{"detail":"Multipart form parse error - `},
		{"a picture", "image/png", "\x89PNG", 415, `{"detail":"Unsupported media type \"image/png\" in request."}`},
		{"no type", "", "name=Ada", 415, `{"detail":"Unsupported media type \"\" in request."}`},
	} {
		body := strings.NewReplacer("KEY", key, "VALUE", answer).Replace(row.body)
		p := v.do(v.request("POST", "/api/contact", row.contentType, body))
		if p.StatusCode != row.status || !strings.Contains(p.text, row.want) {
			t.Errorf("%s, %s: %s %.200s, want %d %s", row.contentType, row.name, p.Status, p.text, row.status, row.want)
		}
	}
	v.want(v.post("/api/contact", "json", map[string]string{"name": "Ada", "email": "ada@example.org", "message": "Hello",
		"captcha_key": key, "captcha_value": answer}), http.StatusCreated)
}

// A body that stops half-way is answered with a 4xx, and uses nothing up: when the client closes its side, and when it
// just falls silent.
func TestBodyThatStopsHalfWay(t *testing.T) {
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
