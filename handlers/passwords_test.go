package handlers

import (
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

func TestPasswordsMatch(t *testing.T) {
	p := newPasswords()
	app := fiber.New()
	c := app.AcquireCtx(&fasthttp.RequestCtx{})
	defer app.ReleaseCtx(c)
	hash, err := p.hash(c, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		hash     []byte
		password string
		want     bool
	}{{hash, "correct horse", true}, {hash, "correct horsf", false}, {nil, "correct horse", false}, {nil, "", false}} {
		if ok, err := p.matches(c, row.hash, row.password); ok != row.want || err != nil {
			t.Errorf("%q matches: %t, %v; want %t", row.password, ok, err, row.want)
		}
	}
}
