package captcha_test

import (
	"bytes"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// A reply is written after the handler has returned, while others are being made.
func TestCreateLeavesEarlierRepliesAlone(t *testing.T) {
	guard, app := captcha.New(), fiber.New()
	create := func() *fiber.Ctx {
		request := new(fasthttp.RequestCtx)
		request.Request.Header.SetMethod(fiber.MethodPost)
		c := app.AcquireCtx(request)
		if err := guard.Create(c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	for range 10 { // the race detector makes a pool forget now and then
		first := create()
		before := bytes.Clone(first.Response().Body())
		create()
		if !bytes.Equal(first.Response().Body(), before) {
			t.Fatal("a second challenge overwrote the first one's reply")
		}
	}
}
