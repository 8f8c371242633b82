package web_test

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/handlers/web"
)

func TestAssets(t *testing.T) {
	assets := web.NewAssets(fstest.MapFS{"site.css": {Data: []byte("body {}")}})
	app := fiber.New()
	app.Get("/static/:name", assets.Serve)
	address, err := assets.URL("site.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, method, address string
		status                int
		cache, body           string
	}{
		{"as pages link to it", "GET", address, 200, "public, max-age=31536000, immutable", "body {}"},
		{"its head", "HEAD", address, 200, "public, max-age=31536000, immutable", ""},
		{"without a version", "GET", "/static/site.css", 200, "no-cache", "body {}"},
		{"of another version", "GET", "/static/site.css?v=other", 200, "no-cache", "body {}"},
		{"what is not there", "GET", "/static/other.css", 404, "", "Not Found"},
		{"a directory", "GET", "/static/.", 404, "", "Not Found"},
		{"from outside", "GET", "/static/..%2fassets.go", 404, "", "Not Found"},
	} {
		reply, err := app.Test(httptest.NewRequest(row.method, row.address, nil), -1)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(reply.Body)
		if reply.StatusCode != row.status || reply.Header.Get("Cache-Control") != row.cache || string(body) != row.body {
			t.Errorf("%s: status %d, Cache-Control %q, %q", row.name, reply.StatusCode, reply.Header.Get("Cache-Control"), body)
		}
		if row.status == 200 && !strings.HasPrefix(reply.Header.Get("Content-Type"), "text/css") {
			t.Errorf("%s: Content-Type %q", row.name, reply.Header.Get("Content-Type"))
		}
	}
	if _, err := assets.URL("other.css"); err == nil {
		t.Error("a link to what is not there is made")
	}
}

// A browser that kept a file for a year asks for it again when it has changed.
func TestAddressesOfAssetsChange(t *testing.T) {
	one, _ := web.NewAssets(fstest.MapFS{"site.css": {Data: []byte("body {}")}}).URL("site.css")
	two, _ := web.NewAssets(fstest.MapFS{"site.css": {Data: []byte("body { }")}}).URL("site.css")
	if one == two {
		t.Errorf("both are %s", one)
	}
}
