package captcha_test

import (
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// BenchmarkCreate measures a whole request inside Fiber, without a network, and beside it a request to a route that
// returns a constant reply of the same size.
func BenchmarkCreate(b *testing.B) {
	guard := captcha.New()
	app := fiber.New()
	app.Post("/api/captcha/", guard.Create)
	reply := make([]byte, 3000)
	app.Post("/constant/", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.Send(reply)
	})
	handler := app.Handler()
	for name, path := range map[string]string{"captcha": "/api/captcha/", "constant": "/constant/"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var c fasthttp.RequestCtx
			c.Request.Header.SetMethod(fiber.MethodPost)
			c.Request.SetRequestURI(path)
			for b.Loop() {
				c.Response.Reset()
				handler(&c)
			}
			if c.Response.StatusCode() != 200 {
				b.Fatal(c.Response.StatusCode())
			}
			b.ReportMetric(float64(len(c.Response.Body())), "B/reply")
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	guard := captcha.New()
	keys := make([]string, 0, 1024)
	for b.Loop() {
		if len(keys) == 0 {
			b.StopTimer()
			for range cap(keys) {
				challenge, err := guard.IssueTo(ctx, captcha.Visitor{})
				if err != nil {
					b.Fatal(err)
				}
				keys = append(keys, challenge.Key)
			}
			b.StartTimer()
		}
		_ = verify(guard, keys[len(keys)-1], "no")
		keys = keys[:len(keys)-1]
	}
}
