package handlers_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/handlers"
)

// Whatever is sent to a form is refused as something that the sender can mend, and in JSON if a program sent it.
func FuzzForms(f *testing.F) {
	const form, multi = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
	f.Add("application/json", `{"name":"Ada","email":"ada@example.org","message":"Hello","captcha_key":"k","captcha_value":"ABCD"}`)
	f.Add("application/json; charset=latin1", `{"email":["a"],"password":null,"name":"\ud800","name":{},"message":1e999}`)
	f.Add(form, "name=%FF&email=a%40b&message=%00&message=&captcha_key=k&captcha_value=%F0%9F%98%80")
	f.Add(form, "email=%22a b%22@[::1]&password=+++++++++&captcha_value")
	f.Add(multi, "--b\r\nContent-Disposition: form-data; name=\"email\"; filename=\"x\"\r\n\r\na@b.c\r\n--b--\r\n")
	f.Add("", "x")
	app := newApp(f, handlers.Config{})
	f.Fuzz(func(t *testing.T, contentType, body string) {
		for _, path := range []string{"/contact", "/signup", "/api/contact", "/api/signup"} {
			reply := handleBody(app, "POST", path, body, map[string]string{"Content-Type": contentType})
			if status := reply.StatusCode(); status < http.StatusBadRequest || status >= http.StatusInternalServerError {
				t.Errorf("%s: status %d: %s", path, status, reply.Body())
			}
			if strings.HasPrefix(path, "/api/") && !json.Valid(reply.Body()) {
				t.Errorf("%s: not JSON: %s", path, reply.Body())
			}
		}
	})
}

// A page's field may ask a replica that has not shown the page.
func TestFieldsOfPagesThatAnotherReplicaShowed(t *testing.T) {
	for _, purpose := range []string{"home", "contact", "signup", "login"} {
		app := newApp(t, handlers.Config{})
		if got := ask(t, app, "POST", "/api/captcha?purpose="+purpose, ""); got.status != 200 {
			t.Errorf("a challenge for %s: status %d", purpose, got.status)
		}
	}
}
