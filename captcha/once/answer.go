package once

import (
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// answer is how a form was answered. The zero answer stands for one that was not kept because there was no room for it.
type answer struct {
	Status int         `json:"status"`
	Header [][2]string `json:"header"` // names and values
	Body   []byte      `json:"body"`
}

// send answers a request with a.
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

// own are the headers that belong to a connection or to a moment.
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

// largestAnswer is the size of the largest answer that is kept, in bytes: a page with a captcha takes some 20 KB.
const largestAnswer = 64 << 10

// answerOf returns the answer to a request, without the headers that were there before, or the zero answer if it is too
// large. The Content-Security-Policy is kept in any case, because its nonce must be the page's.
func answerOf(r *fasthttp.RequestCtx, before [][2]string) answer {
	a := answer{Status: r.Response.StatusCode()}
	size := 0
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
	if size+len(a.Body) > largestAnswer {
		return answer{}
	}
	return a
}

// smallAnswer is room enough for a redirect, in bytes as it is kept. Most forms that are accepted are answered with a
// redirect. Those that are refused are shown again, as pages, and anybody can get as many of them as challenges. Pages
// take at most half of the room, so that a flood of guesses leaves room for the answers to forms that were accepted.
const smallAnswer = 4 << 10

// room bounds the answers that a process keeps within a life, in bytes as they are kept.
type room struct {
	most int

	mu    sync.Mutex
	taken int
	pages int // of that
}

// take takes room for n bytes for a life, and reports whether there was enough.
func (k *room) take(n int) bool {
	page := 0
	if n > smallAnswer {
		page = n
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.taken+n > k.most || k.pages+page > k.most/2 {
		return false
	}
	k.taken += n
	k.pages += page
	time.AfterFunc(life, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.taken -= n
		k.pages -= page
	})
	return true
}
