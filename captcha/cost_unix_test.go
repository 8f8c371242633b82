//go:build unix

package captcha_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"syscall"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

// cost runs step for keys that are good once and are made outside of what is counted. It reports the processor time of
// one step in nanoseconds, which a busy machine lengthens less than the time that passes.
func cost[T any](b *testing.B, prepare func() T, step func(T)) {
	const batch = 256
	var spent time.Duration
	steps := 0
	ready := make([]T, batch)
	for b.Loop() {
		b.StopTimer()
		for i := range ready {
			ready[i] = prepare()
		}
		before := processorTime(b)
		b.StartTimer()
		for _, one := range ready {
			step(one)
		}
		b.StopTimer()
		spent += processorTime(b) - before
		steps += batch
		b.StartTimer()
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(steps), "cpu-ns/op")
	b.ReportMetric(0, "ns/op")
}

func processorTime(b *testing.B) time.Duration {
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		b.Fatal(err)
	}
	return time.Duration(own.Utime.Nano() + own.Stime.Nano())
}

func BenchmarkIssueAndLetters(b *testing.B) {
	guard := captcha.New(captcha.Config{})
	b.Run("issue", func(b *testing.B) {
		cost(b, func() int { return 0 }, func(int) { _ = captcha.IssueUndrawn(guard) })
	})
	b.Run("letters", func(b *testing.B) {
		cost(b, func() string {
			c, err := guard.IssueTo(context.Background(), captcha.Visitor{})
			if err != nil {
				b.Fatal(err)
			}
			return c.Key
		}, func(key string) { _ = verify(guard, key, "no") })
	})
}

// BenchmarkWorkOnTheServer is what work costs the server: to set it, to check a solution, and to refuse what was altered.
func BenchmarkWorkOnTheServer(b *testing.B) {
	guard := captcha.New(captcha.Config{Work: work.New()})
	app := newReceiptApp(guard).Handler()
	issue := func() string {
		c, err := guard.IssueTo(context.Background(), captcha.Visitor{})
		if err != nil {
			b.Fatal(err)
		}
		return c.Key
	}
	ask := func(path string) []byte {
		var c fasthttp.RequestCtx
		c.Request.SetRequestURI(path)
		app(&c)
		if c.Response.StatusCode() != 200 {
			b.Fatalf("%s: %d", path, c.Response.StatusCode())
		}
		return c.Response.Body()
	}
	b.Run("issue", func(b *testing.B) { cost(b, func() int { return 0 }, func(int) { _ = captcha.IssueUndrawn(guard) }) })
	b.Run("set", func(b *testing.B) { cost(b, issue, func(key string) { ask("/api/captcha/" + key + "/work") }) })
	b.Run("altcha", func(b *testing.B) { cost(b, func() int { return 0 }, func(int) { ask("/api/captcha/altcha") }) })
	b.Run("check", func(b *testing.B) {
		cost(b, issue, func(key string) {
			s, err := guard.WorkSubmission(key, wrongWork, captcha.Visitor{})
			if err == nil {
				err = guard.Verify(context.Background(), s)
			}
			if err != captcha.ErrWrongAnswer {
				b.Fatal(err)
			}
		})
	})
	submit := func(payload string) {
		var c fasthttp.RequestCtx
		c.Request.Header.SetMethod("POST")
		c.Request.Header.SetContentType("application/json")
		c.Request.SetRequestURI(endpoint)
		c.Request.SetBodyString(`{"altcha":"` + payload + `"}`)
		app(&c)
		if c.Response.StatusCode() != 400 {
			b.Fatal(c.Response.StatusCode())
		}
	}
	payload := func(alter bool) func() string {
		return func() string {
			var sent widgetChallenge
			if err := json.Unmarshal(ask("/api/captcha/altcha"), &sent); err != nil {
				b.Fatal(err)
			}
			if alter {
				sent.Signature = wrongWork
			}
			text, err := json.Marshal(map[string]any{
				"challenge": map[string]any{"parameters": sent.Parameters, "signature": sent.Signature},
				"solution":  map[string]any{"counter": 0, "derivedKey": wrongWork},
			})
			if err != nil {
				b.Fatal(err)
			}
			return base64.StdEncoding.EncodeToString(text)
		}
	}
	b.Run("altered widget, the whole request", func(b *testing.B) { cost(b, payload(true), submit) })
	b.Run("wrong widget, the whole request", func(b *testing.B) { cost(b, payload(false), submit) })
}
