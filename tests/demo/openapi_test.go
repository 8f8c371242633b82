package demo_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

// contract is the description that a server gives of its API, and which of the replies in it were seen.
type contract struct {
	t         *testing.T
	validator validator.Validator
	promised  map[string]bool // "POST /api/contact 201 application/json": whether it was seen
}

func readContract(t *testing.T, v *visitor) *contract {
	t.Helper()
	reply := v.get("/api/openapi.yaml")
	v.want(reply, http.StatusOK)
	if media := reply.Header.Get("Content-Type"); media != "application/yaml" {
		t.Errorf("the description is %s", media)
	}
	document, err := libopenapi.NewDocument([]byte(reply.text))
	if err != nil {
		t.Fatal(err)
	}
	if version := document.GetVersion(); version != "3.1.0" {
		t.Errorf("the description is in OpenAPI %s", version)
	}
	checker, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if valid, problems := checker.ValidateDocument(); !valid {
		t.Fatal(problems)
	}
	model, err := document.BuildV3Model()
	if err != nil {
		t.Fatal(err)
	}
	c := &contract{t: t, validator: checker, promised: make(map[string]bool)}
	for path, item := range model.Model.Paths.PathItems.FromOldest() {
		for method, operation := range item.GetOperations().FromOldest() {
			for status, response := range operation.Responses.Codes.FromOldest() {
				call := fmt.Sprintf("%s %s %s", strings.ToUpper(method), path, status)
				if response.Content == nil || response.Content.Len() == 0 {
					c.promised[call] = false
					continue
				}
				for media := range response.Content.KeysFromOldest() {
					c.promised[call+" "+media] = false
				}
			}
		}
	}
	return c
}

// check sends a request, and fails the test unless the reply is one that the description promises for it. A request
// that should be accepted has to be one that the description allows, too.
func (c *contract) check(v *visitor, path string, r *http.Request, status int) page {
	c.t.Helper()
	var sent []byte
	if r.Body != nil {
		sent, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	reply := v.do(r)
	v.want(reply, status)
	r.Body, reply.Body = io.NopCloser(bytes.NewReader(sent)), io.NopCloser(strings.NewReader(reply.text))
	call := fmt.Sprintf("%s %s %d", r.Method, path, status)
	if media, _, _ := strings.Cut(reply.Header.Get("Content-Type"), ";"); media != "" && reply.text != "" {
		call += " " + media
	}
	if _, ok := c.promised[call]; !ok {
		c.t.Errorf("%s: the description knows no such reply", call)
	}
	c.promised[call] = true
	if valid, problems := c.validator.ValidateHttpResponse(r, reply.Response); !valid {
		for _, problem := range problems {
			c.t.Errorf("%s: %s: %s %v: %s", call, problem.Message, problem.Reason, problem.SchemaValidationErrors, reply.text)
		}
	}
	if status < 300 {
		if valid, problems := c.validator.ValidateHttpRequestSync(r); !valid {
			c.t.Errorf("%s: the description does not allow the request: %v", call, problems)
		}
	}
	return reply
}

// complete fails the test for each reply of the description that was not seen.
func (c *contract) complete() {
	c.t.Helper()
	for _, call := range slices.Sorted(maps.Keys(c.promised)) {
		if !c.promised[call] {
			c.t.Errorf("%s was never seen", call)
		}
	}
}

const (
	audioPath  = "/api/captcha/{key}/audio.wav"
	workPath   = "/api/captcha/{key}/work"
	altchaPath = "/api/captcha/altcha"
	verifyPath = "/api/captcha/altcha/verify"

	fieldPath   = "/api/captcha/field"
	receiptPath = "/api/captcha/receipt/"
)

// receipt returns the receipt that a challenge was exchanged for.
func (p page) receipt(t *testing.T) string {
	t.Helper()
	var given struct {
		Receipt string `json:"captcha_receipt"`
	}
	if err := json.Unmarshal([]byte(p.text), &given); err != nil {
		t.Fatal(err)
	}
	return given.Receipt
}

// solveForWidget returns what ALTCHA's widget makes of a challenge.
func solveForWidget(t *testing.T, text string) (payload string) {
	t.Helper()
	var sent struct {
		Parameters json.RawMessage `json:"parameters"`
		Signature  string          `json:"signature"`
	}
	var set work.Challenge
	if err := errors.Join(json.Unmarshal([]byte(text), &sent), json.Unmarshal(sent.Parameters, &set)); err != nil {
		t.Fatal(err)
	}
	counter, derived, err := set.Search(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	solution := map[string]any{"counter": counter, "derivedKey": derived, "time": 1.5}
	whole, err := json.Marshal(map[string]any{"challenge": sent, "solution": solution})
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(whole)
}

// The running server sends every reply of the description, in the shape that it has there, and no other reply.
func TestOpenAPIDescribesTheServer(t *testing.T) {
	t.Parallel()
	s := start(t, "CAPTCHA_PRESSURE=auto") // with what the replies have then
	v := visit(t, s)
	c := readContract(t, v)

	c.check(v, "/api/openapi.yaml", v.request("GET", "/api/openapi.yaml", "", ""), 200)
	c.check(v, "/api/captcha/", v.request("POST", "/api/captcha/", "", ""), 200)
	c.check(v, "/api/captcha/", v.request("POST", "/api/captcha/?details=&preset=field&purpose=contact", "", ""), 200)
	c.check(v, "/api/captcha/", v.request("POST", "/api/captcha/?purpose=unknown", "", ""), 404)
	c.check(v, fieldPath, v.request("POST", fieldPath+"?language=de", "", ""), 200)
	c.check(v, fieldPath, v.request("POST", fieldPath+"?purpose=unknown", "", ""), 404)
	key, answer := v.challenge()
	exchange := func(contentType, body string) *http.Request { return v.request("POST", receiptPath, contentType, body) }
	met := exchange(encodings["json"](map[string]string{"captcha_key": key, "captcha_value": answer}))
	receipt := c.check(v, receiptPath, met, 200).receipt(t)
	c.check(v, receiptPath, exchange("application/json", `{}`), 400)
	c.check(v, receiptPath, exchange("application/json", `{"captcha_key": "`+strings.Repeat("x", 300<<10)+`"}`), 413)
	c.check(v, receiptPath, exchange("text/plain", "hello"), 415)
	c.check(v, receiptPath, v.request("POST", receiptPath+"?purpose=unknown", "application/json", `{}`), 404)
	withReceipt := map[string]string{
		"name": "Ada", "email": "ada@example.org", "message": "Hello", "captcha_receipt": receipt,
	}
	for _, status := range []int{201, 400} { // it is good once
		contentType, body := encodings["json"](withReceipt)
		c.check(v, "/api/contact", v.request("POST", "/api/contact", contentType, body), status)
	}
	key, _ = v.challenge()
	sound := func(key, part string) *http.Request {
		r := v.request("GET", "/api/captcha/"+key+"/audio.wav", "", "")
		if part != "" {
			r.Header.Set("Range", part)
		}
		return r
	}
	c.check(v, audioPath, sound(key, ""), 200)
	c.check(v, audioPath, sound(key, "bytes=0-99"), 206)
	c.check(v, audioPath, sound(key, "bytes=99999999-"), 416)
	c.check(v, audioPath, sound("unknown", ""), 404)

	work := func(key string) *http.Request { return v.request("GET", "/api/captcha/"+key+"/work", "", "") }
	c.check(v, workPath, work(key), 200)
	c.check(v, workPath, work("unknown"), 404)
	payload := solveForWidget(t, c.check(v, altchaPath, v.request("GET", altchaPath, "", ""), 200).text)
	verify := func(contentType, body string) *http.Request { return v.request("POST", verifyPath, contentType, body) }
	c.check(v, verifyPath, verify("application/json", `{"payload": "`+payload+`"}`), 200)
	c.check(v, verifyPath, verify("application/json", `{"payload": "`+payload+`"}`), 200)
	c.check(v, verifyPath, verify("application/json", `{}`), 400)
	c.check(v, verifyPath, verify("application/json", `{"code": "`+strings.Repeat("x", 300<<10)+`"}`), 413)
	c.check(v, verifyPath, verify("text/plain", "hello"), 415)

	forms := map[string]func(n int) map[string]string{
		"/api/contact": func(int) map[string]string {
			return map[string]string{"name": "Ada", "email": "ada@example.org", "message": "Hello"}
		},
		"/api/signup": func(n int) map[string]string {
			return map[string]string{"email": fmt.Sprintf("ada%d@example.org", n), "password": "correct horse"}
		},
	}
	for path, form := range forms {
		n := 0
		solved := func() map[string]string {
			n++
			fields := form(n)
			fields["captcha_key"], fields["captcha_value"] = v.challenge()
			return fields
		}
		for _, encoding := range []string{"json", "urlencoded", "multipart"} {
			contentType, body := encodings[encoding](solved())
			c.check(v, path, v.request("POST", path, contentType, body), 201)
		}
		for _, spoil := range []map[string]string{
			{"captcha_value": "WRONG"}, {"captcha_key": "unknown"}, {"captcha_value": ""},
			{"captcha_value": "MORETHANEIGHT"}, {"email": "ada"},
		} {
			fields := solved()
			maps.Copy(fields, spoil)
			contentType, body := encodings["json"](fields)
			c.check(v, path, v.request("POST", path, contentType, body), 400)
		}
		for _, body := range []string{`{}`, `{"captcha_value": null, "captcha_key": 1}`, `[]`, `{"captcha_key": "`, ``} {
			c.check(v, path, v.request("POST", path, "application/json", body), 400)
		}
		c.check(v, path, v.request("POST", path, "text/plain", "hello"), 415)
		c.check(v, path, v.request("POST", path, "application/json", `{"name": "`+strings.Repeat("x", 300<<10)+`"}`), 413)
	}

	c.siteverify(redisserver.Own(t))
	c.throttled(server.Start(t, "LIMIT_ISSUE=1/hour", "LIMIT_SUBMIT=1/hour", "LIMIT_AUDIO=1/hour"))
	redis := redisserver.Own(t)
	down := start(t, "STORAGE_URL="+redis.URL(), "CAPTCHA_STORED=true")
	redis.Kill()
	c.storageFails(down)
	c.complete()
}

// siteverify sees what a server says to the backends of other sites.
func (c *contract) siteverify(redis *redisserver.Server) {
	const path, form, js = "/api/siteverify", "application/x-www-form-urlencoded", "application/json"
	const secret, origin = "0123456789abcdef0123456789abcdef", "https://shop.example"
	sites := `CAPTCHA_SITES=[{"key": "shop", "secrets": ["` + secret + `"], "origins": ["` + origin + `"]}]`
	s := start(c.t, "STORAGE_URL="+redis.URL(), sites)
	v := visit(c.t, s)
	request := func(contentType, body string) *http.Request { return v.request("POST", path, contentType, body) }
	ofShop := func(path, body string) page {
		r := v.request("POST", path, form, body)
		r.Header.Set("Origin", origin)
		return v.do(r)
	}

	field := ofShop("/api/captcha/field?purpose=site_shop", "")
	v.want(field, 200)
	_, rest, _ := strings.Cut(field.text, "preset=field&amp;purpose=")
	purpose, _, _ := strings.Cut(rest, `"`)
	key := field.field("captcha_key")
	answer := captchatest.Solve(c.t, v.guard.For(purpose), key)
	solved := url.Values{"captcha_key": {key}, "captcha_value": {answer}}.Encode()
	given := ofShop("/api/siteverify/response?purpose="+purpose, solved)
	v.want(given, 200)
	var got struct{ Response string }
	if err := json.Unmarshal([]byte(given.text), &got); err != nil {
		c.t.Fatal(err)
	}
	good := url.Values{"secret": {secret}, "response": {got.Response}}.Encode()
	c.check(v, path, request(form, good), 200)
	c.check(v, path, request(form, good), 200)
	c.check(v, path, request(js, `{"secret": "`+secret+`", "response": "made up"}`), 200)
	c.check(v, path, request(js, `{"secret": "`), 400)
	c.check(v, path, request(form, "secret="+strings.Repeat("x", 17<<10)), 413)
	c.check(v, path, request("text/plain", "hello"), 415)
	wrong := "secret=wrong&response=x"
	for tries := 0; v.do(request(form, wrong)).StatusCode != 429; tries++ {
		if tries == 300 { // 30 are free, and a slow machine is given some more meanwhile
			c.t.Fatal("wrong secrets can be tried without end")
		}
	}
	c.check(v, path, request(form, wrong), 429)
	redis.Kill()
	c.check(v, path, request(form, good), 503)
	other := visit(c.t, start(c.t))
	c.check(other, path, other.request("POST", path, form, good), 404)
}

func (c *contract) throttled(s *server.Server) {
	v := visit(c.t, s)
	for path, r := range anyRequests(v) {
		v.do(r())
		c.check(v, path, r(), 429)
	}
}

func (c *contract) storageFails(s *server.Server) {
	v := visit(c.t, s)
	for path, r := range anyRequests(v) {
		c.check(v, path, r(), 503)
	}
}

// readable is a payload of ALTCHA's widget for a key that is nobody's.
var readable = base64.StdEncoding.EncodeToString([]byte(
	`{"challenge":{"parameters":{"data":{"key":"nobodys"}},"signature":"00"},"solution":{}}`))

// anyRequests are one to each limited address, whose fields are well-formed.
func anyRequests(v *visitor) map[string]func() *http.Request {
	fields := map[string]string{"name": "Ada", "email": "ada@example.org", "message": "Hello", "password": "correct horse",
		"captcha_key": "0b6f0ee6-9d4b-4fd2-9c41-6d7a3c6d8a11", "captcha_value": "ABCD"}
	contentType, body := encodings["json"](fields)
	return map[string]func() *http.Request{
		"/api/captcha/": func() *http.Request { return v.request("POST", "/api/captcha/", "", "") },
		audioPath:       func() *http.Request { return v.request("GET", "/api/captcha/unknown/audio.wav", "", "") },
		workPath: func() *http.Request {
			return v.request("GET", "/api/captcha/0b6f0ee6-9d4b-4fd2-9c41-6d7a3c6d8a11/work", "", "")
		},
		fieldPath:   func() *http.Request { return v.request("POST", fieldPath, "", "") },
		receiptPath: func() *http.Request { return v.request("POST", receiptPath, contentType, body) },
		altchaPath:  func() *http.Request { return v.request("GET", altchaPath, "", "") },
		verifyPath: func() *http.Request {
			return v.request("POST", verifyPath, "application/json", `{"payload": "`+readable+`"}`)
		},
		"/api/contact": func() *http.Request { return v.request("POST", "/api/contact", contentType, body) },
		"/api/signup":  func() *http.Request { return v.request("POST", "/api/signup", contentType, body) },
	}
}
