package once

import (
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// answer is what a form was answered. The zero answer is one that was not kept, for there was no room for it.
type answer struct {
	Status int         `json:"status"`
	Header [][2]string `json:"header"` // names and values
	Body   []byte      `json:"body"`
}

// send answers a request with it.
func (a *answer) send(r *fasthttp.RequestCtx) error {
	if a.Status == 0 {
		return ErrUnfinished
	}
	r.Response.SetStatusCode(a.Status)
	r.Response.SetBodyRaw(a.Body)
	set := make(map[string]bool)
	for _, field := range a.Header {
		if set[field[0]] {
			r.Response.Header.Add(field[0], field[1])
		} else {
			r.Response.Header.Set(field[0], field[1])
		}
		set[field[0]] = true
	}
	return nil
}

// own are headers that belong to a connection or to the moment.
var own = []string{"Connection", "Content-Length", "Date", "Keep-Alive", "Server", "Transfer-Encoding"}

// headersOf returns the headers of the response so far.
func headersOf(r *fasthttp.RequestCtx) (all [][2]string) {
	for name, value := range r.Response.Header.All() {
		if !slices.Contains(own, string(name)) {
			all = append(all, [2]string{string(name), string(value)})
		}
	}
	return all
}

// What is kept of answers: of one, and of all in a process, within a life. A page with a captcha takes some 20 KB, and
// a redirect, which is what most forms are answered with, nothing but its headers.
const (
	largestAnswer  = 64 << 10
	roomForAnswers = 16 << 20
)

// room bounds what a process keeps of answers, in bytes.
type room struct {
	mu    sync.Mutex
	taken int
}

// answerOf returns what the request was answered since it had the headers before, or the zero answer where there is no
// room. The policy of the page's content is kept in any case: a nonce in it is the page's.
func (k *room) answerOf(r *fasthttp.RequestCtx, before [][2]string) answer {
	a := answer{Status: r.Response.StatusCode()}
	size := 512
	for _, field := range headersOf(r) {
		if field[0] == "Content-Security-Policy" || !slices.Contains(before, field) {
			a.Header = append(a.Header, field)
			size += len(field[0]) + len(field[1])
		}
	}
	if r.Response.IsBodyStream() {
		return answer{} // it can be read once
	}
	a.Body = r.Response.Body()
	if size += len(a.Body); size > largestAnswer || !k.take(size) {
		return answer{}
	}
	time.AfterFunc(life, func() { k.giveBack(size) })
	return a
}

func (k *room) take(n int) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.taken+n > roomForAnswers {
		return false
	}
	k.taken += n
	return true
}

func (k *room) giveBack(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.taken -= n
}
