// Package wire checks that a server keeps the captcha's wire contract: what a protected endpoint answers to each
// submission, to the letter, in each encoding.
package wire

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Server is the server that is checked.
type Server struct {
	URL       string                                      // before every path
	Do        func(*http.Request) (*http.Response, error) // sends a request
	Challenge func(t *testing.T) (key, answer string)     // issues and solves
	Endpoint  string                                      // a protected one, which answers 201
	Own       map[string]string                           // the endpoint's own fields, with what is right in them
}

// What a refusal says of a field.
const (
	Required  = `["This field is required."]`
	Blank     = `["This field may not be blank."]`
	Null      = `["This field may not be null."]`
	NotString = `["Not a valid string."]`
	Twice     = `["This field may be given only once."]`
	Over8     = `["Ensure this field has no more than 8 characters."]`
	Over64    = `["Ensure this field has no more than 64 characters."]`
	NUL       = `["Null characters are not allowed."]`
	Unknown   = `{"non_field_errors":["Invalid or expired captcha key"]}`
	Wrong     = `{"non_field_errors":["Invalid captcha value"]}`
)

// refusals are submissions that use nothing up. Each replaces a right key or answer. A field whose value is - is left
// out.
var refusals = []struct {
	name       string
	key, value string // empty keeps the right one
	want       string
}{
	{"nothing", "-", "-", `{"captcha_key":` + Required + `,"captcha_value":` + Required + `}`},
	{"no value", "", "-", `{"captcha_value":` + Required + `}`},
	{"no key", "-", "", `{"captcha_key":` + Required + `}`},
	{"white value", "", " \t\n", `{"captcha_value":` + Blank + `}`},
	{"white key", " ", "", `{"captcha_key":` + Blank + `}`},
	{"long value", "", "ABCDABCDA", `{"captcha_value":` + Over8 + `}`},
	{"long key", strings.Repeat("k", 65), "", `{"captcha_key":` + Over64 + `}`},
	{"NUL", "", "AB\x00D", `{"captcha_value":` + NUL + `}`},
	{"64 KiB", "", strings.Repeat("A", 64<<10), `{"captcha_value":` + Over8 + `}`},
	{"64 KiB key", strings.Repeat("A", 64<<10), "", `{"captcha_key":` + Over64 + `}`},
	{"unknown", "de67e7f3-72d9-42d8-9677-ea381610363d", "", Unknown},
	{"unknown, no value", "de67e7f3", " ", `{"captcha_value":` + Blank + `}`},
}

// odd are bodies that only one encoding can have. OWN stands for the endpoint's own fields, with a comma or an & after
// them, KEY and VALUE for those of a real challenge.
var odd = []struct {
	name, contentType, body string
	status                  int
	want                    string
}{
	{"null value", js, `{OWN"captcha_key":"KEY","captcha_value":null}`, 400, `{"captcha_value":` + Null + `}`},
	{"null key", js, `{OWN"captcha_key":null,"captcha_value":"VALUE"}`, 400, `{"captcha_key":` + Null + `}`},
	{"number", js, `{OWN"captcha_key":"KEY","captcha_value":1234}`, 400, `{"captcha_value":` + NotString + `}`},
	{"truth", js, `{OWN"captcha_key":"KEY","captcha_value":true}`, 400, `{"captcha_value":` + NotString + `}`},
	{"list", js, `{OWN"captcha_key":"KEY","captcha_value":["VALUE"]}`, 400, `{"captcha_value":` + NotString + `}`},
	{"nested", js, `{OWN"captcha_key":{"captcha_key":"KEY"},"captcha_value":"VALUE"}`, 400, `{"captcha_key":` + NotString + `}`},
	{"twice", js, `{OWN"captcha_key":"KEY","captcha_value":"VALUE","captcha_value":"VALUE"}`, 400, `{"captcha_value":` + Twice + `}`},
	{"other case", js, `{OWN"CAPTCHA_KEY":"KEY","captcha_value":"VALUE"}`, 400, `{"captcha_key":` + Required + `}`},
	{"a list", js, `[1]`, 400, `{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}`},
	{"a string", js, `"KEY"`, 400, `{"non_field_errors":["Invalid data. Expected a dictionary, but got str."]}`},
	{"a number", js, `12`, 400, `{"non_field_errors":["Invalid data. Expected a dictionary, but got int."]}`},
	{"empty", js, ``, 400, `{"detail":"JSON parse error - the body is empty"}`},
	{"half", js, `{"captcha_key":"KEY","captcha_va`, 400, `{"detail":"JSON parse error - the body ends before the value does"}`},
	{"half a list", js, `[1,`, 400, `{"detail":"JSON parse error - the body ends before the value does"}`},
	{"more", js, `{"a":"b"} {}`, 400, `{"detail":"JSON parse error - the body is not JSON from byte 11 on"}`},
	{"words", js, `captcha_key`, 400, `{"detail":"JSON parse error - the body is not JSON from byte 1 on"}`},
	{"deep", js, strings.Repeat(`{"a":`, 20000), 400, `{"detail":"JSON parse error - the body is not JSON from byte 50001 on"}`},
	{"not UTF-8", js, "{OWN\"captcha_key\":\"KEY\",\"captcha_value\":\"AB\xff\"}", 400, `{"detail":"JSON parse error - the body is not UTF-8"}`},
	{"1,001 members", js, `{` + strings.Repeat(`"":1,`, 1000) + `"":1}`, 400, `{"detail":"The request's object has more than 1000 members."}`},
	{"twice", form, "OWNcaptcha_key=KEY&captcha_value=VALUE&captcha_value=VALUE", 400, `{"captcha_value":` + Twice + `}`},
	{"not UTF-8", form, "OWNcaptcha_key=KEY&captcha_value=AB%FF", 400, `{"captcha_value":` + NotString + `}`},
	{"no type", "", "captcha_key=KEY", 415, `{"detail":"Unsupported media type \"\" in request."}`},
	{"plain text", "text/plain", "captcha_key=KEY", 415, `{"detail":"Unsupported media type \"text/plain\" in request."}`},
	{"broken type", js + "; charset", "{}", 415, `{"detail":"Unsupported media type \"application/json; charset\" in request."}`},
	{"twice", multi, part(`name="captcha_value"`) + part(`name="captcha_value"`), 400, `"captcha_value":` + Twice},
	{"a file", multi, part(`name="captcha_value"; filename="a"`), 400, `"captcha_value":` + NotString},
	{"no boundary", "multipart/form-data", "--b--", 400, `{"detail":"Multipart form parse error - `},
}

const (
	js    = "application/json"
	form  = "application/x-www-form-urlencoded"
	multi = "multipart/form-data; boundary=b"
)

func part(disposition string) string {
	return "--b\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\nABCD\r\n"
}

// Encodings turn fields into each accepted kind of body.
var Encodings = map[string]func(fields map[string]string) (contentType, body string){
	"json": func(fields map[string]string) (string, string) {
		body, _ := json.Marshal(fields) // never fails for texts
		return js + "; charset=utf-8", string(body)
	},
	"json of a media type of its own": func(fields map[string]string) (string, string) {
		body, _ := json.Marshal(fields)
		return "application/vnd.api+json", string(body)
	},
	"urlencoded": func(fields map[string]string) (string, string) {
		values := url.Values{}
		for name, value := range fields {
			values.Set(name, value)
		}
		return form, values.Encode()
	},
	"multipart": func(fields map[string]string) (string, string) {
		var body bytes.Buffer
		parts := multipart.NewWriter(&body)
		for name, value := range fields {
			_ = parts.WriteField(name, value)
		}
		_ = parts.Close()
		return parts.FormDataContentType(), body.String()
	},
}

// Run holds s to the contract.
func Run(t *testing.T, s Server) {
	t.Run("refusals use nothing up", s.refusals)
	t.Run("odd bodies use nothing up", s.odd)
}

func (s Server) refusals(t *testing.T) {
	for encoding, encode := range Encodings {
		key, answer := s.Challenge(t)
		post := func(key, answer string) (int, string) {
			fields := maps.Clone(s.Own)
			if fields == nil {
				fields = map[string]string{}
			}
			if key != "-" {
				fields["captcha_key"] = key
			}
			if answer != "-" {
				fields["captcha_value"] = answer
			}
			contentType, body := encode(fields)
			return s.Post(t, contentType, body)
		}
		for _, row := range refusals {
			if status, reply := post(or(row.key, key), or(row.value, answer)); status != 400 || reply != row.want {
				t.Errorf("%s, %s: %d %.200s, want 400 %s", encoding, row.name, status, reply, row.want)
			}
		}
		want := func(what string, key, answer string, wantStatus int, wantReply string) {
			if status, reply := post(key, answer); status != wantStatus || wantReply != "" && reply != wantReply {
				t.Errorf("%s, %s: %d %.200s, want %d %s", encoding, what, status, reply, wantStatus, wantReply)
			}
		}
		want("right", " "+key+"\t", "\n"+strings.ToLower(answer)+" ", 201, "")
		want("again", key, answer, 400, Unknown)
		key, answer = s.Challenge(t)
		want("wrong", key, "no", 400, Wrong)
		want("right after a wrong one", key, answer, 400, Unknown)
	}
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (s Server) odd(t *testing.T) {
	key, answer := s.Challenge(t)
	var ownJSON, ownForm string
	for name, value := range s.Own {
		text, _ := json.Marshal(value)
		ownJSON += `"` + name + `":` + string(text) + `,`
		ownForm += name + "=" + url.QueryEscape(value) + "&"
	}
	for _, row := range odd {
		own := ownJSON
		if row.contentType == form {
			own = ownForm
		}
		body := strings.NewReplacer("OWN", own, "KEY", key, "VALUE", answer).Replace(row.body)
		if row.contentType == multi {
			body += "--b--\r\n"
		}
		status, reply := s.Post(t, row.contentType, body)
		// If a row leaves out the endpoint's own fields, the reply may complain of these as well.
		if status != row.status || !strings.Contains(reply, strings.TrimSuffix(row.want, "}")) {
			t.Errorf("%s, %s: %d %.200s, want %d %s", row.contentType, row.name, status, reply, row.status, row.want)
		}
	}
	fields := maps.Clone(s.Own)
	if fields == nil {
		fields = map[string]string{}
	}
	fields["captcha_key"], fields["captcha_value"] = key, answer
	contentType, body := Encodings["urlencoded"](fields)
	if status, reply := s.Post(t, contentType, body); status != 201 {
		t.Errorf("nothing was to be used up, but: %d %s", status, reply)
	}
}

// Post posts a body to the endpoint.
func (s Server) Post(t *testing.T, contentType, body string) (status int, reply string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.URL+s.Endpoint, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	response, err := s.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
