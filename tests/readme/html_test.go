package readme_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/net/html"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/siteverify"
)

// The documents' HTML for a page that Go does not render finds what it asks for.
func TestHTMLFindsItsAddresses(t *testing.T) {
	app, guard := fiber.New(), captcha.New()
	siteverify.New(siteverify.Config{Guard: guard, Sites: []siteverify.Site{
		{Key: "shop", Secrets: []string{strings.Repeat("x", 32)}, Origins: []string{"https://shop.example"}},
	}}).Register(app)
	guard.Register(app)
	found := map[string]int{}
	for _, b := range blocks(t, "html") {
		page, err := html.Parse(strings.NewReader(b.text))
		if err != nil {
			t.Fatal(err)
		}
		for n := range page.Descendants() {
			for _, a := range n.Attr {
				request := map[string]*[2]string{
					"script src":                {"GET", strings.TrimPrefix(a.Val, "https://captcha.example")},
					"captcha-field data-api":    {"POST", a.Val + "field"},
					"captcha-site data-sitekey": {"POST", "/api/captcha/field?purpose=site_" + a.Val},
				}[n.Data+" "+a.Key]
				if request == nil {
					continue
				}
				found[n.Data]++
				r := httptest.NewRequest(request[0], request[1], nil)
				r.Header.Set("Origin", "https://shop.example")
				response, err := app.Test(r)
				if err != nil {
					t.Fatal(err)
				}
				if response.StatusCode != 200 {
					t.Errorf("%v: %s %s: %s", b, request[0], request[1], response.Status)
				}
			}
		}
	}
	if found["script"] == 0 || found["captcha-field"] == 0 || found["captcha-site"] == 0 {
		t.Errorf("the documents' HTML has %v", found)
	}
}
